//! CartPole: agents learn from live rewards to balance a pole.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod cart_pole;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;

use cart_pole::{State, parse_state};

/// Teach agents to balance a pole.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Make one step, and print what came of it as one JSON object.
    Step(Step),
}

#[derive(clap::Args)]
struct Step {
    /// Place (m), velocity (m/s), angle (rad) and angular velocity (rad/s), with commas between.
    #[arg(long, value_parser = parse_state, allow_hyphen_values = true)]
    state: State,
    /// 0 pushes to the left, 1 to the right.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=1))]
    action: u8,
}

fn main() -> Result<()> {
    match Command::parse().part {
        Part::Step(step) => print_step(&step),
    }
    Ok(())
}

fn print_step(step: &Step) {
    let next = step.state.push(step.action == 1);
    println!("{}", json!({"next_state": next.numbers(), "reward": 1.0, "terminated": next.is_lost()}));
}
