//! Steps: a run of rewards of environments side by side, borrowed from whoever collected it.

/// Borrows a run of steps of one or many environments, time first: entry `t * environments + e` is step `t` of environment `e`.
///
/// `next_values` holds the estimated value of the observation that each step *led to*: amid an episode that of the next
/// observation, at an end that of the episode's **final** observation (used only if it was truncated), at the last step of the run
/// that of the observation that the run stopped at. Zeros mean that nothing is estimated. [`Steps::next_values`] makes it of
/// what an actor-critic has at hand.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// How many environments stand side by side, one at least.
    pub environments: usize,
    /// The reward of each step.
    pub rewards: &'a [f64],
    /// Whether the step ended the episode for good: nothing comes after it.
    pub terminated: &'a [bool],
    /// Whether the episode was cut off after the step, for a reason outside of the environment, such as a time limit.
    pub truncated: &'a [bool],
    /// The estimated value of the observation that each step led to.
    pub next_values: &'a [f64],
}

/// Tells what is wrong with a run of steps. Nothing was computed or kept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RewardFault {
    /// A list has not one entry for each step of each environment.
    #[error("{field} has {found} entries; it needs {wanted}, one for each step of each environment")]
    Length {
        /// The list.
        field: &'static str,
        /// How many entries it needs.
        wanted: usize,
        /// How many it has.
        found: usize,
    },
    /// There is no environment.
    #[error("environments is 0; a run has one at least")]
    NoEnvironment,
    /// A discount or an average's weight is not within 0 and 1.
    #[error("{name} is {found}; give a number from 0 to 1")]
    OutOfRange {
        /// Its name.
        name: &'static str,
        /// What was given.
        found: f64,
    },
    /// A reward or a value is not a finite number: whoever sent it is wrong.
    #[error(
        "{field} of environment {environment} at step {step} of the run is {found}, which is no finite number"
    )]
    NotFinite {
        /// The list.
        field: &'static str,
        /// The environment.
        environment: usize,
        /// The step, counted from the run's first.
        step: usize,
        /// What stands there.
        found: f64,
    },
    /// The rollout has as many steps as its limit allows: take them out before pushing more.
    #[error("the rollout holds {0} steps, which is its limit; finish it before pushing more")]
    Full(usize),
}

impl<'a> Steps<'a> {
    /// Checks that each list has an entry for each step of each environment, and that all numbers are finite.
    ///
    /// # Errors
    /// [`RewardFault`], naming the list.
    pub fn check(&self) -> Result<(), RewardFault> {
        if self.environments == 0 {
            return Err(RewardFault::NoEnvironment);
        }
        let wanted = self.rewards.len().next_multiple_of(self.environments);
        self.fits("rewards", self.rewards.len(), wanted)?;
        self.fits("terminated", self.terminated.len(), wanted)?;
        self.fits("truncated", self.truncated.len(), wanted)?;
        self.fits("next_values", self.next_values.len(), wanted)?;
        self.finite("rewards", self.rewards)?;
        self.finite("next_values", self.next_values)
    }

    /// Makes `next_values` of the values of the observations acted upon and of those at the edge of the run.
    ///
    /// `values` has an entry for each step of each environment, `last` one for each environment: the value of the observation
    /// that the run stopped at. `finals` lists, by index into `values`, the values of the final observations of episodes that
    /// ended within the run; an episode that was truncated needs one, a terminated one does not.
    ///
    /// # Errors
    /// [`RewardFault::Length`] when the lists do not fit each other, or an index of `finals` is no step.
    ///
    /// ```
    /// use swergio_toolbox::reward::Steps;
    ///
    /// // One environment; the second step was truncated at an observation worth 7.
    /// let next = Steps::next_values(&[1.0, 2.0, 3.0], &[4.0], [(1, 7.0)])?;
    /// assert_eq!(next, [2.0, 7.0, 4.0]);
    /// # Ok::<(), swergio_toolbox::reward::RewardFault>(())
    /// ```
    pub fn next_values(
        values: &[f64],
        last: &[f64],
        finals: impl IntoIterator<Item = (usize, f64)>,
    ) -> Result<Vec<f64>, RewardFault> {
        if last.is_empty() {
            return Err(RewardFault::NoEnvironment);
        }
        let wanted = values.len().next_multiple_of(last.len());
        if values.len() != wanted {
            return Err(RewardFault::Length { field: "values", wanted, found: values.len() });
        }
        let mut next: Vec<f64> = values.iter().chain(last).skip(last.len()).copied().collect();
        for (index, value) in finals {
            let place = next.get_mut(index);
            *place.ok_or(RewardFault::Length { field: "finals", wanted, found: index })? = value;
        }
        Ok(next)
    }

    /// Tells what the step's next value counts: nothing after a termination.
    pub(super) fn bootstrap(&self, index: usize) -> f64 {
        if self.terminated[index] { 0.0 } else { self.next_values[index] }
    }

    /// Tells whether the episode ended with the step, in either way.
    pub(super) fn ended(&self, index: usize) -> bool {
        self.terminated[index] || self.truncated[index]
    }

    pub(super) fn finite(&self, field: &'static str, numbers: &[f64]) -> Result<(), RewardFault> {
        match numbers.iter().position(|number| !number.is_finite()) {
            None => Ok(()),
            Some(at) => Err(RewardFault::NotFinite {
                field,
                environment: at % self.environments,
                step: at / self.environments,
                found: numbers[at],
            }),
        }
    }

    pub(super) fn fits(&self, field: &'static str, found: usize, wanted: usize) -> Result<(), RewardFault> {
        if found == wanted { Ok(()) } else { Err(RewardFault::Length { field, wanted, found }) }
    }
}

/// Refuses a discount or a weight that is not within 0 and 1.
pub(super) fn share(name: &'static str, found: f64) -> Result<(), RewardFault> {
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(RewardFault::OutOfRange { name, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Steps<'static> = Steps {
        environments: 2,
        rewards: &[1.0; 4],
        terminated: &[false; 4],
        truncated: &[false; 4],
        next_values: &[0.0; 4],
    };

    #[test]
    fn a_list_that_is_too_short_is_named() {
        assert_eq!(GOOD.check(), Ok(()));
        let fault = Steps { truncated: &[false; 3], ..GOOD }.check().unwrap_err();
        assert_eq!(fault, RewardFault::Length { field: "truncated", wanted: 4, found: 3 });
        let fault = Steps { rewards: &[1.0; 3], ..GOOD }.check().unwrap_err();
        assert_eq!(fault, RewardFault::Length { field: "rewards", wanted: 4, found: 3 });
        assert_eq!(Steps { environments: 0, ..GOOD }.check(), Err(RewardFault::NoEnvironment));
    }

    #[test]
    fn a_reward_that_is_no_number_is_found() {
        let fault = Steps { rewards: &[1.0, 1.0, 1.0, f64::INFINITY], ..GOOD }.check().unwrap_err();
        assert_eq!(
            fault.to_string(),
            "rewards of environment 1 at step 1 of the run is inf, which is no finite number"
        );
    }

    #[test]
    fn the_next_value_of_a_step_is_its_own_environments() {
        let next = Steps::next_values(&[1.0, 10.0, 2.0, 20.0], &[3.0, 30.0], [(1, 99.0)]).unwrap();
        assert_eq!(next, [2.0, 99.0, 3.0, 30.0]);
        assert!(Steps::next_values(&[1.0; 3], &[0.0; 2], []).is_err());
        assert!(Steps::next_values(&[1.0; 2], &[0.0; 2], [(2, 0.0)]).is_err());
    }
}
