//! CartPole: agents learn from live rewards to balance a pole.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod account;
mod agent;
mod alone;
mod breeder;
mod cart_pole;
mod compare;
mod control;
mod ensemble;
mod journal;
mod lineage;
mod member;
mod nature;
mod net;
mod orders;
mod pupil;
mod rehearsal;
mod rooms;
mod speed;
mod staging;

use std::time::Instant;

use anyhow::Result;
use clap::{Parser, Subcommand};
use serde_json::json;

use agent::Recipe;
use cart_pole::{State, parse_state};
use compare::Compare;
use control::Course;
use member::Ailment;
use pupil::{Learnt, News, SOLVED};
use speed::Speed;
use staging::Staging;

/// Teach an ensemble to balance a pole, and breed it. Without a command all by itself: broker, poles, members, aggregation, evolution
/// and control, each a process.
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
    /// Make one step, and print what came of it as one JSON object.
    Step(Step),
    /// Teach one agent in one process, without rooms, once for each seed.
    Alone(Alone),
    /// Teach one agent through rooms: broker, poles and agent, each a process.
    Single {
        /// What chance comes from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(flatten)]
        staging: Staging,
    },
    /// Play the ensemble's whole course in one process, without rooms: the same seed gives the same course.
    Rehearse(Course),
    /// Learn with and without evolution from the same seeds, and draw both.
    Compare(Compare),
    /// Measure environment steps a second through the broker, and in one process.
    Speed(Speed),
    /// Serve a broker.
    Broker {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
    },
    /// Serve poles to whoever acts.
    Environment(Poles),
    /// Learn from the poles that somebody serves.
    Agent(Seeded),
    /// Act for an ensemble: hear the members, decide, and pay each its share.
    Aggregation(Seeded),
    /// Be a member of the ensemble: say what to do, learn from what is done, and be bred.
    Member {
        #[command(flatten)]
        seeded: Seeded,
        /// Its name; otherwise member-, and the seed.
        #[arg(long, env = "SWERGIO_NAME")]
        name: Option<String>,
        #[command(flatten)]
        ailment: Ailment,
    },
    /// Breed the members of an ensemble, as control orders.
    Evolution {
        #[command(flatten)]
        at: At,
        /// How many members there are: member-0, member-1 and so on.
        #[arg(long, default_value_t = 20)]
        members: usize,
        /// What chance comes from.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Control an ensemble: start it, have it bred and examined, and judge it.
    Control {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        course: Course,
    },
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

fn main() -> Result<()> {
    swergio_toolbox::swarm::guard();
    let command = Command::parse();
    // A part computes and talks by turns; one thread is enough, and twenty parts share few cores.
    let mut runtime = match &command.part {
        None | Some(Part::Broker { .. } | Part::Single { .. } | Part::Compare(_) | Part::Speed(_)) => {
            tokio::runtime::Builder::new_multi_thread()
        }
        Some(_) => tokio::runtime::Builder::new_current_thread(),
    };
    runtime.enable_all().build()?.block_on(play(command))
}

async fn play(Command { part, course, staging }: Command) -> Result<()> {
    let Some(part) = part else {
        return staging::play(staging::ensemble(&course, &staging)?).await;
    };
    match part {
        Part::Step(step) => print_step(&step),
        Part::Alone(alone) => learn_alone(&alone)?,
        Part::Single { seed, staging } => staging::play(staging::single(seed, &staging)?).await?,
        Part::Rehearse(course) => rehearsal::play(&course)?,
        Part::Compare(compare) => compare::compare(&compare).await?,
        Part::Speed(speed) => speed::measure(&speed).await?,
        Part::Broker { listen } => staging::broker(&listen).await?,
        Part::Environment(poles) => {
            let client = rooms::connect(&poles.at.url, "poles").await?;
            println!("poles    | {} of them stand in the room observation", poles.environments);
            rooms::environment(&client, poles.environments, poles.seed).await?;
        }
        Part::Agent(seeded) => learn_in_rooms(&seeded).await?,
        Part::Aggregation(Seeded { at, seed, recipe }) => {
            ensemble::preside(&at.url, &recipe, seed).await?;
        }
        Part::Member { seeded: Seeded { at, seed, recipe }, name, ailment } => {
            let name = name.unwrap_or_else(|| format!("member-{seed}"));
            member::learn(&at.url, &name, &recipe, seed, ailment).await?;
        }
        Part::Evolution { at, members, seed } => breeder::breed(&at.url, members, seed).await?,
        Part::Control { at, course } => control::lead(&at.url, &course).await?,
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
