//! Batch: how much one connection takes in before its receivers are told and other connections have a turn.

use swergio_proto::Limits;

/// Messages at most: as many small ones as one read brings.
const ARRIVALS: usize = 2048;
/// Messages in any case, however few an outbox holds.
const LEAST: usize = 128;
/// Bytes of messages after which a batch ends too: far less than an outbox holds, or a burst of large messages
/// would fill the outbox of a reader that was never woken.
pub(crate) const BYTES: usize = 256 << 10;

/// Counts what was taken in since the receivers were told.
#[derive(Debug)]
pub(crate) struct Batch {
    arrivals: usize,
    bytes: usize,
    most: usize,
}

impl Batch {
    /// Begins with nothing. A batch fills half an outbox at most, or a burst would close those who read in time.
    pub(crate) fn new(limits: &Limits) -> Self {
        let most = (limits.outbox_frames / 2).clamp(LEAST, ARRIVALS);
        Self { arrivals: 0, bytes: 0, most }
    }

    /// Counts something that came, with so many bytes of a message.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.arrivals += 1;
        self.bytes += bytes;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.arrivals >= self.most || self.bytes >= BYTES
    }

    /// Begins anew. Returns whether anything came.
    pub(crate) fn end(&mut self) -> bool {
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
    fn a_batch_ends_with_its_messages_its_bytes_or_half_of_an_outbox() {
        assert_eq!(filled(65_536, 100), 2048);
        assert_eq!(filled(65_536, 100_000), 3);
        assert_eq!(filled(600, 100), 300);
        assert_eq!(filled(8, 100), 128);
    }
}
