//! Status: where each process of a swarm stands.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Ending;

/// Tells where a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// It does not run, and nobody wants it to.
    Stopped,
    /// It waits for what it depends on.
    Waiting,
    /// It runs and is not ready yet.
    Starting,
    /// It is ready.
    Up,
    /// It was asked to end.
    Stopping,
    /// It fell and will be started again.
    Backoff,
    /// It ended well, by itself.
    Done,
    /// It ended badly, and is not started again.
    Failed,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stopped => "stopped",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Done => "done",
            Self::Failed => "failed",
        })
    }
}

/// Tells where one process of a swarm stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// The name of the component, with the number of the replica where there are several.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// Its number in the operating system, while it runs.
    pub pid: Option<u32>,
    /// The number of the process that stands guard over it, while it runs.
    pub guard: Option<u32>,
    /// How long it has been running.
    pub uptime: Option<Duration>,
    /// How often it was started again.
    pub restarts: u32,
    /// The rooms that connections of its name sit in, where the broker was asked.
    pub rooms: Vec<String>,
    /// Processor time that it and its descendants have used. Linux only.
    pub cpu: Option<Duration>,
    /// Bytes that it and its descendants hold in memory. Linux only.
    pub memory: Option<u64>,
    /// How it ended the last time.
    pub last: Option<Ending>,
}
