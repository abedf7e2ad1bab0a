//! Rollout: what a policy did and got in its last steps, until it has learnt from it.

use std::num::NonZeroUsize;

use super::{RewardFault, Steps, gae};

/// Bounds a [`Rollout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolloutLimits {
    /// How many steps of each environment it holds: 128, within the 5 to 2,048 that are usual.
    pub steps: NonZeroUsize,
}

impl Default for RolloutLimits {
    fn default() -> Self {
        Self { steps: NonZeroUsize::new(128).expect("128 is not zero") }
    }
}

/// Holds one step of one environment, with whatever the policy needs to learn from it: observation and action, say.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition<T> {
    /// What the policy keeps of it.
    pub item: T,
    /// The estimated value of the observation that was acted upon.
    pub value: f64,
    /// The reward.
    pub reward: f64,
    /// Whether the step ended the episode for good.
    pub terminated: bool,
    /// Whether the episode was cut off after it.
    pub truncated: bool,
    /// The estimated value of the episode's final observation. Only used where the step truncated it.
    pub final_value: f64,
}

/// Collects the steps of environments side by side, up to a bound, and turns them into a batch.
///
/// ```
/// use std::num::NonZeroUsize;
/// use swergio_toolbox::reward::{Rollout, RolloutLimits, Transition};
///
/// let mut rollout = Rollout::new(NonZeroUsize::MIN, RolloutLimits { steps: NonZeroUsize::MIN });
/// let went_left = Transition {
///     item: "left",
///     value: 0.5,
///     reward: 1.0,
///     terminated: false,
///     truncated: false,
///     final_value: 0.0,
/// };
/// rollout.push([went_left])?;
/// assert!(rollout.is_full());
/// let batch = rollout.finish(&[2.0], 0.5, 1.0)?;
/// assert_eq!((batch.items, batch.returns, batch.advantages), (vec!["left"], vec![2.0], vec![1.5]));
/// # Ok::<(), swergio_toolbox::reward::RewardFault>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rollout<T> {
    environments: usize,
    limits: RolloutLimits,
    steps: Vec<Transition<T>>,
}

/// Holds what a rollout comes to, time first, as [`Steps`] are laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<T> {
    /// What the policy kept of each step.
    pub items: Vec<T>,
    /// The estimated value of each observation, as it was then.
    pub values: Vec<f64>,
    /// How much better each step was than estimated.
    pub advantages: Vec<f64>,
    /// What the estimates are trained towards: advantage plus value.
    pub returns: Vec<f64>,
}

impl<T> Rollout<T> {
    /// Begins empty, for so many environments.
    pub fn new(environments: NonZeroUsize, limits: RolloutLimits) -> Self {
        Self { environments: environments.get(), limits, steps: Vec::new() }
    }

    /// Takes in one step of all environments, in their order.
    ///
    /// # Errors
    /// [`RewardFault`] when it is full, when there is not one transition for each environment, or a number is not finite; nothing
    /// was taken in.
    pub fn push(&mut self, step: impl IntoIterator<Item = Transition<T>>) -> Result<(), RewardFault> {
        if self.is_full() {
            return Err(RewardFault::Full(self.len()));
        }
        let before = self.steps.len();
        // One more than fits is enough to tell that there are too many.
        self.steps.extend(step.into_iter().take(self.environments + 1));
        let sound = self.sound(before);
        if sound.is_err() {
            self.steps.truncate(before);
        }
        sound
    }

    /// Counts the steps of each environment.
    pub fn len(&self) -> usize {
        self.steps.len() / self.environments
    }

    /// Tells whether there is no step yet.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Tells whether there are as many steps as the limit allows.
    pub fn is_full(&self) -> bool {
        self.len() >= self.limits.steps.get()
    }

    /// Estimates advantages and returns by [`gae()`], and hands everything over; the rollout is empty afterwards.
    ///
    /// `last_values` has one entry for each environment: the value of the observation that it waits at.
    ///
    /// # Errors
    /// [`RewardFault`] when `last_values` does not fit or a number is out of range; the rollout is as before.
    pub fn finish(&mut self, last_values: &[f64], gamma: f64, lambda: f64) -> Result<Batch<T>, RewardFault> {
        if last_values.len() != self.environments {
            let found = last_values.len();
            return Err(RewardFault::Length { field: "last_values", wanted: self.environments, found });
        }
        let values: Vec<f64> = self.steps.iter().map(|step| step.value).collect();
        let advantages = self.advantages(&values, last_values, gamma, lambda)?;
        let returns = values.iter().zip(&advantages).map(|(value, advantage)| value + advantage).collect();
        let items = self.steps.drain(..).map(|step| step.item).collect();
        Ok(Batch { items, values, advantages, returns })
    }

    fn advantages(
        &self,
        values: &[f64],
        last_values: &[f64],
        gamma: f64,
        lambda: f64,
    ) -> Result<Vec<f64>, RewardFault> {
        let cut_off = self.steps.iter().enumerate().filter(|(_, step)| step.truncated);
        let finals = cut_off.map(|(index, step)| (index, step.final_value));
        let steps = Steps {
            environments: self.environments,
            rewards: &self.steps.iter().map(|step| step.reward).collect::<Vec<_>>(),
            terminated: &self.steps.iter().map(|step| step.terminated).collect::<Vec<_>>(),
            truncated: &self.steps.iter().map(|step| step.truncated).collect::<Vec<_>>(),
            next_values: &Steps::next_values(values, last_values, finals)?,
        };
        gae(&steps, values, gamma, lambda)
    }

    fn sound(&self, before: usize) -> Result<(), RewardFault> {
        let came = &self.steps[before..];
        if came.len() != self.environments {
            return Err(RewardFault::Length { field: "step", wanted: self.environments, found: came.len() });
        }
        for (environment, transition) in came.iter().enumerate() {
            let numbers = [
                ("reward", transition.reward),
                ("value", transition.value),
                ("final_value", transition.final_value),
            ];
            if let Some((field, found)) = numbers.into_iter().find(|(_, number)| !number.is_finite()) {
                let step = before / self.environments;
                return Err(RewardFault::NotFinite { field, environment, step, found });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(item: u32, value: f64, truncated: bool) -> Transition<u32> {
        Transition { item, value, reward: 1.0, terminated: false, truncated, final_value: 10.0 }
    }

    fn two_by_two() -> Rollout<u32> {
        let two = NonZeroUsize::new(2).unwrap();
        let mut rollout = Rollout::new(two, RolloutLimits { steps: two });
        rollout.push([step(0, 1.0, false), step(1, 2.0, true)]).unwrap();
        rollout.push([step(2, 3.0, false), step(3, 4.0, false)]).unwrap();
        rollout
    }

    #[test]
    fn a_batch_is_the_advantages_of_its_steps() {
        let mut rollout = two_by_two();
        let batch = rollout.finish(&[5.0, 6.0], 0.5, 0.0).unwrap();
        // r + γ next - value: 1 + 1.5 - 1; truncated 1 + 5 - 2; 1 + 2.5 - 3; 1 + 3 - 4.
        assert_eq!(batch.advantages, [1.5, 4.0, 0.5, 0.0]);
        assert_eq!(batch.returns, [2.5, 6.0, 3.5, 4.0]);
        assert_eq!(batch.items, [0, 1, 2, 3]);
        assert!(rollout.is_empty());
    }

    #[test]
    fn a_full_rollout_takes_nothing_in() {
        let mut rollout = two_by_two();
        assert_eq!(rollout.push([step(4, 0.0, false), step(5, 0.0, false)]), Err(RewardFault::Full(2)));
        assert_eq!(rollout.len(), 2);
    }

    #[test]
    fn a_bad_step_leaves_no_trace() {
        let two = NonZeroUsize::new(2).unwrap();
        let mut rollout = Rollout::new(two, RolloutLimits::default());
        assert!(matches!(rollout.push([step(0, 0.0, false)]), Err(RewardFault::Length { .. })));
        let endless = std::iter::repeat_with(|| step(0, 0.0, false));
        assert!(matches!(rollout.push(endless), Err(RewardFault::Length { .. })));
        let bad = [step(0, 0.0, false), step(1, f64::NAN, false)];
        assert!(matches!(
            rollout.push(bad),
            Err(RewardFault::NotFinite { field: "value", environment: 1, .. })
        ));
        assert!(rollout.is_empty());
    }

    #[test]
    fn a_rollout_that_cannot_be_finished_keeps_its_steps() {
        let mut rollout = two_by_two();
        assert!(rollout.finish(&[5.0], 0.5, 0.5).is_err());
        assert!(rollout.finish(&[5.0, f64::NAN], 0.5, 0.5).is_err());
        assert_eq!(rollout.len(), 2);
    }
}
