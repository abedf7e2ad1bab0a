//! GAE: generalised advantage estimation, after Schulman and others (2016), equation 16.

use super::steps::share;
use super::{RewardFault, Steps};

/// Computes the generalised advantage of each step: `A_t = δ_t + γ λ A_{t+1}` with `δ_t = r_t + γ V(s_{t+1}) - V(s_t)`.
///
/// `values` is the estimated value of the observation that each step was taken upon, laid out like [`Steps`]. After a termination
/// `V(s_{t+1})` is zero; where an episode was truncated, or the run stops, it is the step's entry in `next_values`. An advantage
/// never reaches over an end into the next episode. `gamma` (the discount) and `lambda` (0: one-step differences, little variance;
/// 1: returns minus values, no bias) are from 0 to 1. What the value is trained towards is advantage plus value.
///
/// # Errors
/// [`RewardFault`] when the lists do not fit or a number is out of range.
///
/// ```
/// use swergio_toolbox::reward::{Steps, gae};
///
/// let values = [1.0, 2.0];
/// let steps = Steps {
///     environments: 1,
///     rewards: &[1.0, 1.0],
///     terminated: &[false, false],
///     truncated: &[false, true],
///     next_values: &[2.0, 3.0], // the second step was cut off at an observation worth 3
/// };
/// // δ = 1 + 0.5·2 - 1 = 1 and 1 + 0.5·3 - 2 = 0.5; A = 1 + 0.5·0.5·0.5 and 0.5.
/// assert_eq!(gae(&steps, &values, 0.5, 0.5)?, [1.125, 0.5]);
/// # Ok::<(), swergio_toolbox::reward::RewardFault>(())
/// ```
pub fn gae(steps: &Steps<'_>, values: &[f64], gamma: f64, lambda: f64) -> Result<Vec<f64>, RewardFault> {
    steps.check()?;
    steps.fits("values", values.len(), steps.rewards.len())?;
    steps.finite("values", values)?;
    share("gamma", gamma)?;
    share("lambda", lambda)?;
    let mut advantages = vec![0.0; values.len()];
    for index in (0..values.len()).rev() {
        let difference = steps.rewards[index] + gamma * steps.bootstrap(index) - values[index];
        let later = match advantages.get(index + steps.environments) {
            Some(later) if !steps.ended(index) => *later,
            _ => 0.0,
        };
        advantages[index] = difference + gamma * lambda * later;
    }
    Ok(advantages)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reward::{n_step_returns, returns};

    /// A run of two environments that an actor-critic collected, with its values.
    #[derive(Debug)]
    struct Run {
        rewards: Vec<f64>,
        terminated: Vec<bool>,
        truncated: Vec<bool>,
        values: Vec<f64>,
        next_values: Vec<f64>,
    }

    impl Run {
        fn steps(&self) -> Steps<'_> {
            Steps {
                environments: 2,
                rewards: &self.rewards,
                terminated: &self.terminated,
                truncated: &self.truncated,
                next_values: &self.next_values,
            }
        }
    }

    fn runs() -> impl Strategy<Value = Run> {
        let number = -10.0..10.0_f64;
        let step =
            (number.clone(), proptest::bool::weighted(0.2), proptest::bool::weighted(0.2), number.clone());
        let edge = (number.clone(), number.clone(), proptest::collection::vec(number, 40));
        (proptest::collection::vec([step.clone(), step], 0..20), edge).prop_map(
            |(rows, (one, other, finals))| {
                let flat: Vec<_> = rows.into_iter().flatten().collect();
                let values: Vec<f64> = flat.iter().map(|step| step.3).collect();
                let ends = flat.iter().enumerate().filter(|(_, step)| step.1 || step.2);
                let finals = ends.map(|(index, _)| (index, finals[index])).collect::<Vec<_>>();
                Run {
                    rewards: flat.iter().map(|step| step.0).collect(),
                    terminated: flat.iter().map(|step| step.1).collect(),
                    truncated: flat.iter().map(|step| step.2).collect(),
                    next_values: Steps::next_values(&values, &[one, other], finals).unwrap(),
                    values,
                }
            },
        )
    }

    fn close(one: &[f64], another: &[f64]) -> bool {
        one.len() == another.len()
            && one.iter().zip(another).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + a.abs()))
    }

    fn minus(one: &[f64], another: &[f64]) -> Vec<f64> {
        one.iter().zip(another).map(|(a, b)| a - b).collect()
    }

    proptest! {
        #[test]
        fn with_lambda_one_advantages_are_returns_minus_values(run in runs(), gamma in 0.0..=1.0_f64) {
            let advantages = gae(&run.steps(), &run.values, gamma, 1.0).unwrap();
            prop_assert!(close(&advantages, &minus(&returns(&run.steps(), gamma).unwrap(), &run.values)));
        }

        #[test]
        fn with_lambda_zero_advantages_are_one_step_differences(run in runs(), gamma in 0.0..=1.0_f64) {
            let advantages = gae(&run.steps(), &run.values, gamma, 0.0).unwrap();
            let targets = n_step_returns(&run.steps(), gamma, std::num::NonZeroUsize::MIN).unwrap();
            prop_assert!(close(&advantages, &minus(&targets, &run.values)));
        }

        /// Equation 16 itself: the exponentially weighted average of the advantages over 1, 2, … steps ahead, the last of
        /// which, at the end of what can be seen, has all the weight that is left.
        #[test]
        fn advantages_are_the_weighted_average_over_all_horizons(
            run in runs(), gamma in 0.0..=1.0_f64, lambda in 0.0..=1.0_f64,
        ) {
            let steps = run.steps();
            let horizons: Vec<Vec<f64>> = (1..=21)
                .map(|n| n_step_returns(&steps, gamma, n.try_into().unwrap()).unwrap())
                .collect();
            let average: Vec<f64> = (0..run.values.len())
                .map(|index| {
                    let weighted = |n: usize| lambda.powi(n as i32) * (horizons[n][index] - run.values[index]);
                    (0..20).map(|n| (1.0 - lambda) * weighted(n)).sum::<f64>() + weighted(20)
                })
                .collect();
            prop_assert!(close(&gae(&steps, &run.values, gamma, lambda).unwrap(), &average));
        }

        #[test]
        fn environments_side_by_side_are_as_each_alone(run in runs(), lambda in 0.0..=1.0_f64) {
            let together = gae(&run.steps(), &run.values, 0.9, lambda).unwrap();
            for environment in 0..2 {
                let own = |list: &[f64]| list.iter().skip(environment).step_by(2).copied().collect::<Vec<_>>();
                let flags = |list: &[bool]| list.iter().skip(environment).step_by(2).copied().collect::<Vec<_>>();
                let alone = Steps {
                    environments: 1,
                    rewards: &own(&run.rewards),
                    terminated: &flags(&run.terminated),
                    truncated: &flags(&run.truncated),
                    next_values: &own(&run.next_values),
                };
                prop_assert_eq!(gae(&alone, &own(&run.values), 0.9, lambda).unwrap(), own(&together));
            }
        }
    }

    /// R113: terminated is worth nothing any more, truncated is estimated, both is terminated.
    #[test]
    fn three_steps_by_hand_end_each_way() {
        let values = [1.0, 2.0, 3.0];
        let run = |terminated, truncated| {
            let steps = Steps {
                environments: 1,
                rewards: &[1.0, 1.0, 1.0],
                terminated: &[false, false, terminated],
                truncated: &[false, false, truncated],
                next_values: &[2.0, 3.0, 4.0],
            };
            gae(&steps, &values, 0.9, 0.5).unwrap()
        };
        // δ = 1 + 0.9·2 - 1 = 1.8, 1 + 0.9·3 - 2 = 1.7, and last 1 + 0.9·4 - 3 = 1.6, or 1 - 3 = -2 when terminated.
        // A₃ = δ₃; A₂ = 1.7 + 0.45 A₃; A₁ = 1.8 + 0.45 A₂.
        assert!(close(&run(false, false), &[2.889, 2.42, 1.6]));
        assert!(close(&run(false, true), &[2.889, 2.42, 1.6]));
        assert!(close(&run(true, false), &[2.16, 0.8, -2.0]));
        assert!(close(&run(true, true), &[2.16, 0.8, -2.0]));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let steps = Steps {
            environments: 1,
            rewards: &[1.0],
            terminated: &[false],
            truncated: &[false],
            next_values: &[0.0],
        };
        assert!(matches!(gae(&steps, &[], 0.9, 0.9), Err(RewardFault::Length { field: "values", .. })));
        assert!(matches!(gae(&steps, &[f64::NAN], 0.9, 0.9), Err(RewardFault::NotFinite { .. })));
        assert!(matches!(
            gae(&steps, &[0.0], 0.9, -0.1),
            Err(RewardFault::OutOfRange { name: "lambda", .. })
        ));
    }
}
