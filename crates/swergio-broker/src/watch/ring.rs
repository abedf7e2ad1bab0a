//! Ring: what one viewer still has to be told; the oldest makes room for the newest.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ticker::Tick;

/// Keeps the last ticks for one viewer.
#[derive(Debug)]
pub(super) struct Ring {
    ticks: VecDeque<Arc<Tick>>,
    bytes: usize,
    most_bytes: usize,
    gap: Option<Gap>,
}

/// Says what a viewer was not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// The number of the first tick that it was not told.
    pub(super) from: u64,
    /// The number of the last.
    pub(super) to: u64,
    /// The messages in them.
    pub(super) count: usize,
}

impl Ring {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { ticks: VecDeque::new(), bytes: 0, most_bytes, gap: None }
    }

    /// Keeps a tick, and forgets the oldest as long as there are too many bytes.
    pub(super) fn keep(&mut self, tick: &Arc<Tick>) {
        self.bytes += tick.bytes();
        self.ticks.push_back(Arc::clone(tick));
        while self.bytes > self.most_bytes && self.ticks.len() > 1 {
            let Some(oldest) = self.ticks.pop_front() else { return };
            self.bytes -= oldest.bytes();
            let gap = self.gap.get_or_insert(Gap { from: oldest.number, to: oldest.number, count: 0 });
            gap.to = oldest.number;
            gap.count += oldest.len();
        }
    }

    /// Hands over all that is kept, and what was forgotten before it.
    pub(super) fn take(&mut self) -> (Option<Gap>, VecDeque<Arc<Tick>>) {
        self.bytes = 0;
        (self.gap.take(), std::mem::take(&mut self.ticks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::{Envelope, Kind};

    fn tick(number: u64) -> Arc<Tick> {
        let told = Envelope::new(Kind::TRAFFIC).with_field("TEXT", &"x".repeat(100)).unwrap();
        Arc::new(Tick::of(number, vec![told.clone(), told]))
    }

    #[test]
    fn the_oldest_goes_first_and_is_counted() {
        let mut ring = Ring::new(3 * tick(0).bytes());
        (1..=5).for_each(|number| ring.keep(&tick(number)));
        let (gap, ticks) = ring.take();
        assert_eq!(gap, Some(Gap { from: 1, to: 2, count: 4 }));
        assert_eq!(ticks.iter().map(|tick| tick.number).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(ring.take(), (None, VecDeque::new()));
    }

    #[test]
    fn the_newest_is_kept_however_large_it_is() {
        let mut ring = Ring::new(1);
        ring.keep(&tick(1));
        ring.keep(&tick(2));
        assert_eq!(ring.take().1.len(), 1);
    }
}
