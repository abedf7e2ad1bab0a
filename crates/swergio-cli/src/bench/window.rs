//! Window: how many messages of one sender may be under way until every receiver has heard them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

/// Parts of a window: the sender goes on when the slowest receiver has heard one of them.
const PARTS: u64 = 4;

/// Holds a sender back, so that a broker and its receivers have as much as they can do and not more.
#[derive(Debug)]
pub(super) struct Window {
    /// Messages of one part.
    part: u64,
    receivers: usize,
    free: Semaphore,
    /// Receivers that have heard all of a part, for each of those that can be under way.
    heard: Vec<AtomicUsize>,
}

impl Window {
    /// Opens a window for so many messages, at least 1; below 4 it is as many parts of one message each.
    pub(super) fn open(messages: u64, receivers: usize) -> Arc<Self> {
        let parts = messages.clamp(1, PARTS);
        let heard = (0..parts).map(|_| AtomicUsize::new(0)).collect();
        let free = Semaphore::new(usize::try_from(parts).unwrap_or(1));
        Arc::new(Self { part: (messages / parts).max(1), receivers, free, heard })
    }

    /// Waits until a part is free, and returns how many messages it holds.
    pub(super) async fn next_part(&self) -> u64 {
        let permit = self.free.acquire().await.expect("a window is never closed");
        permit.forget();
        self.part
    }

    /// Takes note that one receiver, which had heard `before` messages, has heard `now`.
    pub(super) fn hear(&self, before: u64, now: u64) {
        for part in before / self.part..now / self.part {
            let slot = &self.heard[(part % self.heard.len() as u64) as usize];
            if slot.fetch_add(1, Ordering::AcqRel) + 1 == self.receivers {
                slot.store(0, Ordering::Release);
                self.free.add_permits(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::at_once;

    async fn parts_free(window: &Window) -> Vec<u64> {
        let mut parts = Vec::new();
        while let Some(part) = at_once(window.next_part()).await {
            parts.push(part);
        }
        parts
    }

    #[tokio::test]
    async fn a_sender_waits_for_the_slowest() {
        let window = Window::open(8, 2);
        assert_eq!(parts_free(&window).await, [2, 2, 2, 2]);
        window.hear(0, 5);
        assert_eq!(parts_free(&window).await, [0; 0], "one of two has heard");
        window.hear(0, 1);
        window.hear(1, 3);
        assert_eq!(parts_free(&window).await, [2], "both have heard the first part");
        window.hear(3, 6);
        window.hear(5, 6);
        assert_eq!(parts_free(&window).await, [2, 2]);
    }

    #[tokio::test]
    async fn a_window_of_one_is_one_message_at_a_time() {
        let window = Window::open(1, 3);
        assert_eq!(parts_free(&window).await, [1]);
        window.hear(0, 1);
        window.hear(0, 1);
        assert_eq!(parts_free(&window).await, [0; 0]);
        window.hear(0, 1);
        assert_eq!(parts_free(&window).await, [1]);
    }
}
