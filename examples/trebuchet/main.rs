//! Trebuchet: a network learns to aim a machine that is a process of its own.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod body;
mod dual;
mod event;
mod flight;
mod mishap;
mod report;
mod shot;
#[cfg_attr(not(test), expect(dead_code, reason = "the component comes with the rooms"))]
mod shots;
mod slide;
mod solver;
mod swing;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use shot::{Aim, Trebuchet};

/// Teach a network to aim a trebuchet.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Shoot once, and print how far, and how that depends on wind, angle and counterweight, as one JSON object.
    Shoot(Shoot),
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
    /// Also print the path of the projectile, as pairs of places along the throw and up.
    #[arg(long)]
    path: bool,
}

fn main() -> ExitCode {
    match Command::parse().part {
        Part::Shoot(shoot) => tell(&shoot),
    }
}

/// Prints what became of a shot. One that came down nowhere is told the same way, with exit code 1.
fn tell(&Shoot { wind, angle, weight, tolerance, path }: &Shoot) -> ExitCode {
    let told = report::report(&Trebuchet::new(tolerance), &Aim { wind, angle, weight }, path);
    let code = if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    println!("{}", told.unwrap_or_else(|mishap| mishap));
    code
}
