//! SwarmEvent: what happens to the processes of a swarm.

use std::fmt;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Ending;

/// Tells what happened to a process of a swarm, by the name of its component or replica.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SwarmEvent {
    /// It runs.
    Started {
        /// Whose.
        name: String,
        /// Its number in the operating system.
        pid: u32,
    },
    /// It is up: what depends on it may start.
    Ready {
        /// Whose.
        name: String,
    },
    /// It was not ready in time, and is ended for it.
    NotReady {
        /// Whose.
        name: String,
    },
    /// It is asked to end: SIGTERM to its process group.
    Stopping {
        /// Whose.
        name: String,
    },
    /// It did not end within its grace, and is killed.
    Killed {
        /// Whose.
        name: String,
    },
    /// It is gone, and all its descendants with it.
    Exited {
        /// Whose.
        name: String,
        /// How its first process ended.
        how: Ending,
    },
    /// It fell, and is started again after a wait.
    Retrying {
        /// Whose.
        name: String,
        /// The wait.
        wait: Duration,
    },
    /// It fell, and is not started again.
    Failed {
        /// Whose.
        name: String,
        /// How it ended the last time.
        how: Ending,
    },
    /// It is gone, as was asked for.
    Stopped {
        /// Whose.
        name: String,
    },
    /// Nothing runs any more, and nothing will until somebody asks for it.
    Over,
}

impl SwarmEvent {
    /// Returns the name of the component or replica; nothing when it is about the whole swarm.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Started { name, .. }
            | Self::Ready { name }
            | Self::NotReady { name }
            | Self::Stopping { name }
            | Self::Killed { name }
            | Self::Exited { name, .. }
            | Self::Retrying { name, .. }
            | Self::Failed { name, .. }
            | Self::Stopped { name } => Some(name),
            Self::Over => None,
        }
    }
}

impl fmt::Display for SwarmEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { pid, .. } => write!(f, "started as process {pid}"),
            Self::Ready { .. } => f.write_str("is up"),
            Self::NotReady { .. } => f.write_str("was not ready in time"),
            Self::Stopping { .. } => f.write_str("is asked to end"),
            Self::Killed { .. } => f.write_str("did not end in time and is killed"),
            Self::Exited { how, .. } => how.fmt(f),
            Self::Retrying { wait, .. } => write!(f, "is started again in {:.1} s", wait.as_secs_f64()),
            Self::Failed { how, .. } => write!(f, "failed for good: it {how}"),
            Self::Stopped { .. } => f.write_str("is stopped"),
            Self::Over => f.write_str("nothing runs any more"),
        }
    }
}

/// Listens to a swarm's events: a bounded queue that forgets the oldest, so a listener can never stall the swarm.
#[derive(Debug)]
pub struct SwarmEvents {
    receiver: broadcast::Receiver<SwarmEvent>,
}

impl SwarmEvents {
    pub(crate) fn new(receiver: broadcast::Receiver<SwarmEvent>) -> Self {
        Self { receiver }
    }

    /// Waits for the next event. Nothing when the swarm is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<SwarmEvent> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(count)) => tracing::warn!(count, "swarm events were forgotten unheard"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
