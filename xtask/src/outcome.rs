//! What came of a job that did not fail.

use crate::tally::Tally;

/// Tells how far a job got; a failure is an error instead.
pub(crate) enum Outcome {
    /// Everything was checked.
    Passed,
    /// Tests ran, and so many passed.
    Tested(Tally),
    /// What could be checked here was; the sentence tells what could not.
    Partly(String),
    /// Nothing could be checked here; the sentence tells why.
    Skipped(String),
}

impl Outcome {
    /// Returns the one word for the summary, and what is to be said beside it.
    pub(crate) fn words(&self) -> (&'static str, String) {
        match self {
            Self::Passed => ("passed", String::new()),
            Self::Tested(tally) => ("passed", tally.to_string()),
            Self::Partly(what) => ("partly", what.clone()),
            Self::Skipped(why) => ("skipped", why.clone()),
        }
    }
}
