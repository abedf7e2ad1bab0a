//! Passes: messages sorted by the pass that they belong to, until it is over.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::sample::{Norm, Sample};
use super::span::{Seats, Span, spans};

/// Bounds what is kept of passes that are not over.
#[derive(Clone, Debug)]
pub(super) struct PassLimits {
    /// Passes; beyond it the oldest is let go, and counted.
    pub(super) open: usize,
    /// Messages of one pass; what comes beyond is left out.
    pub(super) messages: usize,
    /// Silence after which a pass that came back is over: what else was made of it may come a little later.
    pub(super) back: Duration,
    /// Silence after which a pass is over that did not come back.
    pub(super) silence: Duration,
}

impl Default for PassLimits {
    fn default() -> Self {
        let (back, silence) = (Duration::from_millis(400), Duration::from_secs(3));
        Self { open: 10_000, messages: 500, back, silence }
    }
}

/// Collects passes. It has no clock: times are those since it began to watch.
#[derive(Debug, Default)]
pub(super) struct Passes {
    limits: PassLimits,
    open: HashMap<String, Open>,
    order: VecDeque<String>,
    /// Passes that were let go for want of room.
    pub(super) lost: u64,
}

#[derive(Debug)]
struct Open {
    samples: Vec<Sample>,
    /// When the first and the last message came.
    first: Duration,
    last: Duration,
}

/// Is one pass that is over, traced.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pass {
    pub(super) root: String,
    /// When its first message came, since it was begun to watch.
    pub(super) heard: Duration,
    /// At least one, in the order of their times.
    pub(super) samples: Vec<Sample>,
    pub(super) spans: Vec<Span>,
}

impl Passes {
    pub(super) fn within(limits: PassLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Takes in a message.
    pub(super) fn add(&mut self, sample: Sample, now: Duration) {
        let Some(root) = sample.root().map(str::to_owned) else { return };
        if !self.open.contains_key(&root) {
            self.order.push_back(root.clone());
            self.open.insert(root.clone(), Open { samples: Vec::new(), first: now, last: now });
            self.lose();
        }
        if let Some(open) = self.open.get_mut(&root) {
            open.last = now;
            if open.samples.len() < self.limits.messages {
                open.samples.push(sample);
            }
        }
    }

    fn lose(&mut self) {
        while self.order.len() > self.limits.open {
            let oldest = self.order.pop_front();
            self.lost += u64::from(oldest.is_some_and(|root| self.open.remove(&root).is_some()));
        }
    }

    /// Hands over what is over by now, the oldest first.
    pub(super) fn over(&mut self, now: Duration, seats: &Seats) -> Vec<Pass> {
        let Self { limits, open, order, .. } = self;
        let mut over = Vec::new();
        order.retain(|root| {
            let Some(pass) = open.get(root) else { return false };
            let patience = if came_back(&pass.samples) { limits.back } else { limits.silence };
            if now.saturating_sub(pass.last) < patience {
                return true;
            }
            over.extend(
                open.remove(root).map(|pass| Pass::of(root.clone(), pass.samples, pass.first, seats)),
            );
            false
        });
        over
    }

    /// Hands over what is there, also what is not over.
    pub(super) fn rest(&mut self, seats: &Seats) -> Vec<Pass> {
        self.over(Duration::MAX, seats)
    }
}

impl Pass {
    fn of(root: String, mut samples: Vec<Sample>, heard: Duration, seats: &Seats) -> Self {
        samples.sort_by(|a, b| a.time.total_cmp(&b.time));
        let spans = spans(&samples, seats);
        Self { root, heard, samples, spans }
    }

    /// Tells when it began and ended, in seconds since 1970.
    pub(super) fn times(&self) -> (f64, f64) {
        let time = |sample: Option<&Sample>| sample.map_or(0.0, |sample| sample.time);
        (time(self.samples.first()), time(self.samples.last()))
    }

    /// Names who began it, and in which room.
    pub(super) fn began(&self) -> (&str, &str) {
        self.samples.first().map_or(("", ""), |first| (&first.from, first.room()))
    }

    /// Tells whether a gradient has come back to who began it.
    pub(super) fn came_back(&self) -> bool {
        came_back(&self.samples)
    }

    /// Tells when a span began and ended, in seconds since 1970.
    pub(super) fn time(&self, span: &Span) -> (f64, f64) {
        (self.samples[span.heard].time, self.samples[span.said].time)
    }

    /// Returns the seconds that a message waited and was computed, as the component says, and was under way, which is what remains.
    pub(super) fn parts(&self, span: &Span) -> [Option<f64>; 3] {
        let said = &self.samples[span.said].said;
        let known = |seconds: Option<f64>| seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        let (queue, compute) = (known(said.queue_time), known(said.compute_time));
        let (from, to) = self.time(span);
        let transit = queue.zip(compute).map(|(queue, compute)| (to - from - queue - compute).max(0.0));
        [queue, compute, transit]
    }

    /// Returns the norms of what a component heard and of what it said.
    pub(super) fn norms(&self, span: &Span) -> [Option<Norm>; 2] {
        [self.samples[span.heard].norm, self.samples[span.said].norm]
    }
}

/// A gradient has come under the ID of the first message, from somebody else.
fn came_back(samples: &[Sample]) -> bool {
    let first = samples.iter().min_by(|a, b| a.time.total_cmp(&b.time));
    first.is_some_and(|first| {
        let home = |sample: &Sample| sample.said.id == first.said.id && sample.from != first.from;
        samples.iter().any(|sample| sample.is_backward() && home(sample))
    })
}

#[cfg(test)]
mod tests;
