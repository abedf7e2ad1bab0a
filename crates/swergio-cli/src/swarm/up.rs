//! Up: start a swarm, and stay with it or leave it in the background.

mod background;

use std::process::ExitCode;

use anyhow::{Context, Result};
use swergio_toolbox::swarm::{Control, Plan, Remote, Swarm, SwarmError, SwarmLimits};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::story::Story;
use super::{Which, verdict};
use crate::output::note;
use crate::{Verdict, block_on};

/// Start components, in the order of what they depend on, and keep them running.
///
/// Shows what they print and what happens to them, one line each with the name before it. Ctrl-C stops all in order; a second one kills.
/// Ends when all components have ended, or the one that leads has.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio swarm up                          all, here
  swergio swarm up trainer                  the trainer and what it depends on; if the swarm runs already, there
  swergio swarm up -d && swergio swarm ps   in the background

Nothing is left behind: when this program is killed, its components get SIGTERM and a second later SIGKILL, with all their \
descendants.

Exit status: 0 all ended well, or were stopped; 1 a component has failed; 2 it could not be started; 130 after a second Ctrl-C.")]
pub(super) struct Up {
    /// Components, or replicas, and what they depend on [default: all].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Go on in the background, and return when all are up.
    #[arg(long, short)]
    detach: bool,
    /// Show what happens to the components, not what they print.
    #[arg(long, short)]
    quiet: bool,
    /// Do not run components in terminals, whatever terminal_cmd says.
    #[arg(long)]
    no_terminal: bool,
    /// Be the swarm in the background.
    #[arg(long, hide = true)]
    behind: bool,
    #[command(flatten)]
    which: Which,
}

/// The exit status of a program that was interrupted.
const INTERRUPTED: u8 = 130;

impl Up {
    pub(super) fn run(&self) -> Result<ExitCode> {
        let plan = self.plan()?;
        if self.which.folder().running().is_some() {
            return block_on(self.join());
        }
        if self.detach {
            return block_on(background::start(self, &plan));
        }
        if self.behind {
            // The terminal may go; the swarm stays.
            rustix::process::setsid().context("cannot leave the terminal")?;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = runtime.block_on(self.serve(plan));
        // Whoever tells the story may hang on a reader that does not read.
        runtime.shutdown_background();
        ended
    }

    fn plan(&self) -> Result<Plan> {
        let plan = Plan::read(&self.which.file)?.broker_by(std::env::current_exe()?);
        Ok(if self.no_terminal { plan.without_terminals() } else { plan })
    }

    /// Starts components in the swarm that runs already.
    async fn join(&self) -> Result<Verdict> {
        let remote = Remote::find(self.which.folder())?;
        if self.names.is_empty() {
            let pid = remote.report().await?.pid;
            return Err(SwarmError::Running(pid).into());
        }
        remote.start(Some(self.names.clone())).await?;
        verdict(remote.ready().await)
    }

    /// Runs the swarm to its end.
    async fn serve(&self, plan: Plan) -> Result<ExitCode> {
        let names = plan.launches().iter().flat_map(|launch| launch.instances()).collect();
        let mut stop = Stop::listen()?;
        let swarm = Swarm::of(plan)?;
        let story = Story::of(&swarm, names, self.quiet);
        // On a thread of its own: a reader that does not read holds up the story, not the swarm.
        let runtime = tokio::runtime::Handle::current();
        let story = tokio::task::spawn_blocking(move || runtime.block_on(story.tell()));
        match self.names.is_empty() {
            true => swarm.start().await?,
            false => swarm.start_only(self.names.clone()).await?,
        }
        // Not before it is known who is wanted: a swarm in which nobody is would be ready.
        let _control = Control::open(&swarm, SwarmLimits::default())?;
        let killed = stop.attend(&swarm).await?;
        // Whoever does not read what is printed does not hold up the end.
        if let Ok(told) = tokio::time::timeout(LAST_WORDS, story).await {
            told??;
        }
        match (killed, verdict(swarm.finished().await)?) {
            (true, _) => Ok(ExitCode::from(INTERRUPTED)),
            (false, Verdict::Yes) => Ok(ExitCode::SUCCESS),
            (false, Verdict::No) => Ok(ExitCode::FAILURE),
        }
    }
}

/// Time that the last lines have to be printed.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(1);

/// Hears Ctrl-C, SIGTERM and that the terminal is gone.
struct Stop([Signal; 3]);

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self([
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
        ]))
    }

    async fn heard(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    /// Waits for the end: the first word stops all in order, the second kills. Tells whether it came to that.
    async fn attend(&mut self, swarm: &Swarm) -> Result<bool> {
        tokio::select! {
            _ = swarm.finished() => return Ok(false),
            () = self.heard() => {}
        }
        note(format_args!("swarm: stopping; once more kills"));
        tokio::select! {
            stopped = swarm.stop() => {
                stopped?;
                Ok(false)
            }
            () = self.heard() => {
                swarm.kill().await?;
                Ok(true)
            }
        }
    }
}
