//! Words: what the processes say to each other, with the fields that the Python package's example uses.

use anyhow::Result;
use swergio_client::{Envelope, Kind, Message, MessageId, RoomName};

use crate::genome::Genome;
use crate::network::Opinion;
use crate::rooms::{CONTROL, EVOLUTION};

/// Is what somebody says in the room of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Breed.
    Start {
        /// So many generations; nothing: until told to stop.
        generations: Option<u64>,
        /// Of melodies by chance, and not of those that there are.
        anew: bool,
    },
    /// Breed no further.
    Stop,
}

/// Is what somebody says in the room of evolution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Word {
    /// What are these worth?
    Ask(Vec<Genome>),
    /// That.
    Worth(Vec<Genome>, Vec<f64>, Vec<Opinion>),
}

impl Order {
    /// Reads an order; nothing when it is none.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        match message.field::<String>("CMD").ok()??.as_str() {
            "START" => Some(Self::Start {
                generations: message.field("GENERATIONS").ok()?,
                anew: message.field("ANEW").ok()?.unwrap_or(false),
            }),
            "STOP" => Some(Self::Stop),
            _ => None,
        }
    }

    /// Spells it.
    pub(crate) fn envelope(self) -> Result<Envelope> {
        let (word, generations, anew) = match self {
            Self::Start { generations, anew } => ("START", generations, anew),
            Self::Stop => ("STOP", None, false),
        };
        let mut order = Envelope::new(Kind::DATA_CUSTOM)
            .with_to_room(RoomName::parse(CONTROL)?)
            .with_field("CMD", word)?;
        if anew {
            order = order.with_field("ANEW", &true)?;
        }
        Ok(match generations {
            Some(generations) => order.with_field("GENERATIONS", &generations)?,
            None => order,
        })
    }
}

impl Word {
    /// Reads what was said; nothing when it is not understood.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        let genomes = message.field::<Vec<Vec<u8>>>("GENOMES").ok()??;
        let genomes: Vec<Genome> = genomes.iter().map(|bits| genome(bits)).collect::<Option<_>>()?;
        let Some(fitness) = message.field::<Vec<f64>>("FITNESS").ok()? else {
            return Some(Self::Ask(genomes));
        };
        let rows = message.field::<Vec<Vec<f64>>>("PROBS").ok()??;
        let fits = rows.len() == genomes.len() && fitness.len() == genomes.len();
        let opinions = rows.into_iter().map(|probabilities| Opinion { probabilities }).collect();
        fits.then_some(Self::Worth(genomes, fitness, opinions))
    }

    /// Spells the question what some melodies are worth: those of a generation, or any.
    pub(crate) fn ask(genomes: &[Genome], generation: Option<u64>) -> Result<Envelope> {
        let asked = said(genomes)?;
        Ok(match generation {
            Some(generation) => asked.with_field("GENERATION", &generation)?,
            None => asked,
        })
    }

    /// Spells what they are worth, in answer to a message.
    pub(crate) fn worth(
        genomes: &[Genome],
        opinions: &[Opinion],
        asked: Option<&MessageId>,
    ) -> Result<Envelope> {
        let fitness: Vec<f64> = opinions.iter().map(Opinion::expected).collect();
        let rows: Vec<&[f64]> = opinions.iter().map(|opinion| &opinion.probabilities[..]).collect();
        let worth = said(genomes)?.with_field("FITNESS", &fitness)?.with_field("PROBS", &rows)?;
        Ok(match asked {
            Some(id) => worth.with_field("REF", id.as_str())?,
            None => worth,
        })
    }
}

fn said(genomes: &[Genome]) -> Result<Envelope> {
    let bits: Vec<Vec<u8>> =
        genomes.iter().map(|genome| genome.bits().iter().map(|bit| u8::from(*bit)).collect()).collect();
    Ok(Envelope::new(Kind::DATA_CUSTOM)
        .with_to_room(RoomName::parse(EVOLUTION)?)
        .with_field("GENOMES", &bits)?)
}

fn genome(bits: &[u8]) -> Option<Genome> {
    bits.iter().all(|bit| *bit <= 1).then(|| Genome::new(bits.iter().map(|bit| *bit == 1).collect()).ok())?
}
