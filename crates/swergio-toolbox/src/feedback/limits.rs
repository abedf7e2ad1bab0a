//! Limits: what an oracle holds, how long it waits, and what it counts.

use std::time::Duration;

use super::Question;

/// The most that anybody waits: ten years. No clock counts as far as a `Duration` does.
const MOST_PATIENCE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Bounds what an [`Oracle`](super::Oracle) and an [`Inbox`](super::Inbox) hold and how long they wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackLimits {
    /// Questions that may be open at once; one more is refused. 64.
    pub questions: usize,
    /// Items of one question, and of all that an inbox keeps. 1,000.
    pub items: usize,
    /// Bytes of texts, pictures, sounds and numbers that an inbox keeps; an item beyond is taken when it comes again and there is room. 256 MiB.
    pub bytes: usize,
    /// How long answers are waited for when the question does not say. 10 minutes.
    pub patience: Duration,
    /// People who must pass an item over before it is given up. 1.
    pub skips: usize,
    /// Time after which open questions are put before the room again, for whoever came meanwhile. 5 s.
    pub repeat: Duration,
    /// Time for which nobody else is offered an item that a person has claimed. 60 s.
    pub claim: Duration,
    /// Questions that are remembered after they are over, so that a late answer is told from a stray one. 1,024.
    pub remembered: usize,
}

impl Default for FeedbackLimits {
    fn default() -> Self {
        Self {
            questions: 64,
            items: 1000,
            bytes: 256 << 20,
            patience: Duration::from_secs(600),
            skips: 1,
            repeat: Duration::from_secs(5),
            claim: Duration::from_secs(60),
            remembered: 1024,
        }
    }
}

impl FeedbackLimits {
    /// Returns how long answers to a question are waited for.
    pub(super) fn patience_of(&self, question: &Question) -> Duration {
        question.patience.unwrap_or(self.patience).min(MOST_PATIENCE)
    }
}

/// Counts what an [`Oracle`](super::Oracle) has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedbackTally {
    /// Questions that were asked.
    pub asked: u64,
    /// Answers that counted.
    pub taken: u64,
    /// Items that were passed over.
    pub skipped: u64,
    /// Answers that came after their question was over, or their item had enough.
    pub late: u64,
    /// Answers of people who had answered that item already.
    pub duplicate: u64,
    /// Answers that are not of the form that was asked for, or about no item of the question.
    pub refused: u64,
    /// Answers to questions that nobody here asked.
    pub unknown: u64,
    /// Questions whose patience was at an end.
    pub expired: u64,
}
