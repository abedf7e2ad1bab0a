//! Logs: what components have printed, and go on to print.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use swergio_toolbox::swarm::Folder;
use tokio::time::sleep;

use super::Which;
use super::paint::Paint;
use super::tail::Tail;
use crate::Verdict;
use crate::clock::Stop;
use crate::output::note;

/// Time between two looks at the files.
const LOOK: Duration = Duration::from_millis(100);

/// Show what components have printed.
///
/// Read from the log files in .swergio/, so also when the swarm has ended. One component's lines are shown byte for byte; those of several
/// have its name before them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio swarm logs                        the last lines of each
  swergio swarm logs -f -n 0                what all of them print from now on
  swergio swarm logs trainer -n 1000000     all of one

A file of 16 MiB is put aside as NAME.log.1, in place of the last one.

Exit status: 0; 1 when there is no such log.")]
pub(super) struct Logs {
    /// Components, or replicas [default: all].
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Go on, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// Begin so many lines before the end of each.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 100)]
    lines: usize,
    #[command(flatten)]
    which: Which,
}

impl Logs {
    pub(super) async fn run(&self) -> Result<Verdict> {
        let folder = self.which.folder();
        let mut tails = BTreeMap::new();
        self.find(&folder, self.lines, &mut tails)?;
        if tails.is_empty() && !(self.follow && folder.running().is_some()) {
            note(format_args!("swarm: nothing has been printed here by {}", self.whom()));
            return Ok(Verdict::No);
        }
        let mut paint = Paint::new(tails.keys().cloned());
        let alone = self.names.len() == 1 && tails.len() <= 1;
        self.show(&mut tails, &mut paint, alone)?;
        if !self.follow {
            for (name, tail) in &mut tails {
                tail.end(|line| write(&mut paint, name, line, alone))?;
            }
            return Ok(Verdict::Yes);
        }
        let stop = Stop::after(None)?;
        tokio::select! {
            () = stop.wait() => Ok(Verdict::Yes),
            ended = self.follow(&folder, &mut tails, &mut paint, alone) => ended,
        }
    }

    async fn follow(
        &self,
        folder: &Folder,
        tails: &mut BTreeMap<String, Tail>,
        paint: &mut Paint,
        alone: bool,
    ) -> Result<Verdict> {
        loop {
            sleep(LOOK).await;
            // A file that was not there a moment ago is shown from its beginning.
            self.find(folder, usize::MAX, tails)?;
            self.show(tails, paint, alone)?;
        }
    }

    /// Opens the logs that are asked for and are not open yet.
    fn find(&self, folder: &Folder, lines: usize, tails: &mut BTreeMap<String, Tail>) -> Result<()> {
        for (name, path) in folder.logs()? {
            if self.wants(&name) && !tails.contains_key(&name) {
                tails.insert(name, open(&path, lines)?);
            }
        }
        Ok(())
    }

    /// Tells whether a log is asked for: by its name, or by its component's.
    fn wants(&self, log: &str) -> bool {
        let replica_of = |name: &str| {
            let number = log.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            number.is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
            })
        };
        self.names.is_empty() || self.names.iter().any(|name| name == log || replica_of(name))
    }

    fn whom(&self) -> String {
        if self.names.is_empty() { "anybody".to_owned() } else { self.names.join(", ") }
    }

    fn show(&self, tails: &mut BTreeMap<String, Tail>, paint: &mut Paint, alone: bool) -> Result<()> {
        for (name, tail) in tails {
            tail.read(|line| write(paint, name, line, alone))?;
        }
        Ok(())
    }
}

fn open(path: &Path, lines: usize) -> Result<Tail> {
    match Tail::open(path, lines) {
        Ok(tail) => Ok(tail),
        Err(error) => bail!("{}: {error}", path.display()),
    }
}

fn write(paint: &mut Paint, name: &str, line: &[u8], alone: bool) -> Result<()> {
    match alone {
        true => {
            let mut out = std::io::stdout().lock();
            out.write_all(line)?;
            Ok(out.write_all(b"\n")?)
        }
        false => paint.line(name, line),
    }
}
