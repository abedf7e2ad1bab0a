//! Dice: chance from a seed, so that a run can be had again.

use fastrand::Rng;

/// Rolls numbers from a seed: the same seed gives the same numbers, today and tomorrow.
///
/// Whatever in the toolbox leaves something to chance takes it as an argument. Copies of an environment or members of
/// an ensemble each [`fork`](Self::fork) their own, so that what one of them rolls does not change what another rolls.
///
/// ```
/// use swergio_toolbox::dice::Dice;
///
/// let (mut one, mut another) = (Dice::seeded(7), Dice::seeded(7));
/// assert_eq!(one.below(6), another.below(6));
/// assert_eq!(one.normal(), another.normal());
/// ```
#[derive(Clone, Debug)]
pub struct Dice(Rng);

impl Dice {
    /// Makes dice from a seed. Seeds that are neighbours give numbers that are not.
    pub fn seeded(seed: u64) -> Self {
        Self(Rng::with_seed(Rng::with_seed(seed).u64(..)))
    }

    /// Makes further dice whose numbers are their own.
    pub fn fork(&mut self) -> Self {
        Self::seeded(self.0.u64(..))
    }

    /// Rolls a number in `[0, 1)`, each as likely.
    pub fn uniform(&mut self) -> f64 {
        self.0.f64()
    }

    /// Rolls a number in `[low, high)`, each as likely; `low` when the two are equal.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.f64()
    }

    /// Rolls one of the numbers `0..count`, each as likely.
    ///
    /// # Panics
    /// When `count` is zero: there is nothing to choose from.
    pub fn below(&mut self, count: usize) -> usize {
        // Counted in 64 bits everywhere, so that the same seed gives the same on machines of 32.
        self.0.u64(..count as u64) as usize
    }

    /// Says yes with this probability: never at 0 or less, always at 1 or more.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.f64() < probability
    }

    /// Rolls a number of the normal distribution with mean 0 and variance 1.
    pub fn normal(&mut self) -> f64 {
        // Box and Muller 1958; the second of the pair is not kept, so that the dice have no state but their seed.
        let (radius, turn) = (1.0 - self.0.f64(), self.0.f64());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * turn).cos()
    }

    /// Rolls a number of the exponential distribution with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.0.f64()).ln()
    }

    /// Picks an index with a probability that is proportional to its weight. None when no weight is above zero.
    ///
    /// Weights below zero, and those that are no number, count as zero.
    pub fn pick(&mut self, weights: &[f64]) -> Option<usize> {
        let heavy = |weight: f64| if weight > 0.0 { weight } else { 0.0 };
        let total: f64 = weights.iter().map(|weight| heavy(*weight)).sum();
        let mut left = total * self.0.f64();
        let mut last = None;
        for (index, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            last = Some(index);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        // Rounding may leave a crumb behind the last: it is the last's.
        last
    }

    /// Puts things into a random order, each order as likely.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_for_ever() {
        // If this fails, the library under the dice has changed its numbers: every recorded run would change.
        let mut dice = Dice::seeded(1);
        let rolled: Vec<usize> = (0..8).map(|_| dice.below(1000)).collect();
        assert_eq!(rolled, [406, 583, 121, 823, 294, 882, 515, 769]);
    }

    #[test]
    fn forks_differ_from_each_other_and_from_where_they_come() {
        let mut dice = Dice::seeded(3);
        let (mut one, mut another) = (dice.fork(), dice.fork());
        let numbers = [dice.uniform(), one.uniform(), another.uniform()];
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
    }

    #[test]
    fn distributions_have_the_moments_that_they_say() {
        let mut dice = Dice::seeded(5);
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        let normal: Vec<f64> = (0..40_000).map(|_| dice.normal()).collect();
        let squares: Vec<f64> = normal.iter().map(|number| number * number).collect();
        assert!(mean(&normal).abs() < 0.02 && (mean(&squares) - 1.0).abs() < 0.03);
        let exponential: Vec<f64> = (0..40_000).map(|_| dice.exponential()).collect();
        assert!((mean(&exponential) - 1.0).abs() < 0.02);
        assert!(exponential.iter().all(|number| *number >= 0.0));
    }

    #[test]
    fn heavier_weights_are_picked_more_often_and_none_never() {
        let mut dice = Dice::seeded(9);
        let mut picked = [0; 4];
        for _ in 0..10_000 {
            picked[dice.pick(&[1.0, 0.0, 3.0, f64::NAN]).unwrap()] += 1;
        }
        assert_eq!((picked[1], picked[3]), (0, 0));
        assert!((picked[2] as f64 / 10_000.0 - 0.75).abs() < 0.02, "{picked:?}");
        assert_eq!(dice.pick(&[0.0, -1.0]), None);
    }
}
