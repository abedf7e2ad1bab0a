//! Breeding: how the next generation of melodies comes of this one.

use swergio_toolbox::dice::Dice;
use swergio_toolbox::evolution::{Breeding, Crossover, Evolution, EvolutionFault, Mutation};

use crate::genome::Genome;

/// Melodies of a generation.
pub(crate) const POPULATION: usize = 50;

/// Breeds melodies by tournaments of three, two-point crossover of half the pairs, and a hundredth of the bits of a hundredth of the
/// children.
#[derive(Clone, Debug)]
pub(crate) struct Flock {
    evolution: Evolution<bool>,
}

impl Flock {
    /// Begins with melodies by chance.
    pub(crate) fn by_chance(dice: &mut Dice) -> Self {
        let plan = Breeding {
            crossover: Crossover::TwoPoint,
            crossover_probability: 0.5,
            mutation: Mutation::bit_flip(0.01),
            mutation_probability: 0.01,
            elite: 0,
            ..Breeding::default()
        };
        let genomes: Vec<Vec<bool>> =
            (0..POPULATION).map(|_| Genome::by_chance(dice).bits().to_vec()).collect();
        let evolution = Evolution::new(plan, genomes, dice.below(1 << 32) as u64).expect("the plan is sound");
        Self { evolution }
    }

    /// Lists the melodies of this generation.
    pub(crate) fn genomes(&self) -> Vec<Genome> {
        let candidates = self.evolution.ask().into_iter();
        candidates.map(|one| Genome::new(one.genome).expect("operators keep the length")).collect()
    }

    /// Breeds the next generation, of what each of this one is worth.
    ///
    /// # Errors
    /// When there is not a number for each: nothing was changed.
    pub(crate) fn breed(&mut self, fitness: &[f64]) -> Result<(), EvolutionFault> {
        let candidates = self.evolution.ask();
        if fitness.len() != candidates.len() {
            return Err(EvolutionFault::Untold(candidates.len().saturating_sub(fitness.len())));
        }
        if let Some(place) = fitness.iter().position(|worth| worth.is_nan()) {
            return Err(EvolutionFault::NotNumber(candidates[place].number));
        }
        for (candidate, worth) in candidates.iter().zip(fitness) {
            self.evolution.tell(candidate.number, *worth)?;
        }
        self.evolution.breed().map(drop)
    }

    /// Counts the generations that were bred from.
    pub(crate) fn generation(&self) -> u64 {
        self.evolution.generation()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn melodies_become_what_is_worth_most() {
        let mut flock = Flock::by_chance(&mut Dice::seeded(1));
        let ones = |genome: &Genome| genome.bits().iter().filter(|bit| **bit).count() as f64;
        let mean = |genomes: &[Genome]| genomes.iter().map(ones).sum::<f64>() / genomes.len() as f64;
        let first = mean(&flock.genomes());
        for _ in 0..30 {
            let worth: Vec<f64> = flock.genomes().iter().map(ones).collect();
            flock.breed(&worth).unwrap();
        }
        assert_eq!((flock.generation(), flock.genomes().len()), (30, POPULATION));
        assert!(mean(&flock.genomes()) > first + 15.0);
    }

    #[test]
    fn a_worth_that_is_missing_or_no_number_breeds_nothing() {
        let mut flock = Flock::by_chance(&mut Dice::seeded(1));
        let before = flock.genomes();
        assert!(flock.breed(&[1.0; 49]).is_err() && flock.breed(&[f64::NAN; 50]).is_err());
        assert_eq!((flock.genomes(), flock.generation()), (before, 0));
    }
}
