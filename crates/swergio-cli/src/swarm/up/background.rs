//! Background: a swarm that goes on when its terminal is gone.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use swergio_toolbox::swarm::{Folder, Plan, Remote, SwarmError};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::super::ps::table;
use super::super::verdict;
use super::Up;
use crate::{Verdict, output};

/// Time between two looks whether the swarm answers.
const LOOK: Duration = Duration::from_millis(20);
/// Lines of its own log that are shown of a swarm that ended at once.
const LAST: usize = 10;

/// Starts the swarm as a program of its own, waits until all are up, and shows where they stand.
pub(super) async fn start(up: &Up, plan: &Plan) -> Result<Verdict> {
    let folder = plan.folder_path().context("a swarm read from a file has a folder")?;
    folder.make()?;
    let log = folder.own_log();
    let mut child = spawn(up, &log)?;
    loop {
        match settle(folder).await {
            // It is not there yet, or not any more.
            Err(SwarmError::Away) => {}
            outcome => return verdict(outcome),
        }
        if let Some(status) = child.try_wait()? {
            // A swarm whose components are all done at once has done well.
            return if status.success() { Ok(Verdict::Yes) } else { bail!("{}", last_words(&log)) };
        }
        sleep(LOOK).await;
    }
}

/// Waits until all are up, and shows where they stand.
async fn settle(folder: &Folder) -> Result<(), SwarmError> {
    let remote = Remote::find(folder.clone())?;
    let outcome = match remote.ready().await {
        Err(SwarmError::Away) => return Err(SwarmError::Away),
        outcome => outcome,
    };
    let report = remote.report().await?;
    output::print(&table(&report)).map_err(|error| SwarmError::Io(error.to_string()))?;
    outcome
}

fn spawn(up: &Up, log: &Path) -> Result<Child> {
    let open = OpenOptions::new().create(true).write(true).truncate(true).open(log);
    let output = open.with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["swarm", "up", "--behind", "--quiet", "--file"]).arg(&up.which.file).args(&up.names);
    if up.no_terminal {
        command.arg("--no-terminal");
    }
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    command.spawn().context("cannot start the swarm")
}

fn last_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(LAST)..].join("\n");
    format!("the swarm has ended:\n{last}")
}
