//! Trebuchet: a network learns to aim a machine that is a process of its own.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod body;
mod chaos;
mod control;
mod demo;
mod dual;
mod event;
mod examination;
mod flight;
mod journal;
mod ledger;
mod mishap;
mod network;
mod parts;
mod picture;
#[cfg(test)]
mod plays;
mod range;
mod report;
mod rooms;
mod shot;
mod shots;
mod simulator;
mod slide;
mod solver;
mod swing;
#[cfg(test)]
mod tests;
mod trainer;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use control::Wish;
use demo::Staging;
use rooms::At;
use shot::{Aim, Trebuchet};
use trainer::Course;

/// Teach a network to aim a trebuchet. Without a command all by itself: broker, network, trebuchet and trainer.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    course: Course,
    #[command(flatten)]
    staging: Staging,
}

#[derive(Subcommand)]
enum Part {
    /// Shoot once, and print how far, and how that depends on wind, angle and counterweight, as one JSON object.
    Shoot(Shoot),
    /// Find out how to hit one target, by the gradient of the running trebuchet; print it as one JSON object.
    Control(Wish),
    /// Train while processes are killed at random, and print what came of it.
    Chaos {
        #[command(flatten)]
        course: Course,
        #[command(flatten)]
        staging: Staging,
        /// How often a process is killed.
        #[arg(long, default_value_t = 50)]
        kills: u64,
    },
    /// Serve a broker.
    Broker {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
    },
    /// Turn winds and targets into angles and counterweights, and learn.
    ControlNetwork {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        course: Course,
        /// Batches from one time that the weights are saved to the next.
        #[arg(long, default_value_t = 10)]
        save_every: u64,
    },
    /// Turn angles and counterweights into distances.
    Simulator {
        #[command(flatten)]
        at: At,
    },
    /// See what a running network has learned, whoever trained it.
    Examine {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        course: Course,
    },
    /// Train the network, and see what it has learned.
    Trainer {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        course: Course,
    },
}

#[derive(clap::Args)]
struct Shoot {
    /// Wind along the throw, m/s.
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    wind: f64,
    /// Angle above the horizon at which the sling lets go, degrees.
    #[arg(long, allow_negative_numbers = true)]
    angle: f64,
    /// Counterweight, lb.
    #[arg(long, allow_negative_numbers = true)]
    weight: f64,
    /// Error that a step of the solver may have, from 1e-13 to 1e-2.
    #[arg(long, default_value_t = Trebuchet::TOLERANCE)]
    tolerance: f64,
    /// Shoot so often, and also print how many milliseconds a shot with its gradient takes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeat: Option<u32>,
    /// Also print the path of the projectile, as pairs of places along the throw and up.
    #[arg(long)]
    path: bool,
}

fn main() -> Result<ExitCode> {
    // The swarm runs this program once more for each process, to stand guard over it.
    swergio_toolbox::swarm::guard();
    let command = Command::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    match command.part {
        Some(part) => runtime.block_on(play(part)),
        None => runtime.block_on(demo::demo(&command.course, &command.staging)).map(|()| ExitCode::SUCCESS),
    }
}

async fn play(part: Part) -> Result<ExitCode> {
    match part {
        Part::Shoot(shoot) => return Ok(tell(&shoot)),
        Part::Control(wish) => {
            let (told, hits) = control::control(&wish).await?;
            println!("{told}");
            return Ok(if hits { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Part::Chaos { course, staging, kills } => chaos::chaos(&course, &staging, kills).await?,
        Part::Broker { listen } => parts::broker(&listen).await?,
        Part::ControlNetwork { at, course, save_every } => {
            parts::control_network(&at, &course, save_every).await?;
        }
        Part::Simulator { at } => parts::simulator(&at).await?,
        Part::Trainer { at, course } => parts::trainer(&at, &course).await?,
        Part::Examine { at, course } => parts::examination(&at, &course).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what became of a shot. One that came down nowhere is told the same way, with exit code 1.
fn tell(&Shoot { wind, angle, weight, tolerance, repeat, path }: &Shoot) -> ExitCode {
    let (trebuchet, aim) = (Trebuchet::new(tolerance), Aim { wind, angle, weight });
    let mut told = report::report(&trebuchet, &aim, path);
    if let (Ok(told), Some(times)) = (&mut told, repeat) {
        told["milliseconds"] = report::milliseconds(&trebuchet, &aim, times).into();
    }
    let code = if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    println!("{}", told.unwrap_or_else(|mishap| mishap));
    code
}
