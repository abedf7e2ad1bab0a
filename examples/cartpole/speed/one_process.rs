//! One process: the same poles, agents and learning as through rooms, one after the other on one thread.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::{Run, WARM};
use crate::agent::Recipe;
use crate::alone::poles;
use crate::pupil::Pupil;
use crate::rehearsal::Rehearsal;

/// Lets one agent learn.
pub(super) fn single(seed: u64, window: Duration) -> Result<Run> {
    let mut poles = poles(Recipe::usual().environments, seed)?;
    let mut pupil = Pupil::unexamined(seed);
    run(window, || {
        let actions = pupil.act(poles.shown())?;
        let stepped = poles.step(&actions)?;
        pupil.take(&stepped, poles.shown())?;
        Ok(stepped.rewards.len())
    })
}

/// Lets members act together, and each learn from what was done.
pub(super) fn ensemble(count: usize, seed: u64, window: Duration) -> Result<Run> {
    let mut rehearsal = Rehearsal::new(count, seed)?;
    run(window, || Ok(rehearsal.learn()?.1.rewards.len()))
}

/// Goes on for a while to be warm, and then until the window is over. Each turn returns how many steps were made.
fn run(window: Duration, mut turn: impl FnMut() -> Result<usize>) -> Result<Run> {
    let began = Instant::now();
    while began.elapsed() < WARM {
        turn()?;
    }
    let (began, before, mut steps) = (Instant::now(), used()?, 0);
    while began.elapsed() < window {
        steps += turn()?;
    }
    let took = began.elapsed().as_secs_f64();
    Ok(Run { rate: steps as f64 / took, broker: None, all: (used()? - before) / took })
}

/// Returns the processor time that this process has used, s.
pub(super) fn used() -> Result<f64> {
    // What Linux tells programs is always counted in hundredths of a second.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").context("there is no /proc/self/stat")?;
    // The name, in brackets, may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat holds a name")?;
    let user_and_system = fields.split_whitespace().skip(11).take(2);
    Ok(user_and_system.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_many_make_steps() {
        let window = Duration::from_millis(50);
        let (one, three) = (single(1, window).unwrap(), ensemble(3, 1, window).unwrap());
        assert!(one.rate > 100.0 && three.rate > 100.0, "{one:?} {three:?}");
        assert!(one.all >= 0.0 && one.broker.is_none());
    }
}
