//! CartPole: agents learn from live rewards to balance a pole.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod agent;
mod alone;
mod cart_pole;
mod ensemble;
mod member;
mod net;
mod process;
mod pupil;
mod rooms;

use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;

use agent::Recipe;
use cart_pole::{State, parse_state};
use pupil::{Learnt, News, SOLVED};

/// Teach an agent to balance a pole. Without a command all by itself: broker, poles and agent, each a process.
#[derive(Parser)]
struct Command {
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Make one step, and print what came of it as one JSON object.
    Step(Step),
    /// Teach one agent in one process, without rooms, once for each seed.
    Alone(Alone),
    /// Serve a broker.
    Broker(At),
    /// Serve poles to whoever acts.
    Environment(Poles),
    /// Learn from the poles that somebody serves.
    Agent(Seeded),
    /// Act for an ensemble: hear the members, decide, and pay each its share.
    Aggregation(Seeded),
    /// Be a member of the ensemble: say what to do, and learn from what is done.
    Member(Seeded),
    /// Let an ensemble learn, all by one command.
    Ensemble(Ensemble),
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

#[derive(clap::Args)]
struct Alone {
    /// Seeds to learn from, with commas between.
    #[arg(long, value_delimiter = ',', default_value = "1,2,3,4,5")]
    seeds: Vec<u64>,
    /// Also print each exam.
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    recipe: Recipe,
}

#[derive(clap::Args)]
struct At {
    /// Where the broker listens.
    #[arg(long, env = "SWERGIO_URL", default_value = "ws://127.0.0.1:8080")]
    url: String,
}

#[derive(clap::Args)]
struct Poles {
    #[command(flatten)]
    at: At,
    /// Poles that are balanced side by side.
    #[arg(long, default_value_t = 8)]
    environments: usize,
    /// What chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args)]
struct Seeded {
    #[command(flatten)]
    at: At,
    /// What chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    recipe: Recipe,
}

#[derive(clap::Args)]
struct Ensemble {
    /// How many members learn together.
    #[arg(long, default_value_t = 5)]
    members: usize,
    /// What chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of all poles together, after which they are judged at the latest.
    #[arg(long, default_value_t = 200_000)]
    steps: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse().part {
        None => process::all().await?,
        Some(Part::Step(step)) => print_step(&step),
        Some(Part::Alone(alone)) => learn_alone(&alone)?,
        Some(Part::Broker(at)) => process::broker(at.url.trim_start_matches("ws://")).await?,
        Some(Part::Environment(poles)) => {
            let client = rooms::connect(&poles.at.url, "poles").await?;
            println!("poles    | {} of them stand in the room observation", poles.environments);
            rooms::environment(&client, poles.environments, poles.seed).await?;
        }
        Some(Part::Agent(seeded)) => learn_in_rooms(&seeded).await?,
        Some(Part::Aggregation(Seeded { at, seed, recipe })) => {
            ensemble::preside(&at.url, &recipe, seed).await?;
        }
        Some(Part::Member(Seeded { at, seed, recipe })) => member::learn(&at.url, &recipe, seed).await?,
        Some(Part::Ensemble(Ensemble { members, seed, steps })) => {
            process::ensemble(members, seed, steps).await?;
        }
    }
    Ok(())
}

fn print_step(step: &Step) {
    let next = step.state.push(step.action == 1);
    println!("{}", json!({"next_state": next.numbers(), "reward": 1.0, "terminated": next.is_lost()}));
}

fn learn_alone(alone: &Alone) -> Result<()> {
    println!("seed | mean return | kept after | first {SOLVED} after | learnt for | examined for | steps/s");
    for seed in &alone.seeds {
        let began = Instant::now();
        let learnt = alone::learn(&alone.recipe, *seed, |news| {
            if let (true, News::Examined(steps, score)) = (alone.verbose, news) {
                println!("{seed:4} | {score:11.1} | in an exam after {steps} steps");
            }
        })?;
        let Learnt { judged, kept_at, solved_at, learning, examined } = learnt;
        let rate = (learning + examined) as f64 / began.elapsed().as_secs_f64();
        let judged = judged.unwrap_or_default();
        let solved = solved_at.map_or("never".to_owned(), |steps| steps.to_string());
        println!(
            "{seed:4} | {judged:11.1} | {kept_at:10} | {solved:>15} | {learning:10} | {examined:12} | {rate:7.0}"
        );
    }
    Ok(())
}

async fn learn_in_rooms(seeded: &Seeded) -> Result<()> {
    let client = rooms::connect(&seeded.at.url, "agent").await?;
    let (learnt, rate) = rooms::agent(&client, &seeded.recipe, seeded.seed, |news| match news {
        News::Examined(steps, score) => {
            println!("agent    | {steps:7} steps of learning | mean return of an exam {score:5.1}");
        }
        News::Judged(score) => println!("agent    | judged by 100 episodes and more: {score:5.1}"),
    })
    .await?;
    let Learnt { learning, examined, .. } = learnt;
    println!("agent    | learnt for {learning} steps, was examined for {examined}, at {rate:.0} a second");
    Ok(client.close().await?)
}
