//! TimeLimit: cuts episodes off after so many steps, from outside.

use std::num::NonZeroU64;

use super::{Environment, Outcome};
use crate::dice::Dice;
use crate::space::Space;
use crate::{BoxError, Values};

/// Truncates the episodes of an environment after a number of steps, as Gymnasium's `TimeLimit` does.
///
/// A step that terminates the episode just then has both flags up.
#[derive(Clone, Debug)]
pub struct TimeLimit<E> {
    environment: E,
    most: NonZeroU64,
    steps: u64,
}

impl<E: Environment> TimeLimit<E> {
    /// Limits episodes to `most` steps.
    pub fn new(environment: E, most: NonZeroU64) -> Self {
        Self { environment, most, steps: 0 }
    }
}

impl<E: Environment> Environment for TimeLimit<E> {
    fn observation_space(&self) -> Space {
        self.environment.observation_space()
    }

    fn action_space(&self) -> Space {
        self.environment.action_space()
    }

    fn reset(&mut self, dice: &mut Dice) -> Result<Values, BoxError> {
        self.steps = 0;
        self.environment.reset(dice)
    }

    fn step(&mut self, action: &Values) -> Result<Outcome, BoxError> {
        let mut outcome = self.environment.step(action)?;
        self.steps += 1;
        outcome.truncated |= self.steps >= self.most.get();
        Ok(outcome)
    }
}
