//! Limits: how many answers are wanted, what a gathering may hold, and what it counts.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// Says when there are answers enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// When every member has answered.
    All,
    /// When so many have, or every member where they are fewer.
    Answers(NonZeroUsize),
}

/// Bounds what a [`Gather`](super::Gather) holds and how long it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherLimits {
    /// How long a round waits after its question: 250 ms, a few steps of a slow member.
    pub deadline: Duration,
    /// How many rounds may be open at once; opening one more closes the oldest. 64.
    pub rounds: NonZeroUsize,
    /// Answers to how many questions are kept that have not been heard yet. 64.
    pub early: NonZeroUsize,
    /// How many members there may be; answers of others are refused. 4,096.
    pub members: NonZeroUsize,
    /// After how many missed rounds in a row a member is not waited for any more. 3.
    pub absences: NonZeroU32,
    /// How many rounds are remembered after they are over, so that a late answer is told from one to a question that nobody
    /// asked. 1,024.
    pub remembered: usize,
}

impl Default for GatherLimits {
    fn default() -> Self {
        let some = |number| NonZeroUsize::new(number).expect("the defaults are not zero");
        Self {
            deadline: Duration::from_millis(250),
            rounds: some(64),
            early: some(64),
            members: some(4096),
            absences: NonZeroU32::new(3).expect("three is not zero"),
            remembered: 1024,
        }
    }
}

/// Counts what a [`Gather`](super::Gather) has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatherTally {
    /// Answers that came in time, once each.
    pub taken: u64,
    /// Answers that came after their round was over.
    pub late: u64,
    /// Answers of members that had answered already.
    pub duplicate: u64,
    /// Answers to questions that were never heard.
    pub unknown: u64,
    /// Answers refused because there were members enough.
    pub strangers: u64,
    /// Rounds in which as many answered as were wanted.
    pub complete: u64,
    /// Rounds that ended with their deadline.
    pub deadline: u64,
    /// Rounds that ended because too many were open.
    pub crowded: u64,
}
