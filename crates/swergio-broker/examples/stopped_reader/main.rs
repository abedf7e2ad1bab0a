//! One member of a room stops reading while a publisher goes on: what do the others notice?
//!
//! ```sh
//! cargo run --release -p swergio-broker --example stopped_reader
//! ```
//!
//! A broker process of its own on a free port of the loopback, 49 members that read, a publisher with a fixed rate,
//! in half of the rounds a fiftieth member that never reads. It ends with an error when a promise is broken: nothing is lost, p99 stays
//! within twice that of the rounds without it, memory within the outbox bound, and the stopped one finds 4000.

#![allow(clippy::print_stdout, reason = "its table is for people")]

mod broker;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use broker::{Child, serve_if_asked};
use socket::Socket;

/// Members that read.
const READERS: usize = 49;
/// Rounds with and without the stopped reader, in turns.
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(6);
/// Messages a second, and bytes of each.
const RATE: u64 = 300;
const SIZE: usize = 8 << 10;
/// Bytes that may wait for one reader: little, so that it is reached in a round.
const OUTBOX: usize = 4 << 20;
/// Memory that a process may take beside its outboxes: allocator, kernel's view of shared pages.
const SLACK: usize = 2 << 20;
/// Longest wait for something that must come.
const PATIENCE: Duration = Duration::from_secs(15);

/// What one round, or all of one kind, showed.
#[derive(Debug, Default)]
struct Round {
    lost: usize,
    delays: Vec<Duration>,
    peak: usize,
    grown: usize,
    close_code: Option<u16>,
}

impl Round {
    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.delays.extend(other.delays);
        self.peak = self.peak.max(other.peak);
        self.grown = self.grown.max(other.grown);
        self.close_code = other.close_code;
    }

    fn percentile(&self, percent: usize) -> Duration {
        self.delays.get(self.delays.len() * percent / 100).copied().unwrap_or_default()
    }
}

fn main() -> Result<()> {
    if let Some(code) = serve_if_asked()? {
        std::process::exit(code);
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(compare())
}

async fn compare() -> Result<()> {
    let (mut without, mut with) = (Round::default(), Round::default());
    for _ in 0..ROUNDS {
        without.add(round(false).await?);
        with.add(round(true).await?);
    }
    without.delays.sort_unstable();
    with.delays.sort_unstable();
    show(&without, &with);
    judge(&without, &with)
}

/// Plays one round against a fresh broker.
async fn round(stopped: bool) -> Result<Round> {
    let broker = Child::start(OUTBOX).await?;
    let began = Instant::now();
    let mut readers = JoinSet::new();
    for number in 0..READERS {
        let mut socket = Socket::open(broker.address, &format!("/ws?name=reader{number}&rooms=load")).await?;
        socket.message().await?.context("a WELCOME comes")?;
        readers.spawn(async move { timeout(ROUND + PATIENCE, read(socket, began)).await });
    }
    let silent = match stopped {
        true => Some(Socket::open_narrow(broker.address, "/ws?name=stopped&rooms=load").await?),
        false => None,
    };
    let before = broker.memory("VmRSS")?;
    publish(Socket::open(broker.address, "/ws?name=publisher").await?, began).await?;

    let mut round = Round { lost: READERS * messages(), ..Round::default() };
    while let Some(read) = readers.join_next().await {
        let delays = read?.context("a reader did not hear the last message in time")??;
        round.lost -= delays.len();
        round.delays.extend(delays);
    }
    round.peak = broker.memory("VmHWM")?;
    round.grown = round.peak.saturating_sub(before);
    if let Some(mut silent) = silent {
        round.close_code = timeout(PATIENCE, silent.close_code()).await??;
    }
    broker.stop().await?;
    Ok(round)
}

fn messages() -> usize {
    (RATE * ROUND.as_secs()) as usize
}

/// Sends at a fixed rate, whatever happens: a late message carries the time at which it was due.
async fn publish(mut socket: Socket, began: Instant) -> Result<()> {
    let load: Arc<str> = "x".repeat(SIZE).into();
    let mut beats = interval(Duration::from_secs(1) / RATE as u32);
    beats.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..messages() {
        let due = beats.tick().await.duration_since(began).as_nanos();
        let text = format!(
            "{{\"ID\":\"{number:012}\",\"ROOT_ID\":\"{due:020}\",\"TYPE\":\"DATA/TEXT\",\"TO_ROOM\":\"load\",\
             \"SENT_BY\":\"publisher\",\"DATA\":\"{load}\"}}"
        );
        socket.say(text.as_bytes()).await?;
    }
    Ok(())
}

/// Reads to the last message, in order, and returns how long each was under way.
async fn read(mut socket: Socket, began: Instant) -> Result<Vec<Duration>> {
    let mut delays = Vec::with_capacity(messages());
    let mut next = 0;
    while next < messages() {
        let message = socket.message().await?.context("the broker closed a reader that reads")?;
        let arrived = began.elapsed();
        let number: usize = std::str::from_utf8(&message[7..19])?.parse()?;
        let due: u64 = std::str::from_utf8(&message[32..52])?.parse()?;
        ensure!(number >= next, "message {number} came after {next}");
        next = number + 1;
        delays.push(arrived.saturating_sub(Duration::from_nanos(due)));
    }
    Ok(delays)
}

fn show(without: &Round, with: &Round) {
    let kib = |bytes: usize| format!("{} KiB", bytes >> 10);
    let row = |what: &str, without: &dyn std::fmt::Display, with: &dyn std::fmt::Display| {
        println!("{what:<34}{without:>16}{with:>16}");
    };
    println!(
        "{READERS} readers, {RATE} messages of {SIZE} bytes a second, {ROUNDS} rounds of {} s each; outbox bound {}\n",
        ROUND.as_secs(),
        kib(OUTBOX)
    );
    row("", &"all read", &"one stopped");
    row("deliveries to those who read", &without.delays.len(), &with.delays.len());
    row("lost", &without.lost, &with.lost);
    for percent in [50, 99] {
        let ms = |round: &Round| format!("{:.2} ms", round.percentile(percent).as_secs_f64() * 1e3);
        row(&format!("p{percent}"), &ms(without), &ms(with));
    }
    row("p99, ratio", &"1.00", &format!("{:.2}", ratio(without, with)));
    row("broker's memory, peak", &kib(without.peak), &kib(with.peak));
    row("grown under load", &kib(without.grown), &kib(with.grown));
    row(
        "the stopped one finds",
        &"-",
        &with.close_code.map_or("nothing".to_owned(), |code| code.to_string()),
    );
}

fn ratio(without: &Round, with: &Round) -> f64 {
    with.percentile(99).as_secs_f64() / without.percentile(99).as_secs_f64()
}

fn judge(without: &Round, with: &Round) -> Result<()> {
    ensure!(without.lost + with.lost == 0, "messages were lost");
    ensure!(with.close_code == Some(4000), "the stopped reader does not find 4000");
    let more = with.grown.saturating_sub(without.grown);
    ensure!(more <= OUTBOX + SLACK, "the stopped reader took {more} bytes, more than its outbox may hold");
    ensure!(ratio(without, with) <= 2.0, "the others' p99 is more than twice what it was");
    Ok(())
}
