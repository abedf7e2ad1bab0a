//! Evolution: breeds a population by what its members are worth, wherever they are tried.

mod gene;
mod genome;
mod herd;
mod operators;
mod plan;
mod population;

pub use gene::Gene;
pub use genome::Husbandry;
pub use herd::{Genomes, Herd, HerdLimits, HerdTally};
pub use operators::{Crossover, Mutation};
pub use plan::{Breeding, EvolutionFault};
pub use population::{Birth, Candidate, Evolution, Generation, Origin, pair};
