//! Swarm: the processes of a swarm.yaml, as commands.

mod checkpoint;
mod down;
mod logs;
mod paint;
mod ps;
mod restart;
mod story;
mod tail;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use swergio_toolbox::swarm::{Folder, Remote, SwarmError};

use crate::output::note;
use crate::{Verdict, block_on};

/// Start, watch and stop the processes of a swarm.
///
/// A swarm.yaml says which components there are, how each is started, what it depends on and when it counts as up. Files of the Python
/// toolbox are read unchanged. Logs, a lock and a socket by which the commands find the swarm that runs lie in .swergio/ beside
/// the file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio swarm up                          start all, show what they print, stop all on Ctrl-C
  swergio swarm up --detach                 the same in the background, back when all are up
  swergio swarm ps                          where each process stands
  swergio swarm logs -f trainer             what one of them prints
  swergio swarm restart model               end it and start it again
  swergio swarm save best                   let every component save its weights; `load best` restores them
  swergio swarm down                        stop all, each before what it depends on

A swarm.yaml with a broker and two components:
  broker: 127.0.0.1:8080
  components:
    model:
      command: ./model --url ${SWERGIO_URL}
      ready: {joined: [model]}
    trainer:
      filepath: trainer.py
      depends_on: model
      lead: true

Exit status: 0 all went well; 1 a component has failed, or no swarm runs here; 2 it could not be done: the file or a \
flag is wrong, or the swarm runs already.")]
pub(crate) struct Swarm {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::Up),
    Ps(ps::Ps),
    Logs(logs::Logs),
    Restart(restart::Restart),
    Down(down::Down),
    Save(checkpoint::Save),
    Load(checkpoint::Load),
}

/// Chooses the swarm.
#[derive(Debug, clap::Args)]
struct Which {
    /// The file that says what the swarm is made of.
    #[arg(long, value_name = "FILE", default_value = "swarm.yaml")]
    file: PathBuf,
}

impl Swarm {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        match &self.command {
            Command::Up(up) => up.run(),
            Command::Ps(ps) => block_on(ps.run()),
            Command::Logs(logs) => block_on(logs.run()),
            Command::Restart(restart) => block_on(restart.run()),
            Command::Down(down) => block_on(down.run()),
            Command::Save(save) => block_on(save.run()),
            Command::Load(load) => block_on(load.run()),
        }
    }
}

impl Which {
    fn folder(&self) -> Folder {
        Folder::of(&self.file)
    }

    fn remote(&self) -> Result<Remote, SwarmError> {
        Remote::find(self.folder())
    }
}

/// Sorts what a swarm said: that it does not run, or that a component failed, is an answer; all else an error.
fn verdict(outcome: Result<(), SwarmError>) -> Result<Verdict> {
    match outcome {
        Ok(()) => Ok(Verdict::Yes),
        Err(error @ (SwarmError::Away | SwarmError::Failed { .. } | SwarmError::Refused(_))) => {
            note(format_args!("swarm: {error}"));
            Ok(Verdict::No)
        }
        Err(error) => Err(error.into()),
    }
}
