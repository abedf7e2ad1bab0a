//! Plays of a population: what is kept, what is reproducible, what is refused.

use proptest::prelude::*;

use super::*;
use crate::evolution::{Crossover, Mutation};

fn worth(genome: &[f64]) -> f64 {
    -genome.iter().map(|gene| (gene - 3.0).powi(2)).sum::<f64>()
}

fn numbers(seed: u64) -> Vec<Vec<f64>> {
    let mut dice = Dice::seeded(seed);
    (0..20).map(|_| (0..4).map(|_| dice.between(-10.0, 10.0)).collect()).collect()
}

fn gaussian() -> Breeding {
    Breeding {
        crossover: Crossover::Uniform { swap: 0.5 },
        mutation: Mutation::gaussian(0.5, 0.3),
        elite: 2,
        ..Breeding::default()
    }
}

fn live(evolution: &mut Evolution<f64>, backwards: bool) -> Generation {
    let mut candidates = evolution.ask();
    if backwards {
        candidates.reverse();
    }
    for candidate in candidates {
        evolution.tell(candidate.number, worth(&candidate.genome)).unwrap();
    }
    evolution.breed().unwrap()
}

#[test]
fn a_population_of_numbers_finds_the_summit_and_never_falls_back() {
    let mut evolution = Evolution::new(gaussian(), numbers(1), 1).unwrap();
    let mut best = f64::NEG_INFINITY;
    for _ in 0..80 {
        let generation = live(&mut evolution, false);
        assert!(generation.best >= best, "the elite is kept");
        best = generation.best;
    }
    assert!(best > -0.05, "{best}");
    assert_eq!(evolution.best().unwrap().1, best);
}

#[test]
fn the_melodies_plan_breeds_bits() {
    // 128 bits, tournaments of 3, half the pairs mixed at two points, one child in a hundred mutated in one bit of a hundred.
    let plan = Breeding {
        mutation: Mutation::bit_flip(0.01),
        mutation_probability: 0.01,
        elite: 0,
        ..Breeding::default()
    };
    let mut dice = Dice::seeded(7);
    let genomes = (0..50).map(|_| (0..128).map(|_| dice.chance(0.5)).collect());
    let mut evolution: Evolution<bool> = Evolution::new(plan, genomes, 7).unwrap();
    let ones = |genome: &[bool]| genome.iter().filter(|bit| **bit).count() as f64;
    let mut means = Vec::new();
    for _ in 0..40 {
        for candidate in evolution.ask() {
            evolution.tell(candidate.number, ones(&candidate.genome)).unwrap();
        }
        means.push(evolution.breed().unwrap().mean);
    }
    assert!(means[0] < 67.0 && means[39] > 85.0, "{means:?}");
}

#[test]
fn the_same_seed_breeds_the_same_in_whatever_order_fitness_comes() {
    let mut one = Evolution::new(gaussian(), numbers(2), 5).unwrap();
    let mut same = Evolution::new(gaussian(), numbers(2), 5).unwrap();
    let mut other = Evolution::new(gaussian(), numbers(2), 6).unwrap();
    for _ in 0..5 {
        assert_eq!(live(&mut one, false), live(&mut same, true));
        live(&mut other, false);
    }
    assert_eq!(one.ask(), same.ask());
    assert_ne!(one.ask(), other.ask());
}

#[test]
fn the_elite_goes_over_unchanged_and_is_not_tried_again() {
    let mut evolution = Evolution::new(gaussian(), numbers(3), 1).unwrap();
    let before = evolution.ask();
    let generation = live(&mut evolution, false);
    let fittest = before.iter().max_by(|a, b| worth(&a.genome).total_cmp(&worth(&b.genome))).unwrap();
    assert_eq!(generation.births[0], Birth { number: fittest.number, origin: Origin::Kept(fittest.number) });
    assert_eq!(evolution.ask().len(), 18);
    assert!(evolution.ask().iter().all(|candidate| candidate.number >= 20));
}

#[test]
fn mixed_children_are_their_parents_genes_and_both_children_take_all_of_them() {
    let plan = Breeding { crossover_probability: 1.0, mutation_probability: 0.0, elite: 0, ..gaussian() };
    let mut evolution = Evolution::new(plan, numbers(4), 1).unwrap();
    let parents = evolution.ask();
    let generation = live(&mut evolution, false);
    let children = evolution.ask();
    for (births, children) in generation.births.chunks(2).zip(children.chunks(2)) {
        let Origin::Mixed(one, other) = births[0].origin else { panic!("{births:?}") };
        assert_eq!(births[1].origin, Origin::Mixed(other, one));
        let genome = |number: u64| &parents[number as usize].genome;
        for gene in 0..4 {
            let sum = children[0].genome[gene] + children[1].genome[gene];
            assert_eq!(sum, genome(one)[gene] + genome(other)[gene]);
        }
    }
}

#[test]
fn what_is_told_wrongly_changes_nothing() {
    let mut evolution = Evolution::new(gaussian(), numbers(5), 1).unwrap();
    assert_eq!(evolution.tell(99, 1.0), Err(EvolutionFault::Unknown(99)));
    assert_eq!(evolution.tell(0, f64::NAN), Err(EvolutionFault::NotNumber(0)));
    evolution.tell(0, 1.0).unwrap();
    assert_eq!(evolution.tell(0, 2.0), Err(EvolutionFault::Repeated(0)));
    let fault = evolution.breed().unwrap_err();
    assert_eq!(fault.to_string(), "19 candidates have no fitness yet; ask for them, try them, and tell it");
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let wrong = |plan| Evolution::new(plan, numbers(6), 1).unwrap_err();
    let fault = wrong(Breeding { mutation_probability: 1.5, ..gaussian() });
    assert_eq!(fault, EvolutionFault::OutOfRange { name: "mutation_probability", found: 1.5 });
    assert!(matches!(wrong(Breeding { elite: 20, ..gaussian() }), EvolutionFault::TooFew { .. }));
    let strength = Mutation::gaussian(0.1, f64::NAN);
    assert!(matches!(
        wrong(Breeding { mutation: strength, ..gaussian() }),
        EvolutionFault::OutOfRange { .. }
    ));
    let ragged = vec![vec![1.0, 2.0], vec![1.0]];
    let fault = Evolution::new(Breeding::default(), ragged, 1).unwrap_err();
    assert_eq!(fault, EvolutionFault::Length { candidate: 1, wanted: 2, found: 1 });
}

#[test]
fn who_is_bred_of_whom_can_be_said_without_genomes() {
    let fitness: Vec<f64> = (0..7).map(f64::from).collect();
    let plan = Breeding { crossover_probability: 1.0, elite: 2, ..Breeding::default() };
    let origins = pair(&plan, &fitness, &mut Dice::seeded(1)).unwrap();
    assert_eq!((origins.len(), &origins[..2]), (7, &[Origin::Kept(6), Origin::Kept(5)][..]));
    assert!(matches!(origins[6], Origin::Copied(_)), "an odd one has no twin");
    assert!(pair(&plan, &[1.0, f64::NAN, 2.0], &mut Dice::seeded(1)).is_err());
}

proptest! {
    #[test]
    fn generations_have_as_many_members_and_numbers_are_never_used_twice(
        seed: u64, members in 2..12_usize, elite in 0..5_usize, mixed in 0.0..=1.0_f64,
    ) {
        let plan = Breeding { elite: elite.min(members - 1), crossover_probability: mixed, ..gaussian() };
        let mut evolution = Evolution::new(plan, numbers(seed).into_iter().take(members), seed).unwrap();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..4 {
            for candidate in evolution.ask() {
                prop_assert!(seen.insert(candidate.number));
            }
            let generation = live(&mut evolution, false);
            prop_assert_eq!(generation.births.len(), members);
        }
    }
}
