//! The project's own commands: `cargo xtask ci` runs every check, the others are its parts.

#![expect(clippy::print_stdout, reason = "it talks to the person at the terminal")]

mod alone;
mod autobahn;
mod broker;
mod checkout;
mod ci;
mod command;
mod console;
mod debian;
mod deny;
mod fuzz;
mod instructions;
mod outcome;
mod python;
mod tally;
mod tidy;
mod tool;
mod venv;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::checkout::Checkout;
use crate::ci::Job;

/// Checks Swergio: every job that CI runs, by the same command everywhere.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Clone, Copy, Subcommand)]
enum Task {
    /// Run one job of CI, or all of them with a summary at the end
    Ci {
        /// The job; all of them when absent
        job: Option<Job>,
    },
    /// Check what cargo cannot: who may use whom, rules and their tests, lengths, names, links
    Tidy,
    /// Run Autobahn's WebSocket suite against the broker's echo route
    Autobahn,
    /// Count the instructions of the message path, and hold them against the baseline
    Instructions {
        /// Make what is counted the baseline
        #[arg(long)]
        bless: bool,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let checkout = Checkout::find()?;
    match task {
        Task::Ci { job: None } => ci::run_all(&checkout),
        Task::Ci { job: Some(job) } => ci::run_one(job, &checkout),
        Task::Tidy => ci::run_one(Job::Tidy, &checkout),
        Task::Autobahn => ci::run_one(Job::Autobahn, &checkout),
        Task::Instructions { bless: false } => ci::run_one(Job::Instructions, &checkout),
        Task::Instructions { bless: true } => instructions::bless(&checkout).map(drop),
    }
}
