//! Learner: turns the gradients of weights into steps of the weights.

mod clip;
mod fault;
mod real;
mod rule;
mod schedule;
mod state;

use std::collections::BTreeMap;

pub use clip::Clip;
pub use fault::StepFault;
pub use real::Real;
pub use rule::{Adam, Rule, Sgd};
pub use schedule::Schedule;
#[cfg(feature = "checkpoint")]
pub(crate) use state::check_moments;

use crate::Pass;

/// Changes the weights of a component by their gradients: stochastic gradient descent, Adam or AdamW, as PyTorch has them.
///
/// A component has one, and hands it weights and gradients from within [`vjp`](crate::Differentiable::vjp). Weights may be 32 or
/// 64 bits wide; what is remembered from step to step is 64 bits wide, and is saved and restored with the weights
/// (see [`state`](Self::state)), so that learning goes on after a restart as if there had been none.
///
/// ```
/// use swergio_toolbox::Pass;
/// use swergio_toolbox::step::{Clip, Learner, Schedule, StepFault, Weight};
///
/// struct Line {
///     slope: Vec<f64>,
///     learner: Learner,
/// }
///
/// let learner = Learner::adam(0.01)
///     .with_schedule(Schedule::Cosine { steps: 2_000, floor: 0.1 })
///     .with_clip(Clip::Norm(1.0))
///     .with_gathering(4);
/// let mut line = Line { slope: vec![0.0; 3], learner };
///
/// fn learn(line: &mut Line, by_slope: &[f64], pass: &Pass) -> Result<(), StepFault> {
///     line.learner.learn(pass, &mut [Weight::new("slope", &mut line.slope, by_slope)])?;
///     Ok(())
/// }
/// # let _ = learn;
/// ```
#[derive(Clone, Debug)]
pub struct Learner {
    rule: Rule,
    rate: f64,
    schedule: Schedule,
    clip: Option<Clip>,
    gathering: u64,
    /// Sums of the gradients since the last step, by the weight's name.
    gathered: BTreeMap<String, Vec<f64>>,
    /// How many gradients are in those sums.
    waiting: u64,
    steps: u64,
    /// What the rule remembers, by the weight's name, in the order of [`Rule::slots`].
    memory: BTreeMap<String, Vec<Vec<f64>>>,
}

/// Holds one weight, flat, and the gradient by it, in the same order.
#[derive(Debug)]
pub struct Weight<'a, R> {
    name: &'a str,
    values: &'a mut [R],
    gradient: &'a [R],
}

impl<'a, R> Weight<'a, R> {
    /// Takes a weight by its name, which stays the same from step to step.
    pub fn new(name: &'a str, values: &'a mut [R], gradient: &'a [R]) -> Self {
        Self { name, values, gradient }
    }
}

/// Tells what became of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// Nothing: nobody learns from this pass.
    Nothing,
    /// It waits for others; the weights are as before.
    Gathered,
    /// The weights have changed.
    Stepped,
}

impl Learner {
    /// Learns by a rule at a rate, the size of a step.
    pub fn new(rule: impl Into<Rule>, rate: f64) -> Self {
        Self {
            rule: rule.into(),
            rate,
            schedule: Schedule::Constant,
            clip: None,
            gathering: 1,
            gathered: BTreeMap::new(),
            waiting: 0,
            steps: 0,
            memory: BTreeMap::new(),
        }
    }

    /// Learns by plain gradient descent.
    pub fn sgd(rate: f64) -> Self {
        Self::new(Sgd::default(), rate)
    }

    /// Learns by [`Adam`].
    pub fn adam(rate: f64) -> Self {
        Self::new(Adam::default(), rate)
    }

    /// Learns by [`Adam`] with its weights decaying by `decay` times the rate a step: AdamW.
    pub fn adamw(rate: f64, decay: f64) -> Self {
        Self::new(Adam { weight_decay: decay, decoupled: true, ..Adam::default() }, rate)
    }

    /// Changes the rate from step to step. [`Schedule::Constant`].
    #[must_use]
    pub fn with_schedule(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Limits gradients before each step. They are not limited.
    #[must_use]
    pub fn with_clip(self, clip: Clip) -> Self {
        Self { clip: Some(clip), ..self }
    }

    /// Takes one step for so many gradients, by their mean: as if the batch were larger by that factor. 1; 0 is taken as 1.
    #[must_use]
    pub fn with_gathering(self, gradients: u64) -> Self {
        Self { gathering: gradients.max(1), ..self }
    }

    /// Counts the steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns the rate of the next step.
    pub fn rate(&self) -> f64 {
        self.rate * self.schedule.factor(self.steps)
    }

    /// Learns at another rate from now on; the schedule goes on where it is, and what is remembered stays.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Learns from gradients, unless nobody learns from this pass (see [`Pass::learns`]).
    ///
    /// Name the same weights each time: one that is left out keeps its value, and does not decay.
    ///
    /// # Errors
    /// [`StepFault`] when a gradient has not the size of its weight, or is not finite. Then no weight has changed, and the
    /// gradient is not gathered.
    pub fn learn<R: Real>(
        &mut self,
        pass: &Pass,
        weights: &mut [Weight<'_, R>],
    ) -> Result<Learned, StepFault> {
        if !pass.learns() {
            return Ok(Learned::Nothing);
        }
        for weight in &*weights {
            self.check(weight)?;
        }
        for weight in &*weights {
            self.gather(weight);
        }
        self.waiting += 1;
        if self.waiting < self.gathering {
            return Ok(Learned::Gathered);
        }
        self.step(weights);
        Ok(Learned::Stepped)
    }

    fn check<R: Real>(&self, weight: &Weight<'_, R>) -> Result<(), StepFault> {
        let (name, needs, came) = (weight.name, weight.values.len(), weight.gradient.len());
        if needs != came {
            return Err(StepFault::Size { weight: name.to_owned(), needs, came });
        }
        let remembered = self.memory.get(name).and_then(|slots| slots.first());
        if let Some(slot) = remembered.or(self.gathered.get(name)).filter(|slot| slot.len() != needs) {
            return Err(StepFault::Changed { weight: name.to_owned(), was: slot.len(), is: needs });
        }
        match weight.gradient.iter().position(|number| !number.real().is_finite()) {
            Some(place) => Err(StepFault::NotFinite { weight: name.to_owned(), place }),
            None => Ok(()),
        }
    }

    fn gather<R: Real>(&mut self, weight: &Weight<'_, R>) {
        let sums =
            self.gathered.entry(weight.name.to_owned()).or_insert_with(|| vec![0.0; weight.values.len()]);
        for (sum, number) in sums.iter_mut().zip(weight.gradient) {
            *sum += number.real();
        }
    }

    fn step<R: Real>(&mut self, weights: &mut [Weight<'_, R>]) {
        let rate = self.rate();
        let mut gradients = std::mem::take(&mut self.gathered);
        let share = 1.0 / std::mem::take(&mut self.waiting) as f64;
        gradients.values_mut().flatten().for_each(|number| *number *= share);
        if let Some(clip) = self.clip {
            clip.apply(&mut gradients);
        }
        self.steps += 1;
        for weight in weights {
            let gradient = gradients.get(weight.name).expect("every weight has been gathered");
            let slots = self.memory.entry(weight.name.to_owned());
            let slots = slots.or_insert_with(|| vec![vec![0.0; gradient.len()]; self.rule.slots().len()]);
            self.rule.apply(self.steps, rate, weight.values, gradient, slots);
        }
    }
}

#[cfg(test)]
mod tests;
