//! Spares: the memory of large messages that everybody has heard, kept for a moment for the next ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::sleep;

/// Bytes of a message from which on its memory is worth keeping: the system hands out memory of this size page by page,
/// each filled with zeros first, which can take as long as copying the message does.
pub(crate) const LEAST: usize = 256 << 10;
/// Messages at most whose memory is kept: each is looked at when memory is wanted.
const COUNT: usize = 64;
/// How long memory is kept that nobody needs; at most twice that.
const KEPT: Duration = Duration::from_secs(1);

/// Keeps memory of large messages, some of which may still be on their way.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    most: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    spares: Vec<Spare>,
    bytes: usize,
    /// Whether somebody looks after what is kept for too long.
    watched: bool,
}

#[derive(Debug)]
struct Spare {
    memory: Bytes,
    /// Whether nobody has needed it since the last look.
    idle: bool,
}

impl Spares {
    /// Begins with nothing, and keeps `most` bytes at most.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// Returns an empty buffer with room for `len` bytes: memory that was kept, if some fits, and else new.
    pub(crate) fn take(&self, len: usize) -> BytesMut {
        let fits = |spare: &Spare| {
            let size = spare.memory.len();
            (len..=len + len / 4).contains(&size) && spare.memory.is_unique()
        };
        let spare = if len < LEAST { None } else { self.lock().remove(fits) };
        match spare.map(Bytes::try_into_mut) {
            // What it was cut from may be larger than the message that it held last.
            Some(Ok(mut memory)) if memory.capacity() <= len + len / 4 => {
                memory.clear();
                memory
            }
            _ => BytesMut::with_capacity(len),
        }
    }

    /// Keeps the memory of a message that may still be on its way. What is not needed again is let go after a moment.
    pub(crate) fn keep(self: &Arc<Self>, memory: &Bytes) {
        if memory.len() < LEAST {
            return;
        }
        let mut kept = self.lock();
        if kept.bytes + memory.len() > self.most || kept.spares.len() >= COUNT {
            return;
        }
        kept.bytes += memory.len();
        kept.spares.push(Spare { memory: memory.clone(), idle: false });
        if !std::mem::replace(&mut kept.watched, true) {
            let spares = Arc::clone(self);
            tokio::spawn(async move {
                while !spares.let_go() {
                    sleep(KEPT).await;
                }
            });
        }
    }

    /// Lets go of what nobody has needed since the last time, and tells whether nothing is left.
    fn let_go(&self) -> bool {
        let mut kept = self.lock();
        while kept.remove(|spare| spare.idle).is_some() {}
        kept.spares.iter_mut().for_each(|spare| spare.idle = true);
        kept.watched = !kept.spares.is_empty();
        !kept.watched
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Takes out the first spare that is `wanted`.
    fn remove(&mut self, wanted: impl Fn(&Spare) -> bool) -> Option<Bytes> {
        let place = self.spares.iter().position(wanted)?;
        let memory = self.spares.swap_remove(place).memory;
        self.bytes -= memory.len();
        Some(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(len: usize) -> Bytes {
        BytesMut::zeroed(len).freeze()
    }

    #[tokio::test(start_paused = true)]
    async fn the_memory_of_a_message_that_all_have_heard_is_used_again() {
        let (spares, heard) = (Arc::new(Spares::new(3 * LEAST)), message(LEAST + 100));
        let (place, waiting) = (heard.as_ptr(), heard.slice(10..));
        spares.keep(&heard);
        drop(heard);
        assert_ne!(spares.take(LEAST).as_ptr(), place, "somebody has not heard it");
        drop(waiting);
        assert_ne!(spares.take(LEAST + 101).as_ptr(), place, "it is too small");
        assert_ne!(spares.take(LEAST / 2).as_ptr(), place, "it is too large");
        let taken = spares.take(LEAST);
        assert!(taken.as_ptr() == place && taken.is_empty() && taken.capacity() >= LEAST);
    }

    #[tokio::test(start_paused = true)]
    async fn ever_smaller_messages_do_not_hold_the_memory_of_the_first() {
        let spares = Arc::new(Spares::new(100 * LEAST));
        let mut len = 16 * LEAST;
        let mut memory = spares.take(len);
        while len > LEAST {
            memory.resize(len, 0);
            assert!(memory.capacity() <= len + len / 4, "{len}");
            spares.keep(&memory.freeze());
            len -= len / 6;
            memory = spares.take(len);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_kept_than_may_be_and_not_for_long() {
        let spares = Arc::new(Spares::new(3 * LEAST));
        for _ in 0..4 {
            spares.keep(&message(LEAST));
        }
        spares.keep(&message(LEAST - 1));
        assert_eq!(spares.lock().bytes, 3 * LEAST);
        sleep(3 * KEPT).await;
        assert!(!spares.lock().watched);
        assert_eq!(spares.lock().bytes, 0);
        spares.keep(&message(LEAST));
        assert!(spares.lock().watched);
    }
}
