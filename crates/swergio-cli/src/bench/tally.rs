//! Tally: what all receivers of a run have heard, together.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use swergio_client::{Message, Messages};

use super::latency::{Latencies, Percentiles};
use super::mark::{Epoch, Mark};
use super::sequence::Sequence;
use super::window::Window;
use crate::broker::at_once;

/// Messages that a listener takes before it tells the others.
const BATCH: usize = 256;

/// Counts what was heard, by everybody.
#[derive(Debug)]
pub(super) struct Tally {
    heard: AtomicU64,
    out_of_order: AtomicU64,
    /// When the last message was heard, in nanoseconds of the epoch.
    last: AtomicU64,
    latencies: Mutex<Latencies>,
}

/// Listens as one member to one lane.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) messages: Messages,
    pub(super) epoch: Epoch,
    pub(super) run: u16,
    pub(super) lane: u16,
    pub(super) window: Arc<Window>,
    pub(super) tally: Arc<Tally>,
    pub(super) sequence: Sequence,
    pub(super) taken: Vec<Duration>,
}

impl Tally {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            heard: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
            last: AtomicU64::new(0),
            latencies: Mutex::new(Latencies::new()),
        })
    }

    /// Counts the messages that receivers have heard, each once a receiver.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    pub(super) fn out_of_order(&self) -> u64 {
        self.out_of_order.load(Ordering::Relaxed)
    }

    /// Returns when the last message was heard.
    pub(super) fn last(&self) -> Duration {
        Duration::from_nanos(self.last.load(Ordering::Relaxed))
    }

    /// Forgets how long messages have taken so far.
    pub(super) fn forget_latencies(&self) {
        self.latencies().clear();
    }

    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        self.latencies().percentiles()
    }

    fn latencies(&self) -> MutexGuard<'_, Latencies> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Listens until the member is cut off, or the run ends.
    pub(super) async fn listen(mut self) {
        while let Some(message) = self.messages.next().await {
            self.take(&message);
            while self.taken.len() < BATCH
                && let Some(Some(message)) = at_once(self.messages.next()).await
            {
                self.take(&message);
            }
            self.tell();
        }
    }

    /// Waits for one message. False when the member was cut off.
    pub(super) async fn hear_one(&mut self) -> bool {
        while let Some(message) = self.messages.next().await {
            if self.take(&message) {
                self.tell();
                return true;
            }
        }
        false
    }

    /// Takes one message in, if it is of this lane and not heard before.
    fn take(&mut self, message: &Message) -> bool {
        let mark = message.id.as_ref().and_then(Mark::read);
        let Some(mark) = mark.filter(|mark| (mark.run, mark.lane) == (self.run, self.lane)) else {
            return false;
        };
        let (before, late) = (self.sequence.reached(), self.sequence.out_of_order());
        let new = self.sequence.hear(mark.sequence);
        if new {
            self.taken.push(self.epoch.now().saturating_sub(mark.due));
        }
        if self.sequence.out_of_order() > late {
            self.tally.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        self.window.hear(before, self.sequence.reached());
        new
    }

    /// Adds what was taken to what all have heard.
    fn tell(&mut self) {
        let now = u64::try_from(self.epoch.now().as_nanos()).unwrap_or(u64::MAX);
        let heard = self.taken.len() as u64;
        let mut latencies = self.tally.latencies();
        self.taken.drain(..).for_each(|time| latencies.record(time));
        drop(latencies);
        self.tally.last.fetch_max(now, Ordering::Relaxed);
        self.tally.heard.fetch_add(heard, Ordering::Release);
    }
}
