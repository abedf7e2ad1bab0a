//! Returns: discounted sums of rewards, to the episode's end or n steps far.

use std::num::NonZeroUsize;

use super::steps::share;
use super::{RewardFault, Steps};

/// Computes the discounted return of each step: `G_t = r_t + γ G_{t+1}`, up to the end of the episode.
///
/// Where the run stops or an episode was truncated, the value of the observation that the step led to stands for what would have
/// come; with `next_values` of zeros that is nothing, which is the plain Monte Carlo return. The result is laid out like
/// [`Steps`]. `gamma` is the discount, 0 to 1.
///
/// # Errors
/// [`RewardFault`] when the lists do not fit or `gamma` is out of range.
///
/// ```
/// use swergio_toolbox::reward::{Steps, returns};
///
/// // Sutton and Barto, exercise 3.8: γ = 0.5 and the rewards -1, 2, 6, 3, 2.
/// let steps = Steps {
///     environments: 1,
///     rewards: &[-1.0, 2.0, 6.0, 3.0, 2.0],
///     terminated: &[false, false, false, false, true],
///     truncated: &[false; 5],
///     next_values: &[0.0; 5],
/// };
/// assert_eq!(returns(&steps, 0.5)?, [2.0, 6.0, 8.0, 4.0, 2.0]);
/// # Ok::<(), swergio_toolbox::reward::RewardFault>(())
/// ```
pub fn returns(steps: &Steps<'_>, gamma: f64) -> Result<Vec<f64>, RewardFault> {
    steps.check()?;
    share("gamma", gamma)?;
    let environments = steps.environments;
    let mut returns = vec![0.0; steps.rewards.len()];
    for index in (0..returns.len()).rev() {
        let later = match returns.get(index + environments) {
            Some(later) if !steps.ended(index) => *later,
            _ => steps.bootstrap(index),
        };
        returns[index] = steps.rewards[index] + gamma * later;
    }
    Ok(returns)
}

/// Computes the n-step return of each step: `r_t + γ r_{t+1} + … + γ^{n-1} r_{t+n-1} + γ^n V(s_{t+n})`.
///
/// It looks `n` steps ahead, or as far as the episode and the run go. Where it stops looking the value of the observation that
/// the last of these steps led to is added, unless that step terminated the episode. With `n` of 1 it is the target of one-step
/// temporal difference, with `n` beyond the run [`returns`]. The result is laid out like [`Steps`].
///
/// # Errors
/// As [`returns`].
pub fn n_step_returns(steps: &Steps<'_>, gamma: f64, n: NonZeroUsize) -> Result<Vec<f64>, RewardFault> {
    steps.check()?;
    share("gamma", gamma)?;
    Ok((0..steps.rewards.len()).map(|index| ahead(steps, gamma, n.get(), index)).collect())
}

fn ahead(steps: &Steps<'_>, gamma: f64, n: usize, index: usize) -> f64 {
    let (mut sum, mut discount) = (0.0, 1.0);
    let mut at = index;
    for seen in 1.. {
        sum += discount * steps.rewards[at];
        discount *= gamma;
        let next = at + steps.environments;
        if seen == n || steps.ended(at) || next >= steps.rewards.len() {
            break;
        }
        at = next;
    }
    sum + discount * steps.bootstrap(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: NonZeroUsize = NonZeroUsize::MAX;

    fn n(number: usize) -> NonZeroUsize {
        NonZeroUsize::new(number).unwrap()
    }

    /// Two environments, three steps. The first is terminated at its second step, the other truncated there at an
    /// observation worth 10; the run stops at observations worth 4 and 6.
    const PAIR: Steps<'static> = Steps {
        environments: 2,
        rewards: &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0],
        terminated: &[false, false, true, false, false, false],
        truncated: &[false, false, false, true, false, false],
        next_values: &[8.0, 9.0, 7.0, 10.0, 4.0, 6.0],
    };

    #[test]
    fn returns_end_with_the_episode_and_go_on_where_it_was_cut_off() {
        // By hand, γ = 0.5. Terminated: 2, then 1 + 0.5·2. Truncated: 2 + 0.5·10, then 1 + 0.5·7. Edge: 3 + 0.5·4, 3 + 0.5·6.
        assert_eq!(returns(&PAIR, 0.5).unwrap(), [2.0, 4.5, 2.0, 7.0, 5.0, 6.0]);
    }

    #[test]
    fn termination_wins_where_both_flags_are_up() {
        let steps = Steps { truncated: &[false, false, true, true, false, false], ..PAIR };
        assert_eq!(returns(&steps, 0.5).unwrap(), returns(&PAIR, 0.5).unwrap());
    }

    #[test]
    fn one_step_is_the_target_of_temporal_difference() {
        // r + γ V(next), and nothing after a termination.
        assert_eq!(n_step_returns(&PAIR, 0.5, n(1)).unwrap(), [5.0, 5.5, 2.0, 7.0, 5.0, 6.0]);
    }

    #[test]
    fn two_steps_of_a_longer_episode_by_hand() {
        let steps = Steps {
            environments: 1,
            rewards: &[1.0, 2.0, 3.0, 4.0],
            terminated: &[false, false, false, true],
            truncated: &[false; 4],
            next_values: &[10.0, 20.0, 30.0, 40.0],
        };
        // 1 + 0.5·2 + 0.25·20; 2 + 0.5·3 + 0.25·30; 3 + 0.5·4; 4.
        assert_eq!(n_step_returns(&steps, 0.5, n(2)).unwrap(), [7.0, 11.0, 5.0, 4.0]);
    }

    /// Sutton and Barto, example 7.1: every state of the random walk is thought to be worth 0.5, and the first episode goes from the centre
    /// through D and E off the right end, which pays 1. One step ahead only E learns of it, two ahead D too, three ahead all.
    #[test]
    fn the_random_walk_of_the_book_learns_as_many_states_back_as_it_looks_ahead() {
        let steps = Steps {
            environments: 1,
            rewards: &[0.0, 0.0, 1.0],
            terminated: &[false, false, true],
            truncated: &[false; 3],
            next_values: &[0.5, 0.5, 0.0],
        };
        assert_eq!(n_step_returns(&steps, 1.0, n(1)).unwrap(), [0.5, 0.5, 1.0]);
        assert_eq!(n_step_returns(&steps, 1.0, n(2)).unwrap(), [0.5, 1.0, 1.0]);
        assert_eq!(n_step_returns(&steps, 1.0, n(3)).unwrap(), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn far_enough_ahead_lies_the_return() {
        for gamma in [0.0, 0.5, 1.0] {
            assert_eq!(n_step_returns(&PAIR, gamma, FAR).unwrap(), returns(&PAIR, gamma).unwrap());
        }
    }

    #[test]
    fn a_discount_above_one_is_refused() {
        let fault = returns(&PAIR, 1.5).unwrap_err();
        assert_eq!(fault.to_string(), "gamma is 1.5; give a number from 0 to 1");
        assert!(returns(&PAIR, f64::NAN).is_err());
    }

    #[test]
    fn an_empty_run_has_no_returns() {
        let empty =
            Steps { environments: 1, rewards: &[], terminated: &[], truncated: &[], next_values: &[] };
        assert_eq!(returns(&empty, 0.9).unwrap(), Vec::<f64>::new());
    }
}
