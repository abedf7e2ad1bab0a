//! State: what a learner remembers, as named tensors for a checkpoint.

use std::collections::BTreeMap;

use swergio_client::Tensor;

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
    /// [`StepFault::State`] when it is not the state of a learner with this rule.
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
                memory.insert(weight.to_owned(), self.slots_of(weight, state)?);
            }
        }
        (self.steps, self.memory, self.waiting) = (steps, memory, 0);
        self.gathered.clear();
        Ok(())
    }

    fn slots_of(&self, weight: &str, state: &Tensors) -> Result<Vec<Vec<f64>>, StepFault> {
        let slots: Option<Vec<Vec<f64>>> = self
            .rule
            .slots()
            .iter()
            .map(|slot| state.get(&format!("{weight}.{slot}")).map(Tensor::to_f64_vec))
            .collect();
        slots.filter(|slots| slots.windows(2).all(|pair| pair[0].len() == pair[1].len())).ok_or_else(|| {
            StepFault::State(format!("of {weight:?} not all of {:?} is there", self.rule.slots()))
        })
    }
}
