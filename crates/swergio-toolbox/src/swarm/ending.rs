//! Ending: how a process ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Tells how a process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ending {
    /// It exited with this status; 0 is success.
    Code(i32),
    /// A signal of this number ended it.
    Signal(i32),
    /// It could not be started: no such program, say. It is not tried again.
    NotStarted(String),
    /// It ran, but was not ready in time, and was ended for it.
    NotReady,
    /// It was killed and did not go. It may still be there.
    Lost,
}

impl Ending {
    /// Tells whether it ended with status 0.
    pub fn is_success(&self) -> bool {
        *self == Self::Code(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(0) => f.write_str("ended well"),
            Self::Code(code) => write!(f, "exited with status {code}"),
            Self::Signal(signal) => match signal_name(*signal) {
                Some(name) => write!(f, "was ended by {name}"),
                None => write!(f, "was ended by signal {signal}"),
            },
            Self::NotStarted(why) => write!(f, "could not be started: {why}"),
            Self::NotReady => f.write_str("was not ready in time"),
            Self::Lost => f.write_str("was killed and did not go"),
        }
    }
}

/// Names the signals that processes commonly die of; their numbers are the same on every Unix.
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_reads_as_part_of_a_sentence() {
        let told = [Ending::Code(0), Ending::Code(3), Ending::Signal(9), Ending::Signal(64)]
            .map(|ending| format!("aim {ending}"));
        assert_eq!(
            told,
            [
                "aim ended well",
                "aim exited with status 3",
                "aim was ended by SIGKILL",
                "aim was ended by signal 64"
            ]
        );
    }
}
