//! Melody: melodies are bred by how a network rates them, and the network learns a person's taste from few answers.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod asking;
mod breeding;
mod classroom;
mod curve;
mod demo;
mod evolver;
mod examination;
mod genome;
mod labels;
mod learner;
mod midi;
mod network;
mod person;
mod picture;
mod rater;
mod record;
mod render;
mod rooms;
mod score;
mod seeds;
mod taste;
mod teaching;
mod wave;
mod words;

use anyhow::Result;
use clap::{Parser, Subcommand};

use curve::Comparison;
use demo::Staging;
use evolver::Pace;
use person::Temper;
use rater::Mind;
use render::{Rate, Render};
use rooms::At;
use teaching::Course;

/// Breed melodies to a person's taste. Without a command all by itself: broker, evolution, rater, learner and a simulated person.
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
    /// Write a melody as MIDI and as sound.
    Render(Render),
    /// Print what the simulated person thinks of melodies, from 0 to 5.
    Rate(Rate),
    /// Compare the strategies of asking over many seeds, in one process.
    Curve(Comparison),
    /// Serve a broker, with the console.
    Broker {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
    },
    /// Breed melodies.
    Evolution {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        pace: Pace,
    },
    /// Rate melodies by a network, and learn.
    Rater {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        mind: Mind,
    },
    /// Ask people, and teach the rater what they say.
    Learner {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        course: Course,
    },
    /// Answer as the simulated person.
    Person {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        temper: Temper,
    },
    /// Ask a running rater what it thinks of melodies.
    Predict {
        #[command(flatten)]
        at: At,
        /// The melodies: each 128 digits 0 and 1, or 32 hexadecimal ones.
        #[arg(required = true)]
        genomes: Vec<genome::Genome>,
    },
}

fn main() -> Result<()> {
    // The swarm runs this program once more for each process, to stand guard over it.
    swergio_toolbox::swarm::guard();
    let command = Command::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        match command.part {
            None => demo::demo(&command.course, &command.staging).await,
            Some(part) => play(part).await,
        }
    })
}

async fn play(part: Part) -> Result<()> {
    match part {
        Part::Render(render) => render.run(),
        Part::Rate(rate) => rate.run(),
        Part::Curve(comparison) => comparison.run(),
        Part::Broker { listen } => demo::broker(&listen).await,
        Part::Evolution { at, pace } => evolver::evolution(&at, &pace).await,
        Part::Rater { at, mind } => rater::rater(&at, &mind).await,
        Part::Learner { at, course } => teaching::teach(&at, &course).await,
        Part::Person { at, temper } => person::person(&at, &temper).await,
        Part::Predict { at, genomes } => rater::predict(&at, &genomes).await,
    }
}
