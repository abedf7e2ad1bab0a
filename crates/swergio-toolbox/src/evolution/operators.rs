//! Operators: selection, crossover and mutation, each a plain function on genomes.

use super::Gene;
use crate::dice::Dice;

/// Says how two parents' genomes are mixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crossover {
    /// Two places are chosen, and what lies between them changes sides; the places differ, so that something does.
    TwoPoint,
    /// Each gene changes sides with probability `swap`, 0 to 1.
    Uniform {
        /// The probability: 0.5 mixes most.
        swap: f64,
    },
}

impl Crossover {
    /// Mixes two genomes of one length in place.
    ///
    /// # Panics
    /// When the lengths differ: an [`Evolution`](super::Evolution) makes sure that they do not.
    pub fn apply<G: Gene>(self, one: &mut [G], other: &mut [G], dice: &mut Dice) {
        assert_eq!(one.len(), other.len(), "only genomes of one length can be mixed");
        match self {
            Self::TwoPoint if one.is_empty() => {}
            Self::TwoPoint => {
                let (from, to) = two_points(one.len(), dice);
                one[from..to].swap_with_slice(&mut other[from..to]);
            }
            Self::Uniform { swap } => {
                for (gene, another) in one.iter_mut().zip(other) {
                    if dice.chance(swap) {
                        std::mem::swap(gene, another);
                    }
                }
            }
        }
    }
}

/// Chooses two different borders among the `length + 1` that a genome has, each pair as likely.
fn two_points(length: usize, dice: &mut Dice) -> (usize, usize) {
    let one = dice.below(length + 1);
    let other = dice.below(length);
    let other = if other >= one { other + 1 } else { other };
    (one.min(other), one.max(other))
}

/// Says how a genome changes by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mutation {
    /// The probability, 0 to 1, with which each gene changes.
    pub rate: f64,
    /// The standard deviation of what is added to a number. Bits, which flip, do not look at it.
    pub strength: f64,
}

impl Mutation {
    /// Adds, to each number with probability `rate`, one of the normal distribution with this standard deviation.
    pub fn gaussian(rate: f64, strength: f64) -> Self {
        Self { rate, strength }
    }

    /// Flips each bit with probability `rate`.
    pub fn bit_flip(rate: f64) -> Self {
        Self { rate, strength: 0.0 }
    }

    /// Changes a genome in place.
    pub fn apply<G: Gene>(self, genome: &mut [G], dice: &mut Dice) {
        for gene in genome {
            if dice.chance(self.rate) {
                *gene = gene.mutated(self.strength, dice);
            }
        }
    }
}

/// Chooses by tournament: of `size` that are drawn, each as likely and with replacement, the index of the fittest wins; of
/// equally fit ones that which was drawn first. Higher is fitter; none is NaN.
///
/// # Panics
/// When there is nobody to choose from.
pub(super) fn tournament(fitness: &[f64], size: usize, dice: &mut Dice) -> usize {
    let mut winner = dice.below(fitness.len());
    for _ in 1..size {
        let rival = dice.below(fitness.len());
        if fitness[rival] > fitness[winner] {
            winner = rival;
        }
    }
    winner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_point_crossover_swaps_one_stretch() {
        let mut dice = Dice::seeded(1);
        let mut borders = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let (mut zeros, mut ones) = ([false; 6], [true; 6]);
            Crossover::TwoPoint.apply(&mut zeros, &mut ones, &mut dice);
            let changes = zeros.windows(2).filter(|pair| pair[0] != pair[1]).count();
            assert!(changes <= 2 && zeros.contains(&true), "{zeros:?}");
            assert!(zeros.iter().zip(ones).all(|(one, other)| *one != other));
            borders.insert(zeros);
        }
        // Every stretch occurs: 7 borders, 21 pairs of them.
        assert_eq!(borders.len(), 21);
    }

    #[test]
    fn uniform_crossover_swaps_as_often_as_it_says_and_loses_nothing() {
        let mut dice = Dice::seeded(2);
        let (mut one, mut other) = (vec![0.0_f64; 10_000], vec![1.0; 10_000]);
        Crossover::Uniform { swap: 0.3 }.apply(&mut one, &mut other, &mut dice);
        let swapped: f64 = one.iter().sum();
        assert!((swapped / 10_000.0 - 0.3).abs() < 0.02);
        assert!(one.iter().zip(&other).all(|(a, b)| a + b == 1.0));
    }

    #[test]
    fn bits_flip_as_often_as_they_should() {
        let mut dice = Dice::seeded(3);
        let mut genome = vec![false; 100_000];
        Mutation::bit_flip(0.01).apply(&mut genome, &mut dice);
        let flipped = genome.iter().filter(|bit| **bit).count();
        assert!((900..1100).contains(&flipped), "{flipped}");
    }

    #[test]
    fn numbers_move_by_as_much_as_they_should() {
        let mut dice = Dice::seeded(4);
        let mut genome = vec![5.0_f32; 40_000];
        Mutation::gaussian(0.5, 0.1).apply(&mut genome, &mut dice);
        let moved: Vec<f64> =
            genome.iter().map(|gene| f64::from(*gene) - 5.0).filter(|by| *by != 0.0).collect();
        assert!((moved.len() as f64 / 40_000.0 - 0.5).abs() < 0.02);
        let variance = moved.iter().map(|by| by * by).sum::<f64>() / moved.len() as f64;
        assert!((variance.sqrt() - 0.1).abs() < 0.005, "{variance}");
    }

    #[test]
    fn a_tournament_of_three_is_won_by_rank() {
        let mut dice = Dice::seeded(5);
        let mut won = [0.0; 4];
        for _ in 0..40_000 {
            won[tournament(&[1.0, 4.0, 2.0, 3.0], 3, &mut dice)] += 1.0 / 40_000.0;
        }
        // The i-th best of n wins if it is drawn and none better: ((n - i + 1)³ - (n - i)³) / n³.
        for (won, cubes) in won.iter().zip([1.0_f64, 37.0, 7.0, 19.0]) {
            assert!((won - cubes / 64.0).abs() < 0.01, "{won} {cubes}");
        }
    }

    #[test]
    fn of_equally_fit_ones_none_is_favoured() {
        let mut dice = Dice::seeded(6);
        let firsts = (0..10_000).filter(|_| tournament(&[1.0, 1.0], 3, &mut dice) == 0).count();
        assert!((4_800..5_200).contains(&firsts), "{firsts}");
    }
}
