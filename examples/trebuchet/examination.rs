//! Examination: what a network does with winds and targets that it has never seen.

use std::fmt::Write;

use anyhow::Result;
use serde_json::{Value, json};
use swergio_toolbox::{Chain, Client};

use super::picture::draw;
use super::range::Range;
use super::rooms::{INPUT, MODEL};
use super::shot::{Aim, Trebuchet};
use super::simulator::aims;
use super::trainer::{Course, rows, wishes};

/// Wishes that the trebuchet can fulfil with which it is examined.
const UNSEEN: usize = 1_000;
/// Added to the number of batches: of these no network has learned.
const BEYOND: u64 = 1 << 32;

/// One wish, and what came of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// What the network answered. The wind is the one that was told.
    pub(crate) aim: Aim,
    /// Where it should have come down, m.
    pub(crate) target: f64,
    /// Where it came down, m; NaN for nowhere.
    pub(crate) hit: f64,
    /// Whether some aim hits.
    pub(crate) reachable: bool,
}

impl Attempt {
    /// Returns how far off it was, m.
    pub(crate) fn off(&self) -> f64 {
        self.hit - self.target
    }
}

/// Examines the network behind a chain with wishes that it has not seen: 1,000 that can be fulfilled, and those which were drawn
/// with them and cannot.
pub(crate) async fn examine(client: &Client, chain: &Chain, course: &Course) -> Result<Vec<Attempt>> {
    let wishes = unseen(course.seed);
    let told = rows(&wishes.iter().map(|(wish, _)| *wish).collect::<Vec<_>>());
    let hit = chain.validate().forward(&told).await?.into_value().to_f64_vec();
    let aiming: Chain = Chain::new(client).input(INPUT).output(MODEL).open().await?;
    let aims = aims(aiming.validate().forward(&told).await?.value()).map_err(anyhow::Error::from_boxed)?;
    let attempts = wishes.iter().zip(aims).zip(hit);
    Ok(attempts
        .map(|((([_, target], reachable), aim), hit)| Attempt {
            aim,
            target: *target,
            hit,
            reachable: *reachable,
        })
        .collect())
}

/// Writes `unseen.csv`, `summary.json` and the picture `training.svg`, and returns the summary.
pub(crate) fn write(attempts: &[Attempt], losses: &[f64], course: &Course) -> Result<Value> {
    let folder = course.folder();
    std::fs::write(folder.join("unseen.csv"), table(attempts))?;
    draw(&folder.join("training.svg"), losses, attempts)?;
    let summary = summary(attempts, losses.len(), course);
    std::fs::write(folder.join("summary.json"), format!("{summary:#}\n"))?;
    Ok(summary)
}

/// Draws wishes until so many can be fulfilled; each with whether it can.
fn unseen(seed: u64) -> Vec<([f64; 2], bool)> {
    let trebuchet = Trebuchet::new(1e-6);
    let (mut drawn, mut reachable) = (Vec::new(), 0);
    for wish in wishes(seed, BEYOND, 10 * UNSEEN) {
        let can = Range::of(&trebuchet, wish[0]).contains(wish[1]);
        drawn.push((wish, can));
        reachable += usize::from(can);
        if reachable == UNSEEN {
            break;
        }
    }
    drawn
}

fn table(attempts: &[Attempt]) -> String {
    let mut table = "wind_m_s,target_m,reachable,angle_deg,weight_lb,hit_m,off_m\n".to_owned();
    for attempt in attempts {
        let Attempt { aim, target, hit, reachable } = attempt;
        let Aim { wind, angle, weight } = aim;
        let off = attempt.off();
        writeln!(table, "{wind},{target},{reachable},{angle},{weight},{hit},{off}")
            .expect("a string takes all");
    }
    table
}

fn summary(attempts: &[Attempt], batches: usize, course: &Course) -> Value {
    let of = |can: bool| figures(attempts.iter().filter(|attempt| attempt.reachable == can));
    json!({
        "seed": course.seed,
        "batches": batches,
        "shots_in_a_batch": course.shots,
        "reachable": of(true),
        "unreachable": of(false),
    })
}

/// Sums up how far off attempts were, m. One that came down nowhere is as far off as can be.
fn figures<'a>(attempts: impl Iterator<Item = &'a Attempt>) -> Value {
    let mut off: Vec<f64> = attempts.map(|attempt| attempt.off().abs()).collect();
    off.iter_mut().filter(|off| off.is_nan()).for_each(|off| *off = f64::INFINITY);
    off.sort_by(f64::total_cmp);
    let (count, within) = (off.len(), off.iter().filter(|off| **off <= 1.0).count());
    let root = (off.iter().map(|off| off * off).sum::<f64>() / count as f64).sqrt();
    json!({
        "count": count,
        "median_m": off.get(count / 2),
        "rmse_m": root,
        "within_1_m": within as f64 / count as f64,
        "worst_m": off.last(),
    })
}
