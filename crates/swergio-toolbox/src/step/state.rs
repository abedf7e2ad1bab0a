//! State: what a learner remembers, as named tensors for a checkpoint.

use std::collections::BTreeMap;

use swergio_client::Tensor;

use super::rule::SLOTS;
use super::{Learner, StepFault};
use crate::weights::Tensors;

/// The name under which the number of steps is kept; no weight is called so, as their names are followed by a slot's.
const STEPS: &str = "step";

impl Learner {
    /// Returns what it remembers: the number of steps as `step`, and for each weight what PyTorch calls
    /// `momentum_buffer`, or `exp_avg` and `exp_avg_sq`, as `WEIGHT.SLOT`.
    ///
    /// Rate, schedule and rule are settings and not part of it; nor are gradients gathered since the last step, which
    /// belong to the weights as they are now.
    pub fn state(&self) -> Tensors {
        let flat = |numbers: &Vec<f64>| {
            Tensor::from_f64([numbers.len()], numbers).expect("as many numbers as the shape says")
        };
        let slots = self.memory.iter().flat_map(|(weight, slots)| {
            let names = self.rule.slots().iter().map(move |slot| format!("{weight}.{slot}"));
            names.zip(slots.iter().map(flat))
        });
        let steps = i64::try_from(self.steps).unwrap_or(i64::MAX);
        let steps = Tensor::from_i64([], &[steps]).expect("one number");
        slots.chain([(STEPS.to_owned(), steps)]).collect()
    }

    /// Goes on from a state; one without entries is a fresh beginning. Gathered gradients are dropped.
    ///
    /// # Errors
    /// [`StepFault::State`] when it is not the state of a learner with this rule; [`StepFault::Moments`] when it is of weights that had other
    /// sizes than those that this one has learned. One that has learned nothing yet knows no sizes: [`set_state_of`](Self::set_state_of) is told them.
    pub fn set_state(&mut self, state: &Tensors) -> Result<(), StepFault> {
        let steps = match state.get(STEPS).map(|steps| steps.to_i64_vec()) {
            None if state.is_empty() => 0,
            Some(steps) if steps.len() == 1 && steps[0] >= 0 => steps[0].unsigned_abs(),
            _ => return Err(StepFault::State("the learner's state has no number of steps".to_owned())),
        };
        let mut memory: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
        for name in state.keys().filter(|name| *name != STEPS) {
            let (weight, slot) = name.rsplit_once('.').unwrap_or((name, ""));
            if !self.rule.slots().contains(&slot) {
                return Err(StepFault::State(format!(
                    "the rule keeps {:?}, not {name:?}",
                    self.rule.slots()
                )));
            }
            if !memory.contains_key(weight) {
                let slots = self.slots_of(weight, state)?;
                self.check_sizes(weight, &slots)?;
                memory.insert(weight.to_owned(), slots);
            }
        }
        (self.steps, self.memory, self.waiting) = (steps, memory, 0);
        self.gathered.clear();
        Ok(())
    }

    /// Goes on from a state as [`set_state`](Self::set_state) does, if it is one of these weights.
    ///
    /// # Errors
    /// As `set_state`, and [`StepFault::Moments`] when something of the state has not the size of its weight.
    pub fn set_state_of(&mut self, weights: &Tensors, state: &Tensors) -> Result<(), StepFault> {
        check_moments(weights, state)?;
        self.set_state(state)
    }

    /// Checks that what came of a weight has the size that it had when it was last learned.
    fn check_sizes(&self, weight: &str, slots: &[Vec<f64>]) -> Result<(), StepFault> {
        let learned = self.memory.get(weight).and_then(|slots| slots.first()).or(self.gathered.get(weight));
        let Some(needs) = learned.or(slots.first()).map(Vec::len) else { return Ok(()) };
        let wrong = self.rule.slots().iter().zip(slots).find(|(_, slot)| slot.len() != needs);
        wrong.map_or(Ok(()), |(slot, came)| Err(moments(weight, slot, needs, came.len())))
    }

    fn slots_of(&self, weight: &str, state: &Tensors) -> Result<Vec<Vec<f64>>, StepFault> {
        let slots: Option<Vec<Vec<f64>>> = self
            .rule
            .slots()
            .iter()
            .map(|slot| state.get(&format!("{weight}.{slot}")).map(Tensor::to_f64_vec))
            .collect();
        slots.ok_or_else(|| {
            StepFault::State(format!("of {weight:?} not all of {:?} is there", self.rule.slots()))
        })
    }
}

/// Checks that what a learner remembers of these weights has their sizes. What else is in the state is the component's own.
pub(crate) fn check_moments(weights: &Tensors, state: &Tensors) -> Result<(), StepFault> {
    for (name, moment) in state {
        let Some((weight, slot)) = name.rsplit_once('.').filter(|(_, slot)| SLOTS.contains(slot)) else {
            continue;
        };
        let Some(needs) = weights.get(weight).map(Tensor::len) else { continue };
        if moment.len() != needs {
            return Err(moments(weight, slot, needs, moment.len()));
        }
    }
    Ok(())
}

fn moments(weight: &str, slot: &str, needs: usize, came: usize) -> StepFault {
    StepFault::Moments { weight: weight.to_owned(), slot: slot.to_owned(), needs, came }
}
