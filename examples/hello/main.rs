//! Hello: *world* and *universe* chat in a room, all by one command or each in a terminal of its own.

#![expect(clippy::print_stdout, reason = "an example talks to the person at the terminal")]

mod universe;
mod world;

use std::io::{BufRead, BufReader, PipeWriter, pipe};
use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use swergio_broker::{Broker, Config, serve};
use swergio_client::Reconnect;
use tokio::net::TcpListener;

/// The room that they chat in.
const ROOM: &str = "galactic_chat";

/// Let the world and the universe chat. Without a command all by itself: broker, universe and world.
#[derive(Parser)]
struct Hello {
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Serve a broker.
    Broker(At),
    /// Answer whoever speaks in the room.
    Universe(At),
    /// Ask the universe three questions.
    World(At),
}

#[derive(clap::Args)]
struct At {
    /// Where the broker listens.
    #[arg(long, default_value = "ws://127.0.0.1:8080")]
    url: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Hello::parse().part {
        None => all().await,
        Some(Part::Broker(at)) => broker(at.url.trim_start_matches("ws://")).await,
        Some(Part::Universe(at)) => Ok(universe::universe(&at.url).await?),
        Some(Part::World(at)) => {
            world::world(&at.url).await.context("is `hello universe` running at the same --url?")
        }
    }
}

async fn broker(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    println!("broker   | listens on ws://{}", listener.local_addr()?);
    Ok(serve(Broker::new(Config::default())?, listener).await?)
}

/// Serves a broker here, and starts the universe and, once that listens, the world as processes of their own.
async fn all() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    println!("broker   | listens on {url}");
    tokio::spawn(serve(Broker::new(Config::default())?, listener));

    // This thread may wait for them, as the broker runs on others. They write into one pipe, so that what they say
    // is read in the order in which they say it.
    let (told, tell) = pipe()?;
    let mut universe = Process::start("universe", &url, tell.try_clone()?)?;
    let mut told = BufReader::new(told).lines();
    println!("{}", told.next().context("the universe is not there")??);
    let mut world = Process::start("world", &url, tell)?;
    for line in told {
        println!("{}", line?);
    }
    world.end("world")?;
    universe.end("universe")
}

/// A part of the conversation that does not outlive it, whatever happens.
struct Process(Child);

impl Process {
    fn start(part: &str, url: &str, tell: PipeWriter) -> Result<Self> {
        Ok(Self(Command::new(std::env::current_exe()?).args([part, "--url", url]).stdout(tell).spawn()?))
    }

    fn end(&mut self, part: &str) -> Result<()> {
        let status = self.0.wait()?;
        ensure!(status.success(), "the {part} ended with {status}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended long since, unless something went wrong.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Waits for a broker that starts later, and gives up after a minute or so without one.
fn patience() -> Reconnect {
    Reconnect { attempts: Some(8), initially: true, ..Reconnect::default() }
}
