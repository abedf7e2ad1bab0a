//! Packet: frames with their transport's headers before them, encoded once for all their recipients.

use std::io::IoSlice;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use swergio_proto::{Frame, Seam};

use crate::dialect::{Dialect, HEADROOM};

/// Payloads up to this size are copied behind their header; larger ones are written from where they are.
pub(crate) const COPIED: usize = 16 << 10;

/// Holds a frame, or a run of them, as it goes over the wire, shared by the outboxes that it waits in.
#[derive(Debug)]
pub(crate) struct Packet {
    head: Bytes,
    body: Bytes,
    tail: Bytes,
    frames: usize,
    ledger: Arc<Ledger>,
}

/// Counts the bytes that wait in all outboxes together, each packet once.
#[derive(Debug, Default)]
pub(crate) struct Ledger(AtomicUsize);

impl Ledger {
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Packet {
    /// Counts the slices that a packet takes at most.
    pub(crate) const PARTS: usize = 3;

    /// Puts the header of `dialect` before a frame.
    pub(crate) fn seal(frame: &Frame, dialect: Dialect, ledger: &Arc<Ledger>) -> Arc<Self> {
        let payload = frame.bytes();
        let copied = if payload.len() <= COPIED { payload.len() } else { 0 };
        let header = dialect.header(payload.len());
        let mut head = Vec::with_capacity(header.bytes().len() + copied);
        head.extend_from_slice(header.bytes());
        head.extend_from_slice(&payload[..copied]);
        let body = if copied == 0 { payload.clone() } else { Bytes::new() };
        Self::new([head.into(), body, Bytes::new()], 1, ledger)
    }

    /// Puts SENT_BY into a large frame and a header before it, without copying what stays the same: that of `dialect`,
    /// or of the one that can say so much, which is returned.
    pub(crate) fn signed(
        frame: &Frame,
        name: &str,
        dialect: Dialect,
        ledger: &Arc<Ledger>,
    ) -> (Dialect, Arc<Self>) {
        let (seam, mut before, mut after) = (Seam::of(frame), Vec::new(), Vec::new());
        seam.write_before(&mut before);
        seam.write_after(name, &mut after);
        let body = frame.bytes().slice(seam.kept());
        let len = before.len() + body.len() + after.len();
        let dialect = dialect.for_payload(len);
        let head = [dialect.header(len).bytes(), &before].concat();
        (dialect, Self::new([head.into(), body, after.into()], 1, ledger))
    }

    /// Puts the header of `dialect` into the room that `buffer` leaves before the payload, and shares both.
    pub(crate) fn build(mut buffer: Vec<u8>, dialect: Dialect, ledger: &Arc<Ledger>) -> (Frame, Arc<Self>) {
        let header = dialect.header(buffer.len() - HEADROOM);
        let start = HEADROOM - header.bytes().len();
        buffer[start..HEADROOM].copy_from_slice(header.bytes());
        let whole = Bytes::from(buffer);
        let frame = Frame::new(dialect.codec(), whole.slice(HEADROOM..));
        (frame, Self::new([whole.slice(start..), Bytes::new(), Bytes::new()], 1, ledger))
    }

    /// Puts frames that are told together behind one another, each with its header: they wait as one.
    pub(crate) fn train(
        frames: impl Iterator<Item = Frame>,
        dialect: Dialect,
        ledger: &Arc<Ledger>,
    ) -> Arc<Self> {
        let mut wire = Vec::new();
        for frame in frames {
            wire.extend_from_slice(dialect.header(frame.len()).bytes());
            wire.extend_from_slice(frame.bytes());
        }
        Self::verbatim(wire.into(), ledger)
    }

    /// Takes one frame that has its header already.
    pub(crate) fn verbatim(wire: Bytes, ledger: &Arc<Ledger>) -> Arc<Self> {
        Self::run(wire, 1, ledger)
    }

    /// Takes so many frames that have their headers already.
    pub(crate) fn run(wire: Bytes, frames: usize, ledger: &Arc<Ledger>) -> Arc<Self> {
        Self::new([wire, Bytes::new(), Bytes::new()], frames, ledger)
    }

    fn new([head, body, tail]: [Bytes; 3], frames: usize, ledger: &Arc<Ledger>) -> Arc<Self> {
        let packet = Self { head, body, tail, frames, ledger: Arc::clone(ledger) };
        ledger.0.fetch_add(packet.len(), Ordering::Relaxed);
        Arc::new(packet)
    }

    /// Counts the bytes, headers included.
    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.body.len() + self.tail.len()
    }

    /// Counts the frames.
    pub(crate) fn frames(&self) -> usize {
        self.frames
    }

    /// Returns what is left of the packet after `written` bytes, if it is one piece.
    #[inline]
    pub(crate) fn piece(&self, written: usize) -> Option<&[u8]> {
        self.head.get(written..).filter(|_| self.body.is_empty() && self.tail.is_empty())
    }

    /// Appends what is left of the packet after `written` bytes to `slices`.
    pub(crate) fn slices<'p>(&'p self, written: usize, slices: &mut Slices<'p>) {
        let mut written = written;
        for part in [&self.head, &self.body, &self.tail] {
            let left = &part[written.min(part.len())..];
            written = written.saturating_sub(part.len());
            if !left.is_empty() {
                slices.push(left);
            }
        }
    }
}

/// Counts the slices that are handed to one write at most.
const SLICES: usize = 64;

/// Holds what is handed to one write, without allocating.
#[derive(Debug)]
pub(crate) struct Slices<'p> {
    slices: [IoSlice<'p>; SLICES],
    len: usize,
}

impl<'p> Slices<'p> {
    pub(crate) fn new() -> Self {
        Self { slices: [IoSlice::new(&[]); SLICES], len: 0 }
    }

    /// Tells whether there is room for another packet.
    pub(crate) fn has_room(&self) -> bool {
        self.len + Packet::PARTS <= SLICES
    }

    fn push(&mut self, bytes: &'p [u8]) {
        self.slices[self.len] = IoSlice::new(bytes);
        self.len += 1;
    }
}

impl<'p> Deref for Slices<'p> {
    type Target = [IoSlice<'p>];

    fn deref(&self) -> &[IoSlice<'p>] {
        &self.slices[..self.len]
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        self.ledger.0.fetch_sub(self.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::{Codec, splice_sent_by, transcode};

    fn wire(packet: &Packet) -> Vec<u8> {
        let mut slices = Slices::new();
        packet.slices(0, &mut slices);
        slices.iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn a_frame_follows_its_header_whether_it_is_copied_or_not() {
        for (len, header) in [(1, vec![0x81, 1]), (20_000, vec![0x81, 126, 0x4e, 0x20])] {
            let frame = Frame::json(vec![b'x'; len]);
            let packet = Packet::seal(&frame, Dialect::WebSocketJson, &Arc::default());
            assert_eq!(wire(&packet), [header, vec![b'x'; len]].concat());
        }
    }

    #[test]
    fn a_large_frame_is_signed_around_what_it_keeps() {
        let text = "x".repeat(20_000);
        let json = Frame::json(format!(r#" {{"a":"{text}"}} "#));
        let frames = [transcode(&json, Codec::MsgPack, 9).unwrap(), json];
        for frame in &frames {
            let mut spliced = Vec::new();
            splice_sent_by(frame, "ada", &mut spliced);
            let whole = Frame::new(frame.codec(), spliced);
            let dialect = Dialect::web_socket(frame.codec());
            let (_, packet) = Packet::signed(frame, "ada", dialect, &Arc::default());
            let sealed = Packet::seal(&whole, dialect, &Arc::default());
            assert_eq!((wire(&packet), packet.len()), (wire(&sealed), sealed.len()));
            for written in [0, 3, 4, 5, packet.len() - 20, packet.len() - 1] {
                let mut slices = Slices::new();
                packet.slices(written, &mut slices);
                let left: Vec<u8> = slices.iter().flat_map(|slice| slice.to_vec()).collect();
                assert_eq!(left, wire(&sealed)[written..]);
            }
        }
    }

    #[test]
    fn frames_of_a_train_have_a_header_each() {
        let frames = ["{}", "[1]"].map(Frame::json).into_iter();
        let train = Packet::train(frames, Dialect::WebSocketJson, &Arc::default());
        assert_eq!(wire(&train), b"\x81\x02{}\x81\x03[1]");
    }

    #[test]
    fn a_spliced_frame_is_built_behind_its_header() {
        let buffer = [vec![0; HEADROOM], b"{}".to_vec()].concat();
        let (frame, packet) = Packet::build(buffer, Dialect::WebSocketJson, &Arc::default());
        assert_eq!(frame.bytes().as_ref(), b"{}");
        assert_eq!(wire(&packet), b"\x81\x02{}");
    }

    #[test]
    fn the_ledger_counts_a_shared_packet_once_and_until_the_last_reader_has_it() {
        let ledger = Arc::new(Ledger::default());
        let packet = Packet::seal(&Frame::json(vec![b'x'; 20_000]), Dialect::WebSocketJson, &ledger);
        let shared = Arc::clone(&packet);
        drop(packet);
        assert_eq!(ledger.bytes(), 20_004);
        drop(shared);
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn a_half_written_packet_goes_on_where_it_stopped() {
        let packet = Packet::seal(&Frame::json(vec![b'x'; 20_000]), Dialect::WebSocketJson, &Arc::default());
        for written in [0, 1, 4, 5, 20_003] {
            let mut slices = Slices::new();
            packet.slices(written, &mut slices);
            assert_eq!(slices.iter().map(|slice| slice.len()).sum::<usize>(), 20_004 - written);
        }
    }
}
