//! One process: the same poles, agents and learning as through rooms, one after the other on one thread.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use swergio_client::MessageId;
use swergio_toolbox::dice::Dice;
use swergio_toolbox::ensemble::{Combine, decide};
use swergio_toolbox::environment::Stepped;
use swergio_toolbox::{Tensor, Values};

use super::{Run, WARM};
use crate::agent::{ACTIONS, Recipe};
use crate::alone::poles;
use crate::member::Member;
use crate::pupil::{Pupil, numbers};
use crate::staging::{HIDDEN, seed_of};

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

/// Lets members act together, and each learn from what was done; parts in it are added up, too.
pub(super) fn ensemble(count: usize, seed: u64, window: Duration) -> Result<Run> {
    let recipe = Recipe { hidden: HIDDEN, ..Recipe::usual() };
    let rows = recipe.environments;
    let (mut poles, mut dice) = (poles(rows, seed)?, Dice::seeded(seed));
    let mut members: Vec<(String, Member)> = (0..count)
        .map(|number| (number.to_string(), Member::born(recipe.clone(), seed_of(seed, number))))
        .collect();
    let mut round = 0_u64;
    let id = |round: u64| MessageId::new(&round.to_string());
    let mut paid: Option<(Vec<usize>, Stepped)> = None;
    run(window, || {
        let seen = numbers(poles.shown());
        let said: Vec<(String, Vec<f64>)> = members
            .iter_mut()
            .map(|(name, member)| (name.clone(), member.show(&id(round), seen.clone())))
            .collect();
        if let Some((chosen, stepped)) = paid.take() {
            for (_, member) in &mut members {
                member.pay(&id(round - 1), &chosen, &stepped)?;
            }
        }
        let decision = decide(Combine::Probabilities, rows, ACTIONS, &said)?;
        let chosen = decision.sample(&mut dice);
        decision.credit(&chosen)?;
        let actions: Vec<i64> = chosen.iter().map(|action| *action as i64).collect();
        let stepped = poles.step(&Values::One(Tensor::from_i64([rows], &actions)?))?;
        round += 1;
        paid = Some((chosen, stepped));
        Ok(rows)
    })
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
