//! Dues: what one read batch leaves to be settled at its end: bells to ring and figures to add.

use std::sync::Arc;

use swergio_proto::Codec;

use crate::meter::Meter;
use crate::outbox::Outbox;

/// Bytes that a sender writes to its receivers' sockets in one turn, before others have theirs: a millisecond of copying.
const THROUGH: usize = 8 << 20;
/// Sockets that it writes to in one turn: a few milliseconds, where each gets little.
const WRITES: usize = 1024;

/// Collects, while messages are taken in one after another, what is done once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Dues {
    /// Outboxes that turned non-empty.
    bells: Vec<Arc<Outbox>>,
    /// Bytes and sockets written to in this turn.
    through: usize,
    writes: usize,
    received: [u64; 2],
    received_bytes: u64,
    delivered: u64,
}

impl Dues {
    /// Counts a message of so many bytes that came.
    #[inline]
    pub(crate) fn received(&mut self, codec: Codec, bytes: usize) {
        self.received[usize::from(codec == Codec::MsgPack)] += 1;
        self.received_bytes += bytes as u64;
    }

    /// Counts frames that were put into an outbox.
    pub(crate) fn delivered(&mut self, frames: usize) {
        self.delivered += frames as u64;
    }

    /// Remembers to ring the bell of `outbox`.
    pub(crate) fn bell(&mut self, outbox: &Arc<Outbox>) {
        self.bells.push(Arc::clone(outbox));
    }

    /// Takes note that others have had a turn.
    pub(crate) fn begin_turn(&mut self) {
        (self.through, self.writes) = (0, 0);
    }

    /// Writes to outboxes that are due, as much as is written in one turn, and adds the figures to those of the broker.
    /// Returns whether some are left for the next one.
    pub(crate) fn settle_some(&mut self, meter: &Meter) -> bool {
        meter.received(std::mem::take(&mut self.received), std::mem::take(&mut self.received_bytes));
        meter.delivered(std::mem::take(&mut self.delivered));
        let (mut written, mut done) = (0, 0);
        while self.through + written < THROUGH
            && self.writes + done < WRITES
            && let Some(outbox) = self.bells.get(done)
        {
            written += outbox.write_through().bytes;
            done += 1;
        }
        self.bells.drain(..done);
        self.through += written;
        self.writes += done;
        if written > 0 {
            meter.sent(written);
        }
        !self.bells.is_empty()
    }

    /// Settles all of it now: what is left is written by the receivers' own tasks.
    pub(crate) fn settle(&mut self, meter: &Meter) {
        self.settle_some(meter);
        self.bells.drain(..).for_each(|outbox| outbox.ring());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, IoSlice};

    use super::*;
    use crate::config::Metrics;
    use crate::dialect::Dialect;
    use crate::fanout::push;
    use crate::packet::Packet;
    use crate::socket::Mouth;
    use swergio_proto::{Frame, Limits, SeatId};

    /// Takes whatever it is given.
    #[derive(Debug)]
    struct Wide;

    impl Mouth for Wide {
        fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
            Ok(slices.iter().map(|slice| slice.len()).sum())
        }
    }

    /// Tells so many members a message of so many bytes.
    fn told(members: u64, bytes: usize) -> (Vec<Arc<Outbox>>, Dues) {
        let packet = Packet::seal(&Frame::json(vec![b'x'; bytes]), Dialect::WebSocketJson, &Arc::default());
        let (mut outboxes, mut dues) = (Vec::new(), Dues::default());
        for seat in 0..members {
            let outbox = Arc::new(Outbox::new(SeatId(seat), Dialect::WebSocketJson, &Limits::default()));
            outbox.writer().mouth = Some(Arc::new(Wide));
            push(&outbox, &packet, &mut dues);
            outboxes.push(outbox);
        }
        (outboxes, dues)
    }

    fn count(outboxes: &[Arc<Outbox>], what: impl Fn(&Outbox) -> bool) -> usize {
        outboxes.iter().filter(|outbox| what(outbox)).count()
    }

    #[test]
    fn who_has_much_to_write_lets_others_have_a_turn_and_goes_on() {
        for (members, bytes, left) in [(10, 1 << 20, 2), (WRITES as u64 + 5, 10, 5)] {
            let ((outboxes, mut dues), meter) = (told(members, bytes), Meter::new(Metrics::Own));
            assert!(dues.settle_some(&meter) && dues.settle_some(&meter), "it is still the same turn");
            assert_eq!(count(&outboxes, |outbox| outbox.bytes() > 0), left);
            dues.begin_turn();
            assert!(!dues.settle_some(&meter));
            assert_eq!(count(&outboxes, |outbox| outbox.bytes() > 0 || outbox.was_rung()), 0);
        }
    }

    #[test]
    fn who_leaves_wakes_those_who_were_not_written_to() {
        let ((outboxes, mut dues), meter) = (told(10, 1 << 20), Meter::new(Metrics::Own));
        dues.settle(&meter);
        assert_eq!(count(&outboxes, |outbox| outbox.bytes() > 0), 2);
        assert_eq!(count(&outboxes, Outbox::was_rung), 2);
        assert!(!dues.settle_some(&meter));
    }
}
