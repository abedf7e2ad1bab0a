//! Down: stop a swarm, or some of its components.

use anyhow::Result;
use swergio_toolbox::swarm::{Remote, SwarmError};

use super::{Which, verdict};
use crate::Verdict;
use crate::output::note;

/// Stop all components, each before those that it depends on, and the swarm with them.
///
/// Each is asked with SIGTERM, and killed with all its descendants when it is not gone after its grace. With names, only
/// those are stopped and the swarm goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 they are gone, or were already; 1 there is none of such a name.")]
pub(super) struct Down {
    /// Components, or replicas [default: all].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    which: Which,
}

impl Down {
    pub(super) async fn run(&self) -> Result<Verdict> {
        match self.which.remote() {
            Ok(remote) if self.names.is_empty() => verdict(remote.down().await),
            Ok(remote) => verdict(remote.stop(self.names.clone()).await),
            Err(SwarmError::Away) => self.clear(),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends what a swarm that was killed may have left.
    fn clear(&self) -> Result<Verdict> {
        match Remote::sweep(&self.which.folder())? {
            0 => note(format_args!("swarm: none runs here")),
            count => note(format_args!("swarm: ended {count} processes that a killed swarm had left")),
        }
        Ok(Verdict::Yes)
    }
}
