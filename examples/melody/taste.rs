//! Taste: a *simulated* person, who rates melodies by a fixed rule and a little whim. It makes the example testable; a real person is better.

use swergio_toolbox::dice::Dice;

use crate::genome::{Genome, NOTES, Place};

/// The best rating; the worst is 0.
const BEST: u8 = 5;
/// Standard deviation of the whim, unless another is wanted.
pub(crate) const WHIM: f64 = 0.2;
/// Rests that a melody needs to breathe, of its 32 places.
const BREATH: f64 = 4.0;
/// Rests at which it is as full as one may wish, and from which on it is broken.
const LIVELY: f64 = 6.0;
const BROKEN: f64 = 14.0;

/// Rates as a person with a taste of its own might: above all bars that begin with a tone, on the beat; then few rests, as long as a melody breathes a little;
/// and then a line that moves by steps, that comes home to the tonic, and that repeats itself.
#[derive(Clone, Debug)]
pub(crate) struct SimulatedTaste {
    dice: Dice,
    /// Standard deviation of the whim that is added to each rating before it is rounded.
    whim: f64,
}

impl SimulatedTaste {
    /// Has a taste without whim when `whim` is 0.
    pub(crate) fn new(seed: u64, whim: f64) -> Self {
        Self { dice: Dice::seeded(seed), whim }
    }

    /// Rates a melody from 0 to 5.
    pub(crate) fn rate(&mut self, genome: &Genome) -> u8 {
        rounded(pleasure(genome) + self.whim * self.dice.normal())
    }
}

/// Returns the rating without whim, from 0 to 5.
pub(crate) fn true_rating(genome: &Genome) -> u8 {
    rounded(pleasure(genome))
}

/// Returns the rating without whim, not rounded, from 0 to 5. Melodies by chance lie around 2.
pub(crate) fn pleasure(genome: &Genome) -> f64 {
    let places = genome.places();
    let rests = places.iter().filter(|place| **place == Place::Rest).count() as f64;
    let pulse = 0.45 * (beats(&places) - 4.0);
    let fullness = 0.2 * (BROKEN - rests.max(LIVELY)).max(0.0) - (BREATH - rests).max(0.0);
    let line =
        0.5 * (smoothness(&places) - 0.45) + 0.17 * (home(&places) - 0.3) + 0.25 * (echo(&places) - 0.1);
    (2.1 + pulse + fullness + line).clamp(0.0, f64::from(BEST))
}

fn rounded(rating: f64) -> u8 {
    rating.round().clamp(0.0, f64::from(BEST)) as u8
}

/// The bars that begin with a tone, of eight.
fn beats(places: &[Place]) -> f64 {
    places.iter().step_by(NOTES).filter(|place| **place != Place::Rest).count() as f64
}

/// 1 when neighbours are a step apart at most, 0 when they are four degrees apart on average.
fn smoothness(places: &[Place]) -> f64 {
    let leaps: Vec<f64> = places
        .windows(2)
        .filter_map(|pair| match pair {
            [Place::Degree(one), Place::Degree(other)] => Some(f64::from(one.abs_diff(*other))),
            _ => None,
        })
        .collect();
    if leaps.is_empty() {
        return 0.0;
    }
    let mean = leaps.iter().sum::<f64>() / leaps.len() as f64;
    (1.0 - (mean - 1.0).max(0.0) / 3.0).max(0.0)
}

/// 1 when the last tone is the tonic, half when it is the fifth.
fn home(places: &[Place]) -> f64 {
    match places.iter().rev().find(|place| **place != Place::Rest) {
        Some(Place::Degree(0 | 7)) => 1.0,
        Some(Place::Degree(4)) => 0.5,
        _ => 0.0,
    }
}

/// The share of places that are as they were two bars before.
fn echo(places: &[Place]) -> f64 {
    let pairs = places.iter().zip(&places[2 * NOTES..]);
    let same = pairs.clone().filter(|(before, now)| before == now && **now != Place::Rest).count();
    (2.0 * same as f64 / pairs.count() as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn melody(values: &[u8; 32]) -> Genome {
        Genome::new(values.iter().flat_map(|value| (0..4).map(move |bit| value >> bit & 1 == 1)).collect())
            .unwrap()
    }

    #[test]
    fn a_scale_that_breathes_and_comes_home_is_liked_and_leaps_and_silence_are_not() {
        let line =
            [0, 1, 2, 3, 4, 3, 2, 8, 0, 1, 2, 3, 4, 3, 2, 8, 0, 1, 2, 3, 4, 3, 2, 8, 4, 3, 2, 8, 2, 1, 0, 8];
        assert_eq!(true_rating(&melody(&line)), 5);
        assert_eq!(true_rating(&melody(&[15; 32])), 0);
        let mut steps = line;
        steps.iter_mut().skip(1).step_by(4).for_each(|value| *value = 8);
        let mut leaps = steps;
        leaps.iter_mut().skip(2).step_by(4).filter(|value| **value < 8).for_each(|value| *value = 7);
        assert!(pleasure(&melody(&leaps)) < pleasure(&melody(&steps)));
        assert!(pleasure(&melody(&[0; 32])) < pleasure(&melody(&line)), "it does not breathe");
        let mut late = line;
        late.chunks_mut(NOTES).for_each(|bar| bar.rotate_right(1));
        assert!(pleasure(&melody(&late)) < pleasure(&melody(&line)) - 1.0, "few bars begin with a tone");
    }

    /// A taste that likes everything, or nothing, teaches nothing.
    #[test]
    fn melodies_by_chance_are_rated_from_0_to_4() {
        let mut dice = Dice::seeded(1);
        let mut often = [0; 6];
        for _ in 0..5000 {
            often[usize::from(true_rating(&Genome::by_chance(&mut dice)))] += 1;
        }
        assert!(
            often[0] > 10 && often[1] > 500 && often[2] > 1000 && often[3] > 500 && often[4] > 100,
            "{often:?}"
        );
        assert!(often.iter().max() < Some(&3000), "{often:?}");
    }

    #[test]
    fn whim_moves_a_rating_by_one_now_and_then() {
        let (mut dice, mut moved) = (Dice::seeded(2), 0);
        let mut person = SimulatedTaste::new(3, WHIM);
        for _ in 0..1000 {
            let genome = Genome::by_chance(&mut dice);
            let difference = person.rate(&genome).abs_diff(true_rating(&genome));
            assert!(difference <= 2);
            moved += u32::from(difference > 0);
        }
        assert!((100..400).contains(&moved), "{moved}");
    }
}
