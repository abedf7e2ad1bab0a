//! Plan: the numbers that a breeding goes by, checked.

use std::num::NonZeroUsize;

use super::{Crossover, Mutation};

/// Says how the next generation comes of this one.
///
/// Parents are chosen by tournament, in pairs; a pair is mixed with one probability, each child then mutated with another; the elite goes
/// over unchanged. This is what DEAP calls `varAnd`, with elitism.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breeding {
    /// How many are drawn for a tournament: 1 does not select at all, 3 is mild, more are harsh.
    pub tournament: NonZeroUsize,
    /// How two genomes are mixed.
    pub crossover: Crossover,
    /// The probability, 0 to 1, with which a pair of parents is mixed at all.
    pub crossover_probability: f64,
    /// How a genome changes by chance.
    pub mutation: Mutation,
    /// The probability, 0 to 1, with which a child is mutated at all.
    pub mutation_probability: f64,
    /// How many of the fittest go over unchanged; fewer than there are members.
    pub elite: usize,
}

/// Tournaments of three, two-point crossover of half the pairs, each child mutated in a hundredth of its genes, the fittest kept.
impl Default for Breeding {
    fn default() -> Self {
        Self {
            tournament: NonZeroUsize::new(3).expect("three is not zero"),
            crossover: Crossover::TwoPoint,
            crossover_probability: 0.5,
            mutation: Mutation::gaussian(0.01, 0.1),
            mutation_probability: 1.0,
            elite: 1,
        }
    }
}

/// Tells what is wrong with a breeding. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvolutionFault {
    /// A probability is not within 0 and 1, or a strength is no finite number of 0 or more.
    #[error("{name} is {found}, which is out of its range")]
    OutOfRange {
        /// Its name.
        name: &'static str,
        /// What was given.
        found: f64,
    },
    /// There are fewer than two members, or no more than the elite.
    #[error(
        "a population of {members} with an elite of {elite} cannot breed; it needs two members, and more than the elite"
    )]
    TooFew {
        /// How many members there are.
        members: usize,
        /// How many go over unchanged.
        elite: usize,
    },
    /// Genomes have different lengths.
    #[error("genome {candidate} has {found} genes where the first has {wanted}")]
    Length {
        /// The candidate.
        candidate: u64,
        /// How many genes the first has.
        wanted: usize,
        /// How many it has.
        found: usize,
    },
    /// Somebody told the fitness of a candidate that is not in this generation.
    #[error("candidate {0} is not of this generation")]
    Unknown(u64),
    /// Somebody told a fitness twice. The first stands.
    #[error("candidate {0} has its fitness already")]
    Repeated(u64),
    /// A fitness is no number.
    #[error("the fitness of candidate {0} is no number; give any but NaN, higher for better")]
    NotNumber(u64),
    /// The generation cannot be bred from before every fitness is told.
    #[error("{0} candidates have no fitness yet; ask for them, try them, and tell it")]
    Untold(usize),
}

impl Breeding {
    /// Checks the numbers for a population of so many members.
    ///
    /// # Errors
    /// [`EvolutionFault::OutOfRange`] or [`EvolutionFault::TooFew`].
    pub fn check(&self, members: usize) -> Result<(), EvolutionFault> {
        let swap = match self.crossover {
            Crossover::TwoPoint => 0.0,
            Crossover::Uniform { swap } => swap,
        };
        for (name, found) in [
            ("crossover_probability", self.crossover_probability),
            ("mutation_probability", self.mutation_probability),
            ("mutation.rate", self.mutation.rate),
            ("crossover.swap", swap),
        ] {
            if !(0.0..=1.0).contains(&found) {
                return Err(EvolutionFault::OutOfRange { name, found });
            }
        }
        let strength = self.mutation.strength;
        if !(strength.is_finite() && strength >= 0.0) {
            return Err(EvolutionFault::OutOfRange { name: "mutation.strength", found: strength });
        }
        if members < 2 || members <= self.elite {
            return Err(EvolutionFault::TooFew { members, elite: self.elite });
        }
        Ok(())
    }
}
