//! Speed: environment steps a second through the broker, and what it costs, against the same loop in one process.

mod one_process;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use swergio_client::{Client, Kind, Trigger};
use swergio_toolbox::environment::{Actor, ActorLimits};
use swergio_toolbox::swarm::Swarm;
use tokio::time::timeout;

use crate::control::Course;
use crate::orders::{CONTROL, Order, Report};
use crate::pupil::Pupil;
use crate::rooms::{connect, rooms, stepped};
use crate::staging::{self, Staging};

/// How long it may take until the first step is made.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an order may stay unanswered before it is given again.
const AGAIN: Duration = Duration::from_secs(2);
/// What is learnt from before the clock starts.
const WARM: Duration = Duration::from_millis(500);

/// Says what is measured, and how long.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Speed {
    /// Also measure Gymnasium's poles, served by this Python, which has swergio, gymnasium and numpy.
    #[arg(long, value_name = "INTERPRETER")]
    gymnasium: Option<OsString>,
    /// How many times each is measured; the median is shown.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// How long each time takes, s.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// How many members an ensemble has.
    #[arg(long, default_value_t = 20)]
    members: usize,
    /// What chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A file that the figures go to, all runs included, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Names what is measured.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    poles: &'static str,
    agents: usize,
    through_rooms: bool,
}

/// Holds what one run has shown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Run {
    /// Steps of all poles together, a second.
    rate: f64,
    /// Processors that the broker kept busy. None where there is none.
    broker: Option<f64>,
    /// Processors that all kept busy, the broker included.
    all: f64,
}

/// Measures each row so many times, by turns, so that what else the machine does falls on all; prints a table.
pub(crate) async fn measure(speed: &Speed) -> Result<()> {
    ensure!(speed.runs > 0 && speed.seconds > 0.0, "--runs and --seconds must be more than 0");
    let rows = rows(speed);
    let mut measured = vec![Vec::new(); rows.len()];
    let bar = ProgressBar::new((rows.len() * speed.runs) as u64);
    for _ in 0..speed.runs {
        for (row, runs) in rows.iter().zip(&mut measured) {
            bar.set_message(row.name());
            runs.push(row.measure(speed).await?);
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    println!(
        "poles     | agents | where       | steps/s | of one process | broker, processors | of all | runs, steps/s"
    );
    for (row, runs) in rows.iter().zip(&measured) {
        let alone = rows.iter().position(|other| other.agents == row.agents && !other.through_rooms);
        let alone =
            median(measured[alone.context("each is measured in one process")?].iter().map(|run| run.rate));
        println!("{}", line(row, runs, alone));
    }
    if let Some(path) = &speed.json {
        let rows: Vec<Value> = rows.iter().zip(&measured).map(|(row, runs)| row.json(runs)).collect();
        let told = json!({"seconds": speed.seconds, "runs": speed.runs, "environments": 8, "rows": rows});
        std::fs::write(path, serde_json::to_string_pretty(&told)? + "\n")
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn rows(speed: &Speed) -> Vec<Row> {
    let row = |poles, agents, through_rooms| Row { poles, agents, through_rooms };
    let mut rows = Vec::new();
    for agents in [1, speed.members.max(2)] {
        rows.extend([row("Rust", agents, false), row("Rust", agents, true)]);
        rows.extend(speed.gymnasium.as_ref().map(|_| row("Gymnasium", agents, true)));
    }
    rows
}

impl Row {
    fn name(&self) -> String {
        let place = if self.through_rooms { "through rooms" } else { "one process" };
        format!("{} poles, {} agents, {place}", self.poles, self.agents)
    }

    async fn measure(&self, speed: &Speed) -> Result<Run> {
        let window = Duration::from_secs_f64(speed.seconds);
        match (self.through_rooms, self.agents) {
            (false, 1) => one_process::single(speed.seed, window),
            (false, members) => one_process::ensemble(members, speed.seed, window),
            (true, agents) => self.through_rooms(agents, speed, window).await,
        }
    }

    async fn through_rooms(&self, agents: usize, speed: &Speed, window: Duration) -> Result<Run> {
        let gymnasium = speed.gymnasium.clone().filter(|_| self.poles == "Gymnasium");
        let staging = Staging { gymnasium, ..Staging::default() };
        let plan = match agents {
            1 => staging::stage(speed.seed, &staging)?,
            members => staging::uncontrolled(&Course::of(members, speed.seed), &staging)?,
        };
        let swarm = Swarm::of(plan)?;
        swarm.start().await?;
        // An order that is given before those who obey it have joined is heard by nobody.
        timeout(PATIENCE, swarm.ready()).await.context("the parts do not come up")??;
        let measured = match agents {
            1 => agent(&swarm, speed.seed, window).await,
            _ => ensemble(&swarm, window).await,
        };
        swarm.stop().await?;
        measured.with_context(|| self.name())
    }

    fn json(&self, runs: &[Run]) -> Value {
        let runs = runs.iter().map(|run| {
            json!({"steps_per_second": run.rate, "broker_processors": run.broker, "all_processors": run.all})
        });
        json!({
            "poles": self.poles,
            "agents": self.agents,
            "through_rooms": self.through_rooms,
            "runs": runs.collect::<Vec<_>>(),
        })
    }
}

/// Acts and learns itself, as the one agent: broker and poles are processes of their own.
async fn agent(swarm: &Swarm, seed: u64, window: Duration) -> Result<Run> {
    let client = connect(swarm.url(), "agent").await?;
    let mut actor = Actor::open(&client, rooms()?, ActorLimits::default()).await?;
    let mut pupil = Pupil::unexamined(seed);
    let mut clock = Clock::new(window);
    loop {
        let turn = timeout(PATIENCE, actor.turn()).await.context("no turn came")??;
        let turn = turn.context("the broker has gone")?;
        let shown = turn.observation.values;
        if let Some(reward) = turn.reward {
            pupil.take(&stepped(reward), &shown)?;
        }
        actor.act(pupil.act(&shown)?, Some(pupil.version())).await?;
        if let Some(run) = clock.at(swarm, pupil.learnt().learning).await? {
            client.close().await?;
            return Ok(run);
        }
    }
}

/// Controls an ensemble, and counts what it reports.
async fn ensemble(swarm: &Swarm, window: Duration) -> Result<Run> {
    let client: Client = connect(swarm.url(), "control").await?;
    let mut heard = client.subscribe(Trigger::kinds([Kind::LOG_CUSTOM]).rooms([CONTROL])).await?;
    let mut clock = Clock::new(window);
    let began = Instant::now();
    let mut told = false;
    loop {
        ensure!(began.elapsed() < PATIENCE, "the ensemble does not learn");
        if !told {
            client.send(Order::Learn.envelope(CONTROL)?).await?;
        }
        // Who presides may have joined after the order was given.
        let Ok(message) = timeout(AGAIN, heard.next()).await else { continue };
        told = true;
        let message = message.context("the broker has gone")?;
        if message.field::<String>("REF")?.is_some() {
            continue;
        }
        if let Some(run) = clock.at(swarm, Report::read(&message)?.steps).await? {
            client.close().await?;
            return Ok(run);
        }
    }
}

/// Looks at steps and processors at both ends of a window.
struct Clock {
    window: Duration,
    first: Option<Instant>,
    began: Option<(Instant, u64, Used)>,
}

impl Clock {
    fn new(window: Duration) -> Self {
        Self { window, first: None, began: None }
    }

    /// Notes how many steps there were, and returns what was measured once the window is over.
    async fn at(&mut self, swarm: &Swarm, steps: u64) -> Result<Option<Run>> {
        let Some((began, at_first, used)) = &self.began else {
            if self.first.get_or_insert_with(Instant::now).elapsed() >= WARM {
                let used = Used::by(swarm).await?;
                self.began = Some((Instant::now(), steps, used));
            }
            return Ok(None);
        };
        let took = began.elapsed();
        if took < self.window {
            return Ok(None);
        }
        let (now, took) = (Used::by(swarm).await?, took.as_secs_f64());
        let rate = (steps - at_first) as f64 / took;
        let took = began.elapsed().as_secs_f64();
        let busy = |before: f64, after: f64| (after - before) / took;
        Ok(Some(Run { rate, broker: Some(busy(used.broker, now.broker)), all: busy(used.all, now.all) }))
    }
}

/// Processor time so far, s.
struct Used {
    broker: f64,
    all: f64,
}

impl Used {
    async fn by(swarm: &Swarm) -> Result<Self> {
        let status = swarm.status().await?;
        let cpu: BTreeMap<String, f64> =
            status.into_iter().filter_map(|part| Some((part.name, part.cpu?.as_secs_f64()))).collect();
        let broker = *cpu.get("broker").context("the system does not tell what the broker uses")?;
        Ok(Self { broker, all: cpu.values().sum::<f64>() + one_process::used()? })
    }
}

fn line(row: &Row, runs: &[Run], alone: f64) -> String {
    let rate = median(runs.iter().map(|run| run.rate));
    let place = if row.through_rooms { "rooms" } else { "one process" };
    let broker = runs.iter().filter_map(|run| run.broker);
    let (broker, of_all) = match row.through_rooms {
        true => (
            format!("{:.2}", median(broker)),
            format!("{:.0} %", 100.0 * median(runs.iter().filter_map(|run| Some(run.broker? / run.all)))),
        ),
        false => ("".to_owned(), "".to_owned()),
    };
    let each: Vec<String> = runs.iter().map(|run| format!("{:.0}", run.rate)).collect();
    format!(
        "{:9} | {:6} | {place:11} | {rate:7.0} | {:12.1} % | {broker:>18} | {of_all:>6} | {}",
        row.poles,
        row.agents,
        100.0 * rate / alone,
        each.join(" ")
    )
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        count => f64::midpoint(numbers[(count - 1) / 2], numbers[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_much_is_left_of_one_process() {
        let row = Row { poles: "Rust", agents: 20, through_rooms: true };
        let runs = [(30.0, 0.5, 2.0), (10.0, 0.4, 2.0), (20.0, 0.3, 1.5)].map(|(rate, broker, all)| Run {
            rate,
            broker: Some(broker),
            all,
        });
        let line = line(&row, &runs, 80.0);
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        assert_eq!(cells, ["Rust", "20", "rooms", "20", "25.0 %", "0.40", "20 %", "30 10 20"]);
        assert_eq!(median([1.0, 4.0].into_iter()), 2.5);
    }
}
