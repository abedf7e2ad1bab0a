//! Batch: how much one connection takes in before its receivers are told, and how often before others have a turn.

use swergio_proto::Limits;

/// Messages at most: as many small ones as one read brings.
const ARRIVALS: usize = 2048;
/// Messages in any case, however few an outbox holds.
const LEAST: usize = 128;
/// Full batches before others have a turn. It is not given after each: where a runtime of several threads serves,
/// another one takes the connection over then, to whose processor nothing is near.
const TURN: usize = 8;
/// Bytes of messages after which a batch ends too: far less than an outbox holds, or a burst of large messages
/// would fill the outbox of a reader that was never woken.
pub(crate) const BYTES: usize = 256 << 10;

/// Counts what was taken in since the receivers were told.
#[derive(Debug)]
pub(crate) struct Batch {
    arrivals: usize,
    bytes: usize,
    most: usize,
    /// Full batches since others had a turn.
    full: usize,
}

impl Batch {
    /// Begins with nothing. A batch fills half an outbox at most, or a burst would close those who read in time.
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = (limits.outbox_frames / 2).clamp(LEAST, ARRIVALS);
        Self { arrivals: 0, bytes: 0, most, full: 0 }
    }

    /// Counts something that came, with so many bytes of a message.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.arrivals += 1;
        self.bytes += bytes;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.arrivals >= self.most || self.bytes >= BYTES
    }

    /// Takes note that others have had a turn.
    pub(crate) fn begin_turn(&mut self) {
        self.full = 0;
    }

    /// Tells whether it is others' turn.
    pub(crate) fn ends_turn(&self) -> bool {
        self.full >= TURN
    }

    /// Begins anew. Returns whether anything came.
    pub(crate) fn end(&mut self) -> bool {
        self.full += usize::from(self.is_full());
        self.bytes = 0;
        std::mem::take(&mut self.arrivals) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(outbox_frames: usize, bytes: usize) -> usize {
        let mut batch = Batch::new(&Limits { outbox_frames, ..Limits::default() });
        let full = (1..).find(|_| {
            batch.count(bytes);
            batch.is_full()
        });
        assert!(batch.end() && !batch.end());
        full.unwrap()
    }

    #[test]
    fn others_have_a_turn_after_some_full_batches() {
        let mut batch = Batch::new(&Limits::default());
        for _ in 0..TURN {
            assert!(!batch.ends_turn());
            batch.count(10);
            batch.end();
            batch.count(BYTES);
            batch.end();
        }
        assert!(batch.ends_turn());
        batch.begin_turn();
        assert!(!batch.ends_turn());
    }

    #[test]
    fn a_batch_ends_with_its_messages_its_bytes_or_half_of_an_outbox() {
        assert_eq!(filled(65_536, 100), 2048);
        assert_eq!(filled(65_536, 100_000), 3);
        assert_eq!(filled(600, 100), 300);
        assert_eq!(filled(8, 100), 128);
    }
}
