//! Packet: a frame with its transport's header before it, encoded once for all its recipients.

use std::io::IoSlice;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use swergio_proto::{Codec, Frame};

/// Bytes that any transport's header may take, so that a spliced frame can be built behind room for it.
pub(crate) const HEADROOM: usize = 32;
/// Payloads up to this size are copied behind their header; larger ones are written from where they are.
const COPIED: usize = 4096;

/// Names what a connection speaks: which framing, and which codec inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// WebSocket, text frames.
    WebSocketJson,
    /// WebSocket, binary frames.
    WebSocketMsgPack,
    /// Upstream's length-prefixed JSON, with headers of so many characters.
    Tcp { header: u8 },
}

impl Dialect {
    /// Counts the dialects, for a table with a place for each.
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn web_socket(codec: Codec) -> Self {
        match codec {
            Codec::Json => Self::WebSocketJson,
            Codec::MsgPack => Self::WebSocketMsgPack,
        }
    }

    pub(crate) fn codec(self) -> Codec {
        match self {
            Self::WebSocketMsgPack => Codec::MsgPack,
            _ => Codec::Json,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::WebSocketJson => 0,
            Self::WebSocketMsgPack => 1,
            Self::Tcp { .. } => 2,
        }
    }

    /// Tells whether the connection understands the kinds that upstream does not have.
    pub(crate) fn takes_notices(self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }

    /// Writes the header of a payload of `len` bytes to the end of `room`, and returns how long it is.
    fn write_header(self, len: usize, room: &mut [u8]) -> usize {
        let header = match self {
            Self::WebSocketJson => ws_header(0x81, len),
            Self::WebSocketMsgPack => ws_header(0x82, len),
            Self::Tcp { header } => tcp_header(usize::from(header), len),
        };
        let start = room.len() - header.len;
        room[start..].copy_from_slice(&header.bytes[..header.len]);
        header.len
    }
}

/// Holds one message as it goes over the wire, shared by the outboxes that it waits in.
#[derive(Debug)]
pub(crate) struct Packet {
    head: Bytes,
    body: Bytes,
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
    /// Puts the header of `dialect` before a frame.
    pub(crate) fn seal(frame: &Frame, dialect: Dialect, ledger: &Arc<Ledger>) -> Arc<Self> {
        let payload = frame.bytes();
        let copied = if payload.len() <= COPIED { payload.len() } else { 0 };
        let mut room = Vec::with_capacity(HEADROOM + copied);
        room.resize(HEADROOM, 0);
        let header = dialect.write_header(payload.len(), &mut room);
        room.extend_from_slice(&payload[..copied]);
        let head = Bytes::from(room).slice(HEADROOM - header..);
        Self::new(head, if copied == 0 { payload.clone() } else { Bytes::new() }, ledger)
    }

    /// Puts the header of `dialect` into the room that `buffer` leaves before the payload, and shares both.
    pub(crate) fn build(mut buffer: Vec<u8>, dialect: Dialect, ledger: &Arc<Ledger>) -> (Frame, Arc<Self>) {
        let len = buffer.len() - HEADROOM;
        let header = dialect.write_header(len, &mut buffer[..HEADROOM]);
        let whole = Bytes::from(buffer);
        let frame = Frame::new(dialect.codec(), whole.slice(HEADROOM..));
        (frame, Self::new(whole.slice(HEADROOM - header..), Bytes::new(), ledger))
    }

    /// Puts frames that are told together behind one another, each with its header: they wait as one.
    pub(crate) fn train(
        frames: impl Iterator<Item = Frame>,
        dialect: Dialect,
        ledger: &Arc<Ledger>,
    ) -> Arc<Self> {
        let (mut wire, mut room) = (Vec::new(), [0; HEADROOM]);
        for frame in frames {
            let header = dialect.write_header(frame.len(), &mut room);
            wire.extend_from_slice(&room[HEADROOM - header..]);
            wire.extend_from_slice(frame.bytes());
        }
        Self::verbatim(wire.into(), ledger)
    }

    /// Takes bytes that have their header already.
    pub(crate) fn verbatim(wire: Bytes, ledger: &Arc<Ledger>) -> Arc<Self> {
        Self::new(wire, Bytes::new(), ledger)
    }

    fn new(head: Bytes, body: Bytes, ledger: &Arc<Ledger>) -> Arc<Self> {
        let packet = Self { head, body, ledger: Arc::clone(ledger) };
        ledger.0.fetch_add(packet.len(), Ordering::Relaxed);
        Arc::new(packet)
    }

    pub(crate) fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Appends what is left of the packet after `written` bytes to `slices`.
    pub(crate) fn slices<'p>(&'p self, written: usize, slices: &mut Vec<IoSlice<'p>>) {
        let head = &self.head[written.min(self.head.len())..];
        let body = &self.body[written.saturating_sub(self.head.len())..];
        slices.extend([head, body].into_iter().filter(|part| !part.is_empty()).map(IoSlice::new));
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        self.ledger.0.fetch_sub(self.len(), Ordering::Relaxed);
    }
}

struct Header {
    bytes: [u8; HEADROOM],
    len: usize,
}

/// Writes the header of an unmasked final frame (RFC 6455, section 5.2).
fn ws_header(first: u8, len: usize) -> Header {
    let mut bytes = [0; HEADROOM];
    bytes[0] = first;
    let len = match len {
        0..=125 => {
            bytes[1] = len as u8;
            2
        }
        126..=0xffff => {
            bytes[1] = 126;
            bytes[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        _ => {
            bytes[1] = 127;
            bytes[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    };
    Header { bytes, len }
}

/// Writes the decimal length, left-aligned, padded with blanks to `width`, as upstream does.
///
/// A length with more digits than `width` cannot be told to the receiver; such frames are not handed out.
fn tcp_header(width: usize, len: usize) -> Header {
    let mut bytes = [b' '; HEADROOM];
    let digits = len.to_string();
    bytes[..digits.len().min(HEADROOM)].copy_from_slice(&digits.as_bytes()[..digits.len().min(HEADROOM)]);
    Header { bytes, len: width }
}

/// Tells whether a payload's length fits into a header of `width` characters.
pub(crate) fn fits(width: u8, len: usize) -> bool {
    len.to_string().len() <= usize::from(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(packet: &Packet) -> Vec<u8> {
        let mut slices = Vec::new();
        packet.slices(0, &mut slices);
        slices.iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn a_header_of_each_length_is_written_as_the_rfc_says() {
        let ledger = Arc::default();
        for (len, header) in [
            (1, vec![0x81, 1]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = Frame::json(vec![b'x'; len]);
            let packet = Packet::seal(&frame, Dialect::WebSocketJson, &ledger);
            assert_eq!(wire(&packet), [header, vec![b'x'; len]].concat());
        }
    }

    #[test]
    fn upstreams_header_is_padded_on_the_right() {
        let packet = Packet::seal(&Frame::json("{}"), Dialect::Tcp { header: 10 }, &Arc::default());
        assert_eq!(wire(&packet), b"2         {}");
        assert!(fits(4, 9999) && !fits(4, 10_000));
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
        let packet = Packet::seal(&Frame::json(vec![b'x'; 5000]), Dialect::WebSocketJson, &ledger);
        let shared = Arc::clone(&packet);
        drop(packet);
        assert_eq!(ledger.bytes(), 5004);
        drop(shared);
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn a_half_written_packet_goes_on_where_it_stopped() {
        let packet = Packet::seal(&Frame::json(vec![b'x'; 5000]), Dialect::WebSocketJson, &Arc::default());
        for written in [0, 1, 4, 5, 5003] {
            let mut slices = Vec::new();
            packet.slices(written, &mut slices);
            assert_eq!(slices.iter().map(|slice| slice.len()).sum::<usize>(), 5004 - written);
        }
    }
}
