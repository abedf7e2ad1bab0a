//! Mark: what a bench writes into the ID of a message, so that whoever hears it knows which it is and when it was due.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use swergio_client::MessageId;

const SEQUENCE_BITS: u32 = 40;
const TIME_BITS: u32 = 56;

/// Numbers one message of one run. It is spelt as the 32 hex digits that every ID has, so it costs no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Tells this run's messages from those of others.
    pub(super) run: u16,
    /// The lane that it travels on.
    pub(super) lane: u16,
    /// Counts the messages of a lane from 0, 2⁴⁰ at most.
    pub(super) sequence: u64,
    /// When it was to be sent, as time since the run began: two years at most.
    pub(super) due: Duration,
}

impl Mark {
    pub(super) fn id(self) -> MessageId {
        let due = self.due.as_nanos() & ((1 << TIME_BITS) - 1);
        let who = (u128::from(self.run) << 16) | u128::from(self.lane);
        let number = (who << SEQUENCE_BITS) | (u128::from(self.sequence) & ((1 << SEQUENCE_BITS) - 1));
        MessageId::from_u128((number << TIME_BITS) | due)
    }

    /// Reads an ID. Nothing when it is not spelt as a mark.
    pub(super) fn read(id: &MessageId) -> Option<Self> {
        let text = id.as_str();
        let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32)?;
        let bits = |from: u32, count: u32| (number >> from) & ((1 << count) - 1);
        Some(Self {
            run: bits(SEQUENCE_BITS + TIME_BITS + 16, 16) as u16,
            lane: bits(SEQUENCE_BITS + TIME_BITS, 16) as u16,
            sequence: bits(TIME_BITS, SEQUENCE_BITS) as u64,
            due: Duration::from_nanos(bits(0, TIME_BITS) as u64),
        })
    }
}

/// Draws the number of a run.
pub(super) fn fresh_run() -> u16 {
    RandomState::new().hash_one("bench") as u16
}

/// Counts time from the beginning of a bench; all its members share it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch(Instant);

impl Epoch {
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_survives_its_way_as_an_id() {
        for mark in [
            Mark { run: 0, lane: 0, sequence: 0, due: Duration::ZERO },
            Mark { run: 7, lane: 49, sequence: 123_456, due: Duration::from_micros(1_234_567) },
            Mark {
                run: u16::MAX,
                lane: u16::MAX,
                sequence: (1 << SEQUENCE_BITS) - 1,
                due: Duration::from_nanos((1 << TIME_BITS) - 1),
            },
        ] {
            assert_eq!(mark.id().as_str().len(), 32);
            assert_eq!(Mark::read(&mark.id()), Some(mark));
        }
    }

    #[test]
    fn the_ids_of_others_are_no_marks() {
        for id in ["", "7", "not a mark", "zz345678901234567890123456789012"] {
            assert_eq!(Mark::read(&MessageId::new(id)), None, "{id:?}");
        }
    }
}
