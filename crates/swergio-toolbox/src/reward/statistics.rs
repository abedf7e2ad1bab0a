//! Statistics: returns and lengths of the episodes that have ended, as they are reported and plotted.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use super::{RewardFault, Steps};

/// Bounds what [`EpisodeStatistics`] keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatisticsLimits {
    /// How many of the last episodes the means are of. 100, which is what "solved" is usually said of.
    pub episodes: NonZeroUsize,
}

impl Default for StatisticsLimits {
    fn default() -> Self {
        Self { episodes: NonZeroUsize::new(100).expect("a hundred is not zero") }
    }
}

/// Tells of an episode that has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpisodeEnd {
    /// The environment that it was in.
    pub environment: usize,
    /// The sum of its rewards, not discounted.
    pub total: f64,
    /// How many steps it had.
    pub length: u64,
    /// Whether it terminated; otherwise it was truncated.
    pub terminated: bool,
}

/// Adds rewards up over the episodes of environments side by side.
#[derive(Clone, Debug)]
pub struct EpisodeStatistics {
    running: Vec<(f64, u64)>,
    ended: VecDeque<EpisodeEnd>,
    episodes: u64,
    steps: u64,
    limits: StatisticsLimits,
}

impl EpisodeStatistics {
    /// Begins with no episode, for so many environments.
    pub fn new(environments: NonZeroUsize, limits: StatisticsLimits) -> Self {
        let running = vec![(0.0, 0); environments.get()];
        Self { running, ended: VecDeque::new(), episodes: 0, steps: 0, limits }
    }

    /// Takes in one step of all environments, and returns the episodes that ended with it.
    ///
    /// # Errors
    /// [`RewardFault`] when a list has not one entry for each environment, or a reward is not finite; nothing was taken in.
    pub fn step(
        &mut self,
        rewards: &[f64],
        terminated: &[bool],
        truncated: &[bool],
    ) -> Result<Vec<EpisodeEnd>, RewardFault> {
        let next_values = vec![0.0; rewards.len()];
        let steps = Steps {
            environments: self.running.len(),
            rewards,
            terminated,
            truncated,
            next_values: &next_values,
        };
        steps.fits("rewards", rewards.len(), self.running.len())?;
        steps.check()?;
        let mut ends = Vec::new();
        for (environment, running) in self.running.iter_mut().enumerate() {
            running.0 += rewards[environment];
            running.1 += 1;
            if steps.ended(environment) {
                let (total, length) = std::mem::take(running);
                ends.push(EpisodeEnd { environment, total, length, terminated: terminated[environment] });
            }
        }
        self.steps += self.running.len() as u64;
        self.episodes += ends.len() as u64;
        self.ended.extend(&ends);
        let over = self.ended.len().saturating_sub(self.limits.episodes.get());
        self.ended.drain(..over);
        Ok(ends)
    }

    /// Returns the mean return of the last episodes, [`StatisticsLimits::episodes`] at most. None before the first has ended.
    pub fn mean_return(&self) -> Option<f64> {
        self.mean(|end| end.total)
    }

    /// Returns the mean length of the last episodes, in steps. None before the first has ended.
    pub fn mean_length(&self) -> Option<f64> {
        self.mean(|end| end.length as f64)
    }

    /// Lists the last episodes that have ended, oldest first.
    pub fn last(&self) -> impl ExactSizeIterator<Item = &EpisodeEnd> {
        self.ended.iter()
    }

    /// Counts all episodes that have ended.
    pub fn episodes(&self) -> u64 {
        self.episodes
    }

    /// Counts the steps of all environments.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    fn mean(&self, number: impl Fn(&EpisodeEnd) -> f64) -> Option<f64> {
        let count = self.ended.len() as f64;
        (count > 0.0).then(|| self.ended.iter().map(number).sum::<f64>() / count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two(episodes: usize) -> EpisodeStatistics {
        let limits = StatisticsLimits { episodes: NonZeroUsize::new(episodes).unwrap() };
        EpisodeStatistics::new(NonZeroUsize::new(2).unwrap(), limits)
    }

    #[test]
    fn each_environment_has_episodes_of_its_own() {
        let mut statistics = two(10);
        assert_eq!(statistics.mean_return(), None);
        assert_eq!(statistics.step(&[1.0, 5.0], &[false; 2], &[false; 2]).unwrap(), []);
        let ends = statistics.step(&[2.0, 5.0], &[true, false], &[false; 2]).unwrap();
        assert_eq!(ends, [EpisodeEnd { environment: 0, total: 3.0, length: 2, terminated: true }]);
        let ends = statistics.step(&[7.0, 5.0], &[false; 2], &[true; 2]).unwrap();
        assert_eq!(ends[0], EpisodeEnd { environment: 0, total: 7.0, length: 1, terminated: false });
        assert_eq!(ends[1], EpisodeEnd { environment: 1, total: 15.0, length: 3, terminated: false });
        assert_eq!(statistics.mean_return(), Some(25.0 / 3.0));
        assert_eq!(statistics.mean_length(), Some(2.0));
        assert_eq!((statistics.episodes(), statistics.steps()), (3, 6));
    }

    #[test]
    fn old_episodes_are_forgotten_but_counted() {
        let mut statistics = two(3);
        for round in 0..5 {
            statistics.step(&[f64::from(round), 0.0], &[true, false], &[false; 2]).unwrap();
        }
        let totals: Vec<f64> = statistics.last().map(|end| end.total).collect();
        assert_eq!((totals, statistics.episodes()), (vec![2.0, 3.0, 4.0], 5));
    }

    #[test]
    fn a_bad_step_changes_nothing() {
        let mut statistics = two(3);
        assert!(statistics.step(&[1.0, f64::NAN], &[false; 2], &[false; 2]).is_err());
        assert!(statistics.step(&[1.0; 2], &[false; 1], &[false; 2]).is_err());
        assert_eq!(statistics.steps(), 0);
    }
}
