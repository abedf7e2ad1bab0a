//! Ending: how a stage of a shot ends, and when exactly, with the derivatives of that time.

use std::array::from_fn;

use super::dual::Dual;
use super::mishap::Mishap;
use super::solver::{Motion, Solver, Step};

/// Adds to a motion what ends it.
pub(super) trait Stage<const N: usize, const K: usize>: Motion<N, K> {
    /// The same stage, when nothing is known of how it depends on the variables.
    type Plain<const M: usize>: Stage<N, M>;

    /// Keeps the values only: the `M` derivatives of this one are by something else.
    fn plain<const M: usize>(&self) -> Self::Plain<M>;

    /// Returns what ends the stage when it falls to zero.
    fn ending(&self, state: &[Dual<K>; N]) -> Dual<K>;

    /// Returns what is wrong with a state, if anything is.
    fn mishap(&self, state: &[Dual<K>; N]) -> Option<Mishap>;

    /// Returns what it means when the stage does not end.
    fn endless(&self) -> Mishap;
}

/// Where and when a stage ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending<const N: usize, const K: usize> {
    /// The state there, whose derivatives know that the end moves.
    pub(super) state: [Dual<K>; N],
    /// How long the stage lasted, s.
    pub(super) time: Dual<K>,
    /// How many steps were tried.
    pub(super) steps: usize,
}

/// Parts of a step at which it is looked for an end.
const LOOKS: [f64; 2] = [0.5, 1.0];
/// Halvings of such a part until Newton's method has an easy task.
const HALVINGS: usize = 24;

impl Solver {
    /// Follows a stage to its end. Each step tells `seen` the state that it ends in.
    ///
    /// # Errors
    /// The mishap that befell it on the way.
    pub(super) fn follow<const N: usize, const K: usize>(
        &self,
        stage: &impl Stage<N, K>,
        from: &[Dual<K>; N],
        mut seen: impl FnMut(&[Dual<0>; N]),
    ) -> Result<Ending<N, K>, Mishap> {
        let plain = stage.plain::<0>();
        let (mut state, mut rates, mut length) = (*from, stage.rates(from), Self::FIRST);
        let mut above = plain.ending(&from.map(Dual::keep)).re > 0.0;
        let (mut time, mut steps) = (0.0, 0);
        while time < self.bounds.seconds && steps < self.bounds.steps {
            let taken = self.step(stage, &state, &rates, length, &mut steps);
            let (step, next) = taken.ok_or(Mishap::Unsolvable)?;
            let end = fall(&plain, &step, &mut above).map(|part| arrive(stage, &step, part));
            (state, rates, length) = (step.to, *step.last_rates(), next);
            let lasted = end.map_or(Dual::of(step.length), |(_, lasted)| lasted) + time;
            if let Some((moved, _)) = end {
                state = moved;
            }
            let values = state.map(Dual::keep);
            if let Some(mishap) = plain.mishap(&values) {
                return Err(mishap);
            }
            seen(&values);
            if end.is_some() {
                return Ok(Ending { state, time: lasted, steps });
            }
            time = lasted.re;
        }
        Err(stage.endless())
    }
}

/// Finds the part of a step after which the end has come, if it comes in this step. `above` is whether it is still ahead: what
/// begins below zero has to rise before it can fall.
fn fall<const N: usize, const K: usize>(
    plain: &impl Stage<N, 0>,
    step: &Step<N, K>,
    above: &mut bool,
) -> Option<f64> {
    let mut low = 0.0;
    for mut high in LOOKS {
        let here = plain.ending(&step.at(high)).re > 0.0;
        if *above && !here {
            for _ in 0..HALVINGS {
                let middle = 0.5 * (low + high);
                let side = if plain.ending(&step.at(middle)).re > 0.0 { &mut low } else { &mut high };
                *side = middle;
            }
            return Some(0.5 * (low + high));
        }
        (low, *above) = (high, here);
    }
    None
}

/// Takes a step to the end near a `part` of it. Returns the state there, and how long the step to it is.
///
/// What is between the ends of a step is known to the fourth order only. So the step is taken anew with the length that was found, and
/// once more with that length mended by a step of Newton's method. A last one, in the derivatives alone, makes the end move:
/// where the ending g has the derivatives ∂g at a fixed time, and falls with ġ, its zero moves in time by −∂g/ġ.
fn arrive<const N: usize, const K: usize>(
    stage: &impl Stage<N, K>,
    step: &Step<N, K>,
    part: f64,
) -> ([Dual<K>; N], Dual<K>) {
    let found = step.again(stage, part * step.length);
    let (ending, slope) = fell(stage, &found);
    let there = step.again(stage, found.length - ending.re / slope);
    let (ending, slope) = fell(stage, &there);
    let later = Dual { re: 0.0, by: ending.by.map(|moved| -moved / slope) };
    let rates = there.last_rates();
    (from_fn(|i| there.to[i] + rates[i] * later), later + there.length)
}

/// Returns the ending at the end of a step, and its rate: its derivative when the state's are its rates.
fn fell<const N: usize, const K: usize>(stage: &impl Stage<N, K>, step: &Step<N, K>) -> (Dual<K>, f64) {
    let rates = step.last_rates();
    let moving = from_fn(|i| Dual { re: step.to[i].re, by: [rates[i].re] });
    (stage.ending(&step.to), stage.plain::<1>().ending(&moving).by[0])
}
