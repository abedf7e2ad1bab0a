//! The jobs of CI: each by itself, or all with the time of each and a summary.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;

use crate::checkout::Checkout;
use crate::outcome::Outcome;
use crate::tally::Tally;
use crate::{alone, autobahn, command, console, deny, fuzz, instructions, python, tidy, tool};

/// Names the jobs, the quick ones first; the tests come last, so that their summary ends the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Job {
    /// The source is laid out as rustfmt does it
    Fmt,
    /// What cargo cannot check: who may use whom, rules and their tests, lengths, names, links
    Tidy,
    /// Clippy has nothing to say, in any target and with every feature
    Clippy,
    /// Each published crate builds by itself, with no feature and with all
    Alone,
    /// The documentation builds without a warning
    Doc,
    /// Licences, bans and sources of the dependencies; advisories where their list can be had
    Deny,
    /// The fuzz targets survive their committed corpus
    Fuzz,
    /// Autobahn's WebSocket suite finds no failure in the broker
    Autobahn,
    /// The console is what its source builds into, and works in a browser
    Console,
    /// The published Python package and ours talk in one room
    Python,
    /// The message path takes no more instructions than the committed baseline says
    Instructions,
    /// All tests, those in the documentation included
    Test,
}

impl Job {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    fn run(self, checkout: &Checkout) -> Result<Outcome> {
        match self {
            Self::Fmt => format(checkout),
            Self::Tidy => tidy::check(checkout),
            Self::Clippy => clippy(checkout),
            Self::Alone => alone::check(checkout),
            Self::Doc => doc(checkout),
            Self::Deny => deny::check(checkout),
            Self::Fuzz => fuzz::replay(checkout),
            Self::Autobahn => autobahn::run(checkout),
            Self::Console => console::check(checkout),
            Self::Python => python::test(checkout),
            Self::Instructions => instructions::check(checkout),
            Self::Test => test(checkout),
        }
    }
}

/// Runs one job.
pub(crate) fn run_one(job: Job, checkout: &Checkout) -> Result<()> {
    let (word, note) = job.run(checkout)?.words();
    println!("{}: {word}{}{note}", job.name(), if note.is_empty() { "" } else { ", " });
    Ok(())
}

/// Runs all jobs, whatever becomes of each, and fails at the end if one did.
pub(crate) fn run_all(checkout: &Checkout) -> Result<()> {
    let begin = Instant::now();
    let ran: Vec<Ran> = Job::value_variants().iter().map(|&job| Ran::of(job, checkout)).collect();
    println!("\n== summary");
    let mut tally = Tally::default();
    for job in &ran {
        println!("{}", job.line());
        if let Ok(Outcome::Tested(tests)) = &job.result {
            tally += *tests;
        }
    }
    println!("{:<12} {:<8} {:>7.1} s", "all", "", begin.elapsed().as_secs_f64());
    let failed = ran.iter().filter(|job| job.result.is_err()).count();
    ensure!(failed == 0, "{failed} of {} jobs failed", ran.len());
    println!("\ntests: {tally}");
    Ok(())
}

struct Ran {
    job: Job,
    result: Result<Outcome>,
    took: Duration,
}

impl Ran {
    fn of(job: Job, checkout: &Checkout) -> Self {
        println!("\n== {}", job.name());
        let begin = Instant::now();
        let result = job.run(checkout);
        let took = begin.elapsed();
        if let Err(error) = &result {
            println!("{} FAILED: {error:#}", job.name());
        }
        Self { job, result, took }
    }

    fn line(&self) -> String {
        let (word, note) = match &self.result {
            Ok(outcome) => outcome.words(),
            Err(error) => ("FAILED", error.to_string().lines().next().unwrap_or_default().to_owned()),
        };
        let line = format!("{:<12} {word:<8} {:>7.1} s  {note}", self.job.name(), self.took.as_secs_f64());
        line.trim_end().to_owned()
    }
}

fn format(checkout: &Checkout) -> Result<Outcome> {
    command::run(&mut checkout.cargo(["fmt", "--all", "--check"]))?;
    let fuzz = fuzz::manifest();
    command::run(&mut checkout.cargo(["fmt", "--check", "--manifest-path", fuzz]))?;
    Ok(Outcome::Passed)
}

fn clippy(checkout: &Checkout) -> Result<Outcome> {
    let mut clippy = checkout.cargo(["clippy", "--locked", "--workspace", "--all-features"]);
    // A target that says `test = false` counts as a test only when it is named.
    clippy.args(["--all-targets", "--test", "python"]);
    command::run(clippy.args(["--", "--deny", "warnings"]))?;
    Ok(Outcome::Passed)
}

fn doc(checkout: &Checkout) -> Result<Outcome> {
    let mut doc = checkout.cargo(["doc", "--locked", "--workspace", "--no-deps", "--all-features"]);
    command::run(doc.env("RUSTDOCFLAGS", "--deny warnings"))?;
    Ok(Outcome::Passed)
}

fn test(checkout: &Checkout) -> Result<Outcome> {
    let mut examples =
        checkout.cargo(["test", "--locked", "--workspace", "--all-features", "--doc", "--quiet"]);
    let examples = command::run(&mut examples);
    let tests = tested(&mut match tool::NEXTEST.find(checkout) {
        Ok(program) => {
            let mut run = checkout.command(program);
            run.args(["nextest", "run", "--locked", "--workspace", "--all-features", "--no-fail-fast"]);
            run
        }
        Err(error) => {
            println!("cargo test instead of nextest: {error:#}");
            let what =
                ["test", "--locked", "--workspace", "--all-features", "--all-targets", "--no-fail-fast"];
            checkout.cargo(what)
        }
    });
    examples.and(tests)
}

/// Runs tests and counts them; to run none is a failure.
pub(crate) fn tested(run: &mut Command) -> Result<Outcome> {
    let mut tally = Tally::default();
    let result = command::run_heard(run, |line| {
        if let Some(tests) = Tally::read(line) {
            tally += tests;
        }
    });
    if let Err(error) = result {
        bail!("{tally}: {error:#}");
    }
    ensure!(tally.passed > 0, "no test ran");
    Ok(Outcome::Tested(tally))
}
