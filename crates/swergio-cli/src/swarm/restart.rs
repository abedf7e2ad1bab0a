//! Restart: end components and start them again.

use anyhow::Result;

use super::{Which, verdict};
use crate::{Verdict, output};

/// End components and start them again, and wait until they are up.
///
/// Those that depend on them go on; they come back by themselves. A component that is down is started.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio swarm restart model
  swergio swarm restart agent-3             one replica; `agent` would be all of them

Exit status: 0 they are up; 1 one of them failed, there is none of such a name, or no swarm runs here.")]
pub(super) struct Restart {
    /// Components, or replicas.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    which: Which,
}

impl Restart {
    pub(super) async fn run(&self) -> Result<Verdict> {
        let outcome = async {
            let remote = self.which.remote()?;
            remote.restart(self.names.clone()).await?;
            remote.ready().await
        };
        let verdict = verdict(outcome.await)?;
        if verdict == Verdict::Yes {
            output::line(&format!("{} up again", self.names.join(", ")))?;
        }
        Ok(verdict)
    }
}
