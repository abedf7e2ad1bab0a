//! Rooms: where the processes meet, and how each of them gets there.

use std::time::Duration;

use anyhow::Result;
use swergio_client::{Client, Options, Reconnect};
use tokio::signal::unix::{SignalKind, signal};

/// Where evolution is told to start and to stop.
pub(crate) const CONTROL: &str = "control";
/// Where melodies are bred: genomes, and what the rater thinks of them.
pub(crate) const EVOLUTION: &str = "evolution";
/// Where the learner gives the rater melodies to learn from.
pub(crate) const LESSON: &str = "traininput";
/// Where the rater says what it thinks of them, and is told how wrong that is.
pub(crate) const ANSWER: &str = "trainoutput";
/// Where people are asked.
pub(crate) const USER: &str = "user";
/// Where figures are told.
pub(crate) const FIGURES: &str = "_logging";

/// Says where a process finds the others.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct At {
    /// Where the broker listens.
    #[arg(long, env = "SWERGIO_URL", default_value = "ws://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The name by which the others know it; otherwise that of its part.
    #[arg(long, env = "SWERGIO_NAME")]
    name: Option<String>,
}

impl At {
    /// Finds others at a URL.
    pub(crate) fn to(url: &str) -> Self {
        Self { url: url.to_owned(), name: None }
    }

    /// Connects, and comes back whenever the link breaks.
    pub(crate) async fn connect(&self, part: &str) -> Result<Client> {
        let patience = Reconnect {
            base: Duration::from_millis(50),
            cap: Duration::from_secs(1),
            attempts: Some(100),
            initially: true,
        };
        let name = self.name.as_deref().unwrap_or(part);
        Ok(Options::new(&self.url).name(name).reconnect(patience).connect().await?)
    }
}

/// Waits until this process is asked to end.
pub(crate) async fn asked_to_end() -> Result<()> {
    let mut asked = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = asked.recv() => {}
        ended = tokio::signal::ctrl_c() => ended?,
    }
    Ok(())
}
