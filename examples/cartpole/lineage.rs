//! Lineage: who of the members is bred of whom, by what each has merited. Knows neither rooms nor nets.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use swergio_toolbox::dice::Dice;
use swergio_toolbox::evolution::{Breeding, Crossover, EvolutionFault, Genomes, Mutation, Origin, pair};

use crate::nature::{GENES, Nature};

/// How much of a member's fitness is what it was before.
const MEMORY: f64 = 0.5;
/// The merit of who was not heard once: it cannot be less.
const UNHEARD: f64 = -1.0;
/// So much of all members stay as they are; the others make way.
const STAY: f64 = 0.75;
/// Natures are mixed in so many of all births.
const MIXED: f64 = 0.5;
/// By how much a child's weights differ.
const WEIGHTS: Mutation = Mutation { rate: 1.0, strength: 0.01 };
/// By how much the logarithms of what it learns by differ.
const NATURES: Mutation = Mutation { rate: 1.0, strength: 0.3 };

/// Below so much of the best score that there was, all go back to what they were then.
const RETREAT: f64 = 0.75;
/// So much of its rate is left to who goes back: what was good was spoilt by steps that were too large.
const CALMER: f64 = 0.5;

/// Remembers how fit each member is, and what all were when they did best together; breeds generations.
#[derive(Debug)]
pub(crate) struct Lineage {
    members: Vec<String>,
    fitness: Vec<f64>,
    plan: Breeding,
    dice: Dice,
    /// The best score of a generation, and what its members had become.
    best: (f64, Genomes),
    /// Whether the generation that ends now began as the best one.
    returned: bool,
    /// How many generations were bred, and how many of them of the best one.
    pub(crate) generations: (u64, u64),
}

impl Lineage {
    /// Begins with members of which nothing is known. Three of four always stay, one at least makes way.
    pub(crate) fn new(members: Vec<String>, seed: u64) -> Self {
        let plan = Breeding {
            tournament: NonZeroUsize::new(3).expect("three is not zero"),
            crossover: Crossover::Uniform { swap: 0.5 },
            crossover_probability: MIXED,
            mutation: WEIGHTS,
            mutation_probability: 1.0,
            elite: ((STAY * members.len() as f64).ceil() as usize).min(members.len().saturating_sub(1)),
        };
        let fitness = vec![0.0; members.len()];
        let best = (f64::NEG_INFINITY, Genomes::new());
        Self { members, fitness, plan, dice: Dice::seeded(seed), best, returned: false, generations: (0, 0) }
    }

    /// Breeds the next generation, by the merits of the last episodes, their mean return, and what the members are now.
    ///
    /// The least fit make way for children of winners of tournaments. Learning may also spoil what was good already: when the
    /// score has fallen to less than [`RETREAT`] of the best, all that are bred of, and those that stay, are taken as they
    /// were then, and learn by smaller steps from there. Returns what is to be given to whom; a child whose parents are missing is not born.
    pub(crate) fn breed(
        &mut self,
        merits: &BTreeMap<String, f64>,
        score: f64,
        now: &Genomes,
    ) -> Result<Genomes, EvolutionFault> {
        for (name, fitness) in self.members.iter().zip(&mut self.fitness) {
            let merit = merits.get(name).copied().unwrap_or(UNHEARD);
            *fitness = MEMORY * *fitness + (1.0 - MEMORY) * merit;
        }
        if std::mem::take(&mut self.returned) {
            // It was learning on while it earned its score: what it became may be less than that. Believed less each time.
            self.best.0 = f64::midpoint(self.best.0, score).min(self.best.0);
        }
        let retreats = score < RETREAT * self.best.0;
        if score >= self.best.0 {
            self.best = (score, now.clone());
        }
        if retreats {
            self.returned = true;
            self.best.1.values_mut().for_each(|genome| Nature::calm(genome, CALMER));
        }
        let of = if retreats { self.best.1.clone() } else { now.clone() };
        if self.members.len() < 2 {
            return Ok(Genomes::new());
        }
        let origins = pair(&self.plan, &self.fitness, &mut self.dice)?;
        let stays: BTreeSet<usize> = origins.iter().filter_map(|origin| kept(*origin)).collect();
        let makes_way: Vec<usize> = (0..self.members.len()).filter(|place| !stays.contains(place)).collect();
        let mut next = Genomes::new();
        if retreats {
            let before = stays.iter().map(|place| &self.members[*place]);
            next.extend(before.filter_map(|name| Some((name.clone(), of.get(name)?.clone()))));
        }
        let before = self.fitness.clone();
        for (place, [one, other]) in makes_way.into_iter().zip(origins.into_iter().filter_map(parents)) {
            self.fitness[place] = f64::midpoint(before[one], before[other]);
            let (one, other) = (of.get(&self.members[one]), of.get(&self.members[other]));
            if let (Some(one), Some(other)) = (one, other)
                && let Some(child) = self.bear(one, other)
            {
                next.insert(self.members[place].clone(), child);
            }
        }
        self.generations = (self.generations.0 + 1, self.generations.1 + u64::from(retreats));
        Ok(next)
    }

    /// Makes a child of the first parent's weights, slightly changed. What it learns by may be mixed of both, and changes more.
    ///
    /// Weights are not mixed: what a stretch of one net does, it does together with the rest of that net.
    fn bear(&mut self, one: &[f64], other: &[f64]) -> Option<Vec<f64>> {
        if one.len() != other.len() || one.len() < GENES {
            return None;
        }
        let mut child = one.to_vec();
        let (nature, weights) = child.split_at_mut(GENES);
        if one != other {
            self.plan.crossover.apply(nature, &mut other[..GENES].to_vec(), &mut self.dice);
        }
        NATURES.apply(nature, &mut self.dice);
        self.plan.mutation.apply(weights, &mut self.dice);
        Some(child)
    }
}

fn kept(origin: Origin<usize>) -> Option<usize> {
    match origin {
        Origin::Kept(place) => Some(place),
        Origin::Copied(_) | Origin::Mixed(..) => None,
    }
}

fn parents(origin: Origin<usize>) -> Option<[usize; 2]> {
    match origin {
        Origin::Kept(_) => None,
        Origin::Copied(place) => Some([place, place]),
        Origin::Mixed(one, other) => Some([one, other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|member| format!("m{member}")).collect()
    }

    /// Genomes of so many members, each all its number.
    fn genomes(count: u8) -> Genomes {
        (0..count).map(|member| (format!("m{member}"), vec![f64::from(member); 200])).collect()
    }

    /// The first is the least fit; the last two were not heard.
    fn merits() -> BTreeMap<String, f64> {
        (0..6).map(|member| (format!("m{member}"), f64::from(member) / 10.0)).collect()
    }

    #[test]
    fn three_of_four_stay_and_the_least_fit_make_way_for_children() {
        let mut lineage = Lineage::new(names(8), 1);
        let next = lineage.breed(&merits(), 100.0, &genomes(8)).unwrap();
        assert_eq!(next.keys().collect::<Vec<_>>(), ["m6", "m7"]);
        for child in next.values() {
            // All weights are one parent's, but for a little.
            let parent = child[GENES].round();
            let near = |weight: &f64| (weight - parent).abs() < 0.1 && parent < 5.1;
            assert!(child[GENES..].iter().all(near), "{child:?}");
        }
        assert_eq!(lineage.generations, (1, 0));
    }

    #[test]
    fn what_learning_has_spoilt_is_as_it_was_at_its_best() {
        let mut lineage = Lineage::new(names(8), 1);
        lineage.breed(&merits(), 100.0, &genomes(8)).unwrap();
        let spoilt: Genomes = genomes(8).into_keys().map(|name| (name, vec![-9.0; 200])).collect();
        assert_eq!(lineage.breed(&merits(), 80.0, &spoilt).unwrap().len(), 2, "80 is not that bad");
        let next = lineage.breed(&merits(), 70.0, &spoilt).unwrap();
        assert_eq!((next.len(), lineage.generations), (8, (3, 1)));
        let (before, after) = (&genomes(8)["m5"], &next["m5"]);
        assert_eq!(before[1..], after[1..]);
        assert!((after[0] - before[0] - CALMER.ln()).abs() < 1e-12, "it learns at half the rate");
        assert!(next.values().all(|genome| genome[GENES..].iter().all(|weight| *weight > -1.0)));
    }

    #[test]
    fn a_best_that_does_not_hold_is_believed_less_until_they_go_on_from_where_they_are() {
        let mut lineage = Lineage::new(names(8), 1);
        lineage.breed(&merits(), 100.0, &genomes(8)).unwrap();
        for retreats in [1, 2, 2, 2] {
            lineage.breed(&merits(), 50.0, &genomes(8)).unwrap();
            assert_eq!(lineage.generations.1, retreats);
        }
    }

    #[test]
    fn of_few_one_makes_way_and_one_alone_stays() {
        for (count, born) in [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (20, 5)] {
            let mut lineage = Lineage::new(names(count), 1);
            let next = lineage.breed(&merits(), 1.0, &genomes(count as u8)).unwrap();
            assert_eq!(next.len(), born, "of {count}");
        }
    }

    #[test]
    fn of_whom_nothing_is_known_nobody_is_born() {
        let mut lineage = Lineage::new(names(8), 1);
        assert_eq!(lineage.breed(&merits(), 1.0, &Genomes::new()).unwrap(), Genomes::new());
    }
}
