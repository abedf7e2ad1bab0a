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
    /// How long it has been running. Seconds, where it is spelt.
    #[serde(with = "seconds")]
    pub uptime: Option<Duration>,
    /// How often it was started again.
    pub restarts: u32,
    /// The rooms that connections of its name sit in, where the broker was asked.
    pub rooms: Vec<String>,
    /// Processor time that it and its descendants have used. Linux only. Seconds, where it is spelt.
    #[serde(with = "seconds")]
    pub cpu: Option<Duration>,
    /// Bytes that it and its descendants hold in memory. Linux only.
    pub memory: Option<u64>,
    /// How it ended the last time.
    pub last: Option<Ending>,
}

/// Spells a time as seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(|time| time.as_secs_f64()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(from)?;
        seconds.map(Duration::try_from_secs_f64).transpose().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_spelt_for_programs() {
        let status = Status {
            name: "aim-0".into(),
            state: State::Backoff,
            pid: None,
            guard: None,
            uptime: Some(Duration::from_millis(1500)),
            restarts: 2,
            rooms: vec!["model".into()],
            cpu: None,
            memory: Some(4096),
            last: Some(Ending::Signal(9)),
        };
        let text = serde_json::to_string(&status).unwrap();
        assert_eq!(
            text,
            r#"{"name":"aim-0","state":"backoff","pid":null,"guard":null,"uptime":1.5,"restarts":2,"rooms":["model"],"cpu":null,"memory":4096,"last":{"signal":9}}"#
        );
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
    }
}
