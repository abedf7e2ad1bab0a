//! Examination: what the rater thinks of melodies that it has never seen, against what the simulated person thinks of them.

use swergio_toolbox::dice::Dice;

use crate::genome::Genome;
use crate::network::Opinion;
use crate::taste::{pleasure, true_rating};

/// Melodies of an examination: enough that its accuracy is known to about one and a half hundredths.
const MELODIES: usize = 1000;
/// Decides which; no run learns from these dice.
const SEED: u64 = 0x5eed;

/// Holds melodies that nobody is asked about, drawn by chance, with their true ratings.
#[derive(Clone, Debug)]
pub(crate) struct Examination {
    melodies: Vec<Genome>,
    ratings: Vec<u8>,
}

/// Tells how well the rater did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    /// The share of melodies whose likeliest rating is the true one.
    pub(crate) accuracy: f64,
    /// How far the expected rating is from the true one, on average.
    pub(crate) off: f64,
    /// The correlation of the expected rating with the true one.
    pub(crate) correlation: f64,
}

impl Examination {
    /// Draws the melodies.
    pub(crate) fn of_the_simulated_person() -> Self {
        let mut dice = Dice::seeded(SEED);
        let melodies: Vec<Genome> = (0..MELODIES).map(|_| Genome::by_chance(&mut dice)).collect();
        let ratings = melodies.iter().map(true_rating).collect();
        Self { melodies, ratings }
    }

    /// Lists the melodies.
    pub(crate) fn melodies(&self) -> &[Genome] {
        &self.melodies
    }

    /// Marks what the rater thinks of each.
    pub(crate) fn mark(&self, opinions: &[Opinion]) -> Mark {
        let count = self.ratings.len() as f64;
        let pairs = || opinions.iter().zip(&self.ratings);
        let right = pairs().filter(|(opinion, rating)| opinion.likeliest() == **rating).count() as f64;
        let off: f64 = pairs().map(|(opinion, rating)| (opinion.expected() - f64::from(*rating)).abs()).sum();
        let expected: Vec<f64> = opinions.iter().map(Opinion::expected).collect();
        let ratings: Vec<f64> = self.ratings.iter().map(|rating| f64::from(*rating)).collect();
        Mark { accuracy: right / count, off: off / count, correlation: correlation(&expected, &ratings) }
    }
}

/// Returns what the simulated person thinks of some melodies, on average, before it rounds.
pub(crate) fn mean_pleasure(melodies: &[Genome]) -> f64 {
    melodies.iter().map(pleasure).sum::<f64>() / melodies.len().max(1) as f64
}

/// Returns the correlation of two rows of numbers; 0 where one does not vary.
fn correlation(ones: &[f64], others: &[f64]) -> f64 {
    let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let (one, other) = (mean(ones), mean(others));
    let spread =
        |numbers: &[f64], mean: f64| numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>();
    let both: f64 = ones.iter().zip(others).map(|(a, b)| (a - one) * (b - other)).sum();
    let width = (spread(ones, one) * spread(others, other)).sqrt();
    if width > 0.0 { both / width } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_the_taste_passes_and_who_says_the_same_of_all_does_not() {
        let examination = Examination::of_the_simulated_person();
        let sure = |rating: u8| {
            let probabilities = (0..6).map(|class| f64::from(u8::from(class == rating))).collect();
            Opinion { probabilities }
        };
        let right: Vec<Opinion> = examination.ratings.iter().map(|rating| sure(*rating)).collect();
        let mark = examination.mark(&right);
        assert!(mark.accuracy == 1.0 && mark.off == 0.0 && (mark.correlation - 1.0).abs() < 1e-9, "{mark:?}");
        let mark = examination.mark(&vec![sure(2); MELODIES]);
        assert!(mark.accuracy < 0.6 && mark.correlation == 0.0, "{mark:?}");
    }
}
