//! Writer: the packets that are on their way into one socket, in vectored writes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;

use crate::packet::{Packet, Slices};
use crate::socket::Mouth;

/// Answers to pings that may wait; of more, the latest stands for all (RFC 6455, section 5.5.3).
const URGENT: usize = 16;

/// Writes packets in order; what the framing itself says goes between two of them, as soon as it can.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) queue: VecDeque<Arc<Packet>>,
    urgent: VecDeque<Arc<Packet>>,
    /// Bytes of the first packet that are written already: of `urgent` if `amid_urgent`, else of `queue`.
    written: usize,
    amid_urgent: bool,
    blocked: bool,
    /// Where others than the connection's own task may write.
    pub(crate) mouth: Option<Arc<dyn Mouth>>,
}

/// Counts what went out: frames of the queue, the bytes of their packets, and all bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) frames: usize,
    pub(crate) packet_bytes: usize,
    pub(crate) bytes: usize,
    /// Whether the socket took bytes after it would not: the peer reads.
    pub(crate) unblocked: bool,
}

impl Writer {
    /// Lets a packet of the framing's own overtake the queue.
    pub(crate) fn interject(&mut self, packet: Arc<Packet>) {
        if self.urgent.len() >= URGENT {
            self.urgent.pop_back();
        }
        self.urgent.push_back(packet);
    }

    /// Drops what waits but for the rest of a packet that has begun, and counts what it drops.
    pub(crate) fn cut_short(&mut self) -> Sent {
        let begun = usize::from(self.written > 0 && !self.amid_urgent);
        let dropped = self.queue.split_off(begun.min(self.queue.len()));
        let packet_bytes = dropped.iter().map(|packet| packet.len()).sum();
        let frames = dropped.iter().map(|packet| packet.frames()).sum();
        Sent { frames, packet_bytes, ..Sent::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.urgent.is_empty()
    }

    /// Writes until nothing is left, adding up in `sent` what went out.
    pub(crate) fn poll_write<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
        sent: &mut Sent,
    ) -> Poll<io::Result<()>> {
        while !self.is_empty() {
            let written = match self.lone() {
                Some(bytes) => Pin::new(&mut *io).poll_write(cx, bytes),
                None => {
                    let mut slices = Slices::new();
                    self.gather(&mut slices);
                    Pin::new(&mut *io).poll_write_vectored(cx, &slices)
                }
            };
            let was_blocked = std::mem::replace(&mut self.blocked, written.is_pending());
            let wrote = ready!(written)?;
            sent.unblocked |= was_blocked;
            self.advance(wrote, sent)?;
        }
        Pin::new(io).poll_flush(cx)
    }

    /// Writes from somebody else's task what the socket takes at once, adding up in `sent` what went out.
    ///
    /// Where that is not all, for whatever reason, the connection's own task will find out why.
    pub(crate) fn write_through(&mut self, sent: &mut Sent) {
        let Some(mouth) = self.mouth.take() else { return };
        while !self.is_empty() {
            let written = match self.lone() {
                Some(bytes) => mouth.try_write(&[IoSlice::new(bytes)]),
                None => {
                    let mut slices = Slices::new();
                    self.gather(&mut slices);
                    mouth.try_write(&slices)
                }
            };
            if written.and_then(|wrote| self.advance(wrote, sent)).is_err() {
                break;
            }
        }
        self.mouth = Some(mouth);
    }

    /// Returns what is left of the one packet that there is, if that is one piece: most often it is so.
    fn lone(&self) -> Option<&[u8]> {
        let packet = self.queue.front().filter(|_| self.queue.len() == 1 && self.urgent.is_empty())?;
        packet.piece(self.written)
    }

    /// Chooses what goes next: the rest of what has begun, then what is urgent, then the queue.
    fn gather<'w>(&'w self, slices: &mut Slices<'w>) {
        if self.urgent_next() {
            self.urgent[0].slices(self.written, slices);
            return;
        }
        let most = if self.urgent.is_empty() { self.queue.len() } else { 1 };
        let mut written = self.written;
        for packet in self.queue.iter().take(most) {
            if !slices.has_room() {
                break;
            }
            packet.slices(written, slices);
            written = 0;
        }
    }

    fn urgent_next(&self) -> bool {
        !self.urgent.is_empty() && (self.amid_urgent || self.written == 0)
    }

    fn advance(&mut self, wrote: usize, sent: &mut Sent) -> io::Result<()> {
        if wrote == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
        sent.bytes += wrote;
        self.amid_urgent = self.urgent_next();
        self.written += wrote;
        let queue = if self.amid_urgent { &mut self.urgent } else { &mut self.queue };
        while let Some(packet) = queue.front()
            && packet.len() <= self.written
        {
            self.written -= packet.len();
            if !self.amid_urgent {
                sent.frames += packet.frames();
                sent.packet_bytes += packet.len();
            }
            queue.pop_front();
        }
        self.amid_urgent &= self.written > 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Ledger;
    use bytes::Bytes;
    use std::task::Waker;

    /// Takes `room` bytes at a time, and then is not ready once.
    struct Narrow {
        room: usize,
        blocked: bool,
        got: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.blocked = !self.blocked;
            if self.blocked {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let took = bytes.len().min(self.room);
            self.got.extend_from_slice(&bytes[..took]);
            Poll::Ready(Ok(took))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn packet(text: &'static str) -> Arc<Packet> {
        Packet::verbatim(Bytes::from_static(text.as_bytes()), &Arc::new(Ledger::default()))
    }

    fn write_all(writer: &mut Writer, io: &mut Narrow, sent: &mut Sent) {
        let mut cx = Context::from_waker(Waker::noop());
        while writer.poll_write(io, &mut cx, sent).is_pending() {}
    }

    #[test]
    fn packets_leave_whole_and_in_order_however_narrow_the_socket() {
        for room in 1..8 {
            let mut io = Narrow { room, blocked: true, got: Vec::new() };
            let (mut writer, mut sent) = (Writer::default(), Sent::default());
            writer.queue.extend([packet("one,"), packet("two,"), packet("three")]);
            write_all(&mut writer, &mut io, &mut sent);
            assert_eq!(String::from_utf8_lossy(&io.got), "one,two,three");
            assert_eq!((sent.frames, sent.packet_bytes, sent.bytes), (3, 13, 13));
        }
    }

    #[test]
    fn what_is_urgent_goes_between_packets_never_into_one() {
        let mut io = Narrow { room: 2, blocked: true, got: Vec::new() };
        let (mut writer, mut sent) = (Writer::default(), Sent::default());
        let mut cx = Context::from_waker(Waker::noop());
        writer.queue.extend([packet("aaaa"), packet("bbbb")]);
        let _ = writer.poll_write(&mut io, &mut cx, &mut sent);
        writer.interject(packet("PONG"));
        write_all(&mut writer, &mut io, &mut sent);
        assert_eq!(String::from_utf8_lossy(&io.got), "aaaaPONGbbbb");
        assert_eq!((sent.frames, sent.packet_bytes, sent.bytes), (2, 8, 12));
    }

    #[test]
    fn cutting_short_finishes_the_packet_that_has_begun() {
        let mut io = Narrow { room: 2, blocked: true, got: Vec::new() };
        let (mut writer, mut sent) = (Writer::default(), Sent::default());
        let mut cx = Context::from_waker(Waker::noop());
        writer.queue.extend([packet("aaaa"), packet("bbbb"), packet("cccc")]);
        let _ = writer.poll_write(&mut io, &mut cx, &mut sent);
        assert_eq!(writer.cut_short().frames, 2);
        write_all(&mut writer, &mut io, &mut sent);
        assert_eq!(String::from_utf8_lossy(&io.got), "aaaa");
    }

    #[test]
    fn a_flood_of_pings_is_answered_by_the_latest() {
        let mut writer = Writer::default();
        for _ in 0..1000 {
            writer.interject(packet("PONG"));
        }
        assert_eq!(writer.urgent.len(), URGENT);
    }
}
