//! Population: asks for candidates to be tried, is told what they are worth, and breeds the next.

use super::operators::tournament;
use super::{Breeding, EvolutionFault, Gene};
use crate::dice::Dice;

/// Breeds genomes that are tried elsewhere: in other processes, by people, whenever.
///
/// It asks, is told, and waits for nothing: [`ask`](Self::ask) lists the candidates that nobody has told the fitness of,
/// [`tell`](Self::tell) takes a fitness in any order, and once all are told [`breed`](Self::breed) makes the next generation. The same
/// genomes, fitnesses and seed give the same generations, in whatever order the fitnesses come.
///
/// ```
/// use swergio_toolbox::evolution::{Breeding, Evolution, Mutation};
///
/// // As many ones as can be had among 32 bits.
/// let genomes = (0..20_u32).map(|n| (0..32).map(|bit| (n * 7 >> (bit % 8)) & 1 == 1).collect());
/// let plan = Breeding { mutation: Mutation::bit_flip(0.03), ..Breeding::default() };
/// let mut evolution: Evolution<bool> = Evolution::new(plan, genomes, 1)?;
/// for _ in 0..60 {
///     for candidate in evolution.ask() {
///         let ones = candidate.genome.iter().filter(|bit| **bit).count();
///         evolution.tell(candidate.number, ones as f64)?;
///     }
///     evolution.breed()?;
/// }
/// assert_eq!(evolution.best().unwrap().1, 32.0);
/// # Ok::<(), swergio_toolbox::evolution::EvolutionFault>(())
/// ```
///
/// Where genomes are too large to be handed about, [`pair`] says who is to be bred of whom, without any.
#[derive(Clone, Debug)]
pub struct Evolution<G> {
    plan: Breeding,
    dice: Dice,
    generation: u64,
    next_number: u64,
    members: Vec<Member<G>>,
    best: Option<(Vec<G>, f64)>,
}

#[derive(Clone, Debug)]
struct Member<G> {
    number: u64,
    genome: Vec<G>,
    fitness: Option<f64>,
}

/// Holds a genome that wants to be tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate<G> {
    /// Its number, which no other candidate of this evolution ever has.
    pub number: u64,
    /// Its genes.
    pub genome: Vec<G>,
}

/// Tells of a generation that has been bred from.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    /// Which it was, counted from 0.
    pub number: u64,
    /// The fitness of its fittest.
    pub best: f64,
    /// The mean of its fitnesses.
    pub mean: f64,
    /// Who came of whom, in the order of the new candidates.
    pub births: Vec<Birth>,
}

/// Tells where a new candidate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    /// The new candidate's number; for the elite, which goes over unchanged, the old one.
    pub number: u64,
    /// The numbers of those that it comes of.
    pub origin: Origin,
}

/// Says how a member comes of the generation before; places for [`pair`], numbers in a [`Birth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<P = u64> {
    /// It goes over as it is, its fitness included.
    Kept(P),
    /// It has one parent's genes, perhaps mutated.
    Copied(P),
    /// It is mixed of the first, whose place it has, and the second, and perhaps mutated.
    Mixed(P, P),
}

impl<G: Gene> Evolution<G> {
    /// Begins with these genomes, all of one length. Genomes that are to be random are the caller's to roll.
    ///
    /// # Errors
    /// [`EvolutionFault`] when the plan's numbers are out of range, there are too few genomes, or their lengths differ.
    pub fn new(
        plan: Breeding,
        genomes: impl IntoIterator<Item = Vec<G>>,
        seed: u64,
    ) -> Result<Self, EvolutionFault> {
        let numbered = (0..).zip(genomes);
        let members: Vec<Member<G>> =
            numbered.map(|(number, genome)| Member { number, genome, fitness: None }).collect();
        plan.check(members.len())?;
        let wanted = members[0].genome.len();
        if let Some(odd) = members.iter().find(|member| member.genome.len() != wanted) {
            return Err(EvolutionFault::Length { candidate: odd.number, wanted, found: odd.genome.len() });
        }
        let next_number = members.len() as u64;
        Ok(Self { plan, dice: Dice::seeded(seed), generation: 0, next_number, members, best: None })
    }

    /// Lists the candidates whose fitness nobody has told. Asking twice is harmless.
    pub fn ask(&self) -> Vec<Candidate<G>> {
        let untold = self.members.iter().filter(|member| member.fitness.is_none());
        untold.map(|member| Candidate { number: member.number, genome: member.genome.clone() }).collect()
    }

    /// Takes the fitness of a candidate; higher is better, and infinities are allowed.
    ///
    /// # Errors
    /// [`EvolutionFault`] when it is NaN, told already, or of no candidate of this generation; nothing was changed.
    pub fn tell(&mut self, number: u64, fitness: f64) -> Result<(), EvolutionFault> {
        let member = self.members.iter_mut().find(|member| member.number == number);
        let member = member.ok_or(EvolutionFault::Unknown(number))?;
        if fitness.is_nan() {
            return Err(EvolutionFault::NotNumber(number));
        }
        if member.fitness.is_some() {
            return Err(EvolutionFault::Repeated(number));
        }
        member.fitness = Some(fitness);
        Ok(())
    }

    /// Makes the next generation, of as many members. Those of the elite keep number and fitness.
    ///
    /// # Errors
    /// [`EvolutionFault::Untold`] while a fitness is missing.
    pub fn breed(&mut self) -> Result<Generation, EvolutionFault> {
        let fitness: Vec<f64> = self.members.iter().filter_map(|member| member.fitness).collect();
        if fitness.len() < self.members.len() {
            return Err(EvolutionFault::Untold(self.members.len() - fitness.len()));
        }
        self.remember_best(&fitness);
        let origins = pairing(&self.plan, &fitness, &mut self.dice);
        let (mut next, mut births) = (Vec::with_capacity(origins.len()), Vec::with_capacity(origins.len()));
        let mut twin: Option<Vec<G>> = None;
        for origin in origins {
            let member = self.bear(origin, &mut twin);
            births.push(Birth { number: member.number, origin: self.named(origin) });
            next.push(member);
        }
        let generation = Generation {
            number: self.generation,
            best: fitness.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            mean: fitness.iter().sum::<f64>() / fitness.len() as f64,
            births,
        };
        self.members = next;
        self.generation += 1;
        Ok(generation)
    }

    /// Returns the fittest genome of all generations so far that were bred from, and its fitness.
    pub fn best(&self) -> Option<(&[G], f64)> {
        self.best.as_ref().map(|(genome, fitness)| (genome.as_slice(), *fitness))
    }

    /// Counts the generations that were bred from.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    fn bear(&mut self, origin: Origin<usize>, twin: &mut Option<Vec<G>>) -> Member<G> {
        let mut genome = match origin {
            Origin::Kept(place) => return self.members[place].clone(),
            Origin::Copied(place) => self.members[place].genome.clone(),
            // The second of a pair was made together with the first.
            Origin::Mixed(one, other) => match twin.take() {
                Some(genome) => genome,
                None => {
                    let mut first = self.members[one].genome.clone();
                    let mut second = self.members[other].genome.clone();
                    self.plan.crossover.apply(&mut first, &mut second, &mut self.dice);
                    *twin = Some(second);
                    first
                }
            },
        };
        if self.dice.chance(self.plan.mutation_probability) {
            self.plan.mutation.apply(&mut genome, &mut self.dice);
        }
        self.next_number += 1;
        Member { number: self.next_number - 1, genome, fitness: None }
    }

    fn named(&self, origin: Origin<usize>) -> Origin {
        let number = |place: usize| self.members[place].number;
        match origin {
            Origin::Kept(place) => Origin::Kept(number(place)),
            Origin::Copied(place) => Origin::Copied(number(place)),
            Origin::Mixed(one, other) => Origin::Mixed(number(one), number(other)),
        }
    }

    fn remember_best(&mut self, fitness: &[f64]) {
        for (member, fitness) in self.members.iter().zip(fitness) {
            if self.best.as_ref().is_none_or(|(_, best)| fitness > best) {
                self.best = Some((member.genome.clone(), *fitness));
            }
        }
    }
}

/// Says who of a population is to be bred of whom, by place: for members whose genomes live elsewhere and are fetched only
/// from those that are chosen.
///
/// `fitness` has an entry for each member; the result too, the elite first, then [`Mixed`](Origin::Mixed) in pairs
/// whose parents are each other's, then what is left over.
///
/// # Errors
/// [`EvolutionFault`] when the plan does not fit so many, or a fitness is NaN.
pub fn pair(plan: &Breeding, fitness: &[f64], dice: &mut Dice) -> Result<Vec<Origin<usize>>, EvolutionFault> {
    plan.check(fitness.len())?;
    match fitness.iter().position(|fitness| fitness.is_nan()) {
        Some(place) => Err(EvolutionFault::NotNumber(place as u64)),
        None => Ok(pairing(plan, fitness, dice)),
    }
}

fn pairing(plan: &Breeding, fitness: &[f64], dice: &mut Dice) -> Vec<Origin<usize>> {
    let mut ranked: Vec<usize> = (0..fitness.len()).collect();
    ranked.sort_by(|one, other| fitness[*other].total_cmp(&fitness[*one]));
    let mut origins: Vec<Origin<usize>> = ranked.into_iter().take(plan.elite).map(Origin::Kept).collect();
    while origins.len() < fitness.len() {
        let mut parent = || tournament(fitness, plan.tournament.get(), dice);
        let one = parent();
        if origins.len() + 1 == fitness.len() {
            origins.push(Origin::Copied(one));
            break;
        }
        let other = parent();
        if dice.chance(plan.crossover_probability) {
            origins.extend([Origin::Mixed(one, other), Origin::Mixed(other, one)]);
        } else {
            origins.extend([Origin::Copied(one), Origin::Copied(other)]);
        }
    }
    origins
}

#[cfg(test)]
mod tests;
