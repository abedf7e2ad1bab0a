//! Chaos: training goes on although its processes are killed, one after another, at random.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use swergio_toolbox::swarm::{State, Swarm};
use tokio::time::sleep;

use super::demo::{Staging, plan};
use super::trainer::Course;

/// Who may be killed.
const VICTIMS: [&str; 4] = ["broker", "simulator", "control-network", "trainer"];
/// How often it is looked how far training has come.
const LOOK: Duration = Duration::from_millis(20);
/// The longest that training may stand still before the play is given up.
const STILL: Duration = Duration::from_secs(120);

/// Trains while so many kills fall at random batches on random processes, and prints what came of it as one JSON object.
pub(crate) async fn chaos(course: &Course, staging: &Staging, kills: u64) -> Result<()> {
    ensure!(!course.folder().exists(), "{} is there already: give another --out", course.folder().display());
    let begun = Instant::now();
    let swarm = Swarm::of(plan(course, staging, false)?)?;
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let (mut lines, sink) = (swarm.lines(), Arc::clone(&heard));
    let told = tokio::spawn(async move {
        while let Some(line) = lines.next().await {
            let text = String::from_utf8_lossy(&line.bytes).into_owned();
            println!("{text}");
            sink.lock().expect("nobody panics while holding it").push(text);
        }
    });
    swarm.start().await?;
    let killed = kill_all(&swarm, course, kills).await?;
    let ended = swarm.ended("trainer").await?;
    ensure!(ended.is_success(), "the trainer {ended}");
    // What a killed process left on the tapes of the others goes by its age.
    sleep(Duration::from_secs_f64(staging.tape_age + 1.0)).await;
    swarm.stop().await?;
    drop(swarm);
    told.await?;
    let heard = heard.lock().expect("nobody panics while holding it");
    println!("{:#}", figures(course, &killed, &heard, begun.elapsed())?);
    Ok(())
}

/// Kills a process at a random batch of each of so many stretches of the course.
async fn kill_all(swarm: &Swarm, course: &Course, kills: u64) -> Result<BTreeMap<String, u64>> {
    let mut dice = fastrand::Rng::with_seed(course.seed);
    let mut killed = BTreeMap::new();
    let stretch = course.batches as f64 / (kills + 1) as f64;
    for number in 0..kills {
        let batch = ((number as f64 + dice.f64()) * stretch) as u64;
        reach(course, batch).await?;
        let victim = VICTIMS[dice.usize(..VICTIMS.len())];
        let pid = running(swarm, victim).await?;
        println!("chaos | kills {victim}, process {pid}, at batch {batch}");
        // It may have ended by itself just now: then nothing is killed, and the next one counts.
        if Command::new("kill").args(["-9", &pid.to_string()]).status()?.success() {
            *killed.entry(victim.to_owned()).or_default() += 1;
        }
    }
    Ok(killed)
}

/// Waits until training has come to a batch.
async fn reach(course: &Course, batch: u64) -> Result<()> {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let done = lines(course, "losses.csv").saturating_sub(1) as u64;
        if done >= batch {
            return Ok(());
        }
        if done != last {
            (last, since) = (done, Instant::now());
        }
        ensure!(since.elapsed() < STILL, "training stands still at batch {done}");
        sleep(LOOK).await;
    }
}

/// Waits until a process runs, and returns its number.
async fn running(swarm: &Swarm, name: &str) -> Result<u32> {
    let since = Instant::now();
    loop {
        let statuses = swarm.status().await?;
        let up = statuses.iter().find(|status| status.name == name && status.state == State::Up);
        if let Some(pid) = up.and_then(|status| status.pid) {
            return Ok(pid);
        }
        ensure!(since.elapsed() < STILL, "{name} does not come back");
        sleep(LOOK).await;
    }
}

fn lines(course: &Course, file: &str) -> usize {
    read_to_string(course.folder().join(file)).map_or(0, |text| text.lines().count())
}

fn figures(
    course: &Course,
    killed: &BTreeMap<String, u64>,
    heard: &[String],
    took: Duration,
) -> Result<Value> {
    let learned = read_to_string(course.folder().join("learned.log"))?;
    let different: BTreeSet<&str> = learned.lines().collect();
    let tapes: Vec<&String> = heard.iter().filter(|line| line.contains("on the tape ")).collect();
    let kept = |line: &&String| line.split("on the tape ").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    let summary =
        read_to_string(course.folder().join("summary.json")).context("the trainer was not examined")?;
    Ok(json!({
        "kills": killed.values().sum::<u64>(),
        "killed": killed,
        "batches": lines(course, "losses.csv") - 1,
        "gradients_learned_from": learned.lines().count(),
        "learned_from_twice": learned.lines().count() - different.len(),
        "left_on_tapes": tapes.iter().filter_map(kept).sum::<u64>(),
        "tapes": tapes.len(),
        "seconds": took.as_secs(),
        "summary": serde_json::from_str::<Value>(&summary)?,
    }))
}
