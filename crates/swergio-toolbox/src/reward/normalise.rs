//! Normalise: rewards divided by how much their discounted sum varies, as Gymnasium's NormalizeReward does.

use super::RewardFault;
use super::steps::share;

/// Keeps mean and variance of numbers that come in batches, without keeping the numbers.
///
/// The update is Chan's, of which Gymnasium's `RunningMeanStd` is a copy: it begins with mean 0, variance 1 and a count of
/// [`RunningMoments::BEGIN`], so that the first numbers are not divided by nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningMoments {
    mean: f64,
    variance: f64,
    count: f64,
}

impl RunningMoments {
    /// The weight of the variance that it begins with.
    pub const BEGIN: f64 = 1e-4;

    /// Returns the mean so far; 0 before anything came.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Returns the variance so far, over all numbers, not one less; 1 before anything came.
    pub fn variance(&self) -> f64 {
        self.variance
    }

    /// Takes in a batch. An empty one changes nothing.
    pub fn update(&mut self, batch: &[f64]) {
        if batch.is_empty() {
            return;
        }
        let came = batch.len() as f64;
        let mean = batch.iter().sum::<f64>() / came;
        let variance = batch.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / came;
        let (delta, count) = (mean - self.mean, self.count + came);
        let squares =
            self.variance * self.count + variance * came + delta.powi(2) * self.count * came / count;
        self.mean += delta * came / count;
        self.variance = squares / count;
        self.count = count;
    }
}

impl Default for RunningMoments {
    fn default() -> Self {
        Self { mean: 0.0, variance: 1.0, count: Self::BEGIN }
    }
}

/// Scales rewards so that their discounted sum varies by about one, whatever the environment pays in.
///
/// It keeps a discounted sum for each environment, the variance of these sums, and divides each reward by its root. The mean is not
/// taken off: that would change which policy is best. The numbers are those of Gymnasium 1.4's vector `NormalizeReward` with same-step
/// autoreset, the reset that our environments do: a step that *terminates* leaves its sum's past out,
/// and after an end of either kind the sum begins anew.
#[derive(Clone, Debug)]
pub struct RewardNormaliser {
    gamma: f64,
    epsilon: f64,
    sums: Vec<f64>,
    moments: RunningMoments,
    frozen: bool,
}

impl RewardNormaliser {
    /// What is added to the variance, so that rewards that never vary are not divided by zero.
    pub const EPSILON: f64 = 1e-8;

    /// Begins with nothing known about the rewards of `environments`; `gamma` is the discount, 0 to 1.
    ///
    /// # Errors
    /// [`RewardFault`] when there is no environment or `gamma` is out of range.
    pub fn new(environments: usize, gamma: f64) -> Result<Self, RewardFault> {
        share("gamma", gamma)?;
        if environments == 0 {
            return Err(RewardFault::NoEnvironment);
        }
        Ok(Self {
            gamma,
            epsilon: Self::EPSILON,
            sums: vec![0.0; environments],
            moments: RunningMoments::default(),
            frozen: false,
        })
    }

    /// Takes in one step of all environments, and returns its rewards scaled.
    ///
    /// # Errors
    /// [`RewardFault`] when a list has not one entry for each environment, or a reward is not finite; nothing was taken in.
    pub fn scale(
        &mut self,
        rewards: &[f64],
        terminated: &[bool],
        truncated: &[bool],
    ) -> Result<Vec<f64>, RewardFault> {
        let next_values = vec![0.0; rewards.len()];
        let steps = super::Steps {
            environments: self.sums.len(),
            rewards,
            terminated,
            truncated,
            next_values: &next_values,
        };
        steps.fits("rewards", rewards.len(), self.sums.len())?;
        steps.check()?;
        for (index, sum) in self.sums.iter_mut().enumerate() {
            let past = if terminated[index] { 0.0 } else { *sum };
            *sum = past * self.gamma + rewards[index];
        }
        if !self.frozen {
            self.moments.update(&self.sums);
        }
        for (index, sum) in self.sums.iter_mut().enumerate() {
            if steps.ended(index) {
                *sum = 0.0;
            }
        }
        let scale = (self.moments.variance() + self.epsilon).sqrt();
        Ok(rewards.iter().map(|reward| reward / scale).collect())
    }

    /// Stops learning how rewards vary (`true`), as for evaluation, or goes on.
    pub fn freeze(&mut self, frozen: bool) {
        self.frozen = frozen;
    }

    /// Returns what is known of the discounted sums.
    pub fn moments(&self) -> &RunningMoments {
        &self.moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REWARDS: [[f64; 2]; 5] = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.0], [1.0, 1.0], [-2.0, 4.0]];
    const TERMINATED: [[bool; 2]; 5] =
        [[false, false], [false, true], [false, false], [true, false], [false, false]];
    const TRUNCATED: [[bool; 2]; 5] =
        [[false, false], [false, false], [false, true], [false, false], [false, false]];

    #[test]
    fn rewards_are_scaled_as_gymnasium_scales_them() {
        // What gymnasium 1.4.0's wrappers.vector.NormalizeReward (γ 0.9, same-step autoreset, sums in float64) returned.
        let recorded = [
            [1.999_400_282_350_083_2, 3.998_800_564_700_166_4],
            [0.444_113_597_248_380_6, -0.888_227_194_496_761_2],
            [1.818_553_457_841_090_2, 0.0],
            [0.697_512_430_119_737_3, 0.697_512_430_119_737_3],
            [-0.995_751_054_158_688_9, 1.991_502_108_317_377_8],
        ];
        let mut normaliser = RewardNormaliser::new(2, 0.9).unwrap();
        for step in 0..5 {
            let scaled = normaliser.scale(&REWARDS[step], &TERMINATED[step], &TRUNCATED[step]).unwrap();
            for (ours, theirs) in scaled.iter().zip(recorded[step]) {
                assert!((ours - theirs).abs() < 1e-12, "step {step}: {scaled:?}");
            }
        }
        assert!((normaliser.moments().mean() - 1.255_987_440_125_598_8).abs() < 1e-12);
        assert!((normaliser.moments().variance() - 4.034_209_433_107_917).abs() < 1e-12);
    }

    #[test]
    fn moments_of_batches_are_those_of_all_numbers() {
        let mut moments = RunningMoments::default();
        for batch in [&[1.0, 2.0, 3.0][..], &[], &[10.0], &[-4.0, 6.0]] {
            moments.update(batch);
        }
        // Six numbers with mean 3 and squares that sum to 166: variance 166 / 6 - 9; the beginning weighs 1e-4.
        assert!((moments.mean() - 3.0).abs() < 1e-3);
        assert!((moments.variance() - (166.0 / 6.0 - 9.0)).abs() < 1e-3);
    }

    #[test]
    fn evaluation_scales_and_learns_nothing() {
        let mut normaliser = RewardNormaliser::new(2, 0.9).unwrap();
        normaliser.freeze(true);
        let scaled = normaliser.scale(&[3.0, 4.0], &[false; 2], &[false; 2]).unwrap();
        assert!((scaled[0] - 3.0).abs() < 1e-6);
        assert_eq!(normaliser.moments(), &RunningMoments::default());
    }

    #[test]
    fn a_reward_that_is_no_number_spoils_nothing() {
        let mut normaliser = RewardNormaliser::new(1, 0.9).unwrap();
        assert!(matches!(
            normaliser.scale(&[f64::NAN], &[false], &[false]),
            Err(RewardFault::NotFinite { .. })
        ));
        assert_eq!(normaliser.moments(), &RunningMoments::default());
        assert!(matches!(
            normaliser.scale(&[1.0; 2], &[false; 2], &[false; 2]),
            Err(RewardFault::Length { field: "rewards", .. })
        ));
    }
}
