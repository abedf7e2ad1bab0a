//! Evolver: the process that breeds, as far as it is told to, by what the rater says that melodies are worth.

use std::time::Duration;

use anyhow::Result;
use swergio_client::{Client, Kind, Message, Trigger};
use swergio_toolbox::dice::Dice;
use tokio::time::{Instant, sleep_until, timeout};

use crate::breeding::Flock;
use crate::genome::Genome;
use crate::rooms::{At, CONTROL, EVOLUTION, asked_to_end};
use crate::words::{Order, Word};

/// Time after which a generation that nobody has rated is asked about again: a rater may have been started anew.
const AGAIN: Duration = Duration::from_secs(5);

/// Says how melodies are bred.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Pace {
    /// Decides the first melodies and how they are bred.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Seconds from one generation to the next, at least.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) pause: f64,
}

/// Breeds, and knows how far.
#[derive(Debug)]
pub(crate) struct Evolver {
    flock: Flock,
    dice: Dice,
    /// Generations that are still wanted; nothing: as many as come.
    left: Option<u64>,
    active: bool,
    /// Whether this generation is before the rater.
    asked: bool,
}

impl Evolver {
    /// Waits to be told to start.
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        Self { flock: Flock::by_chance(&mut dice), dice, left: None, active: false, asked: false }
    }

    /// Takes an order.
    pub(crate) fn told(&mut self, order: Order) {
        match order {
            Order::Start { generations, anew } => {
                (self.active, self.left) = (generations != Some(0), generations);
                if anew {
                    self.flock = Flock::by_chance(&mut self.dice);
                    self.asked = false;
                }
            }
            Order::Stop => self.active = false,
        }
    }

    /// Returns the melodies that the rater is to be asked about, if it is time, and notes that it was.
    pub(crate) fn next(&mut self) -> Option<Vec<Genome>> {
        let due = self.active && !self.asked;
        self.asked |= due;
        due.then(|| self.flock.genomes())
    }

    /// Takes what melodies are worth. Tells whether they were those that it waits for.
    pub(crate) fn worth(&mut self, genomes: &[Genome], fitness: &[f64]) -> bool {
        if !self.asked || self.flock.genomes() != genomes || self.flock.breed(fitness).is_err() {
            return false;
        }
        self.asked = false;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            self.active &= *left > 0;
        }
        true
    }

    /// Forgets that the rater was asked.
    pub(crate) fn doubt(&mut self) {
        self.asked = false;
    }

    /// Counts the generations that were bred from.
    pub(crate) fn generation(&self) -> u64 {
        self.flock.generation()
    }
}

/// Serves evolution until it is asked to end.
pub(crate) async fn evolution(at: &At, pace: &Pace) -> Result<()> {
    let client = at.connect("evolution").await?;
    let pause = Duration::try_from_secs_f64(pace.pause)?;
    println!("evolution | breeds when it is told to in {CONTROL}");
    tokio::select! {
        ended = breed(&client, Evolver::new(pace.seed), pause) => ended,
        asked = asked_to_end() => asked,
    }
}

/// Breeds until the client has ended.
pub(crate) async fn breed(client: &Client, mut evolver: Evolver, pause: Duration) -> Result<()> {
    let trigger = Trigger::kinds([Kind::DATA_CUSTOM]).rooms([CONTROL, EVOLUTION]).direct(false);
    let mut heard = client.subscribe(trigger).await?;
    client.settle().await?;
    let mut next = Instant::now();
    loop {
        if Instant::now() >= next
            && let Some(genomes) = evolver.next()
        {
            client.send(Word::ask(&genomes, Some(evolver.generation()))?).await?;
        }
        let wait = timeout(AGAIN, heard.next());
        let message = tokio::select! {
            heard = wait => heard,
            () = sleep_until(next), if Instant::now() < next => continue,
        };
        match message {
            Ok(Some(message)) => {
                if hear(&mut evolver, &message) {
                    next = Instant::now() + pause;
                }
            }
            Ok(None) => return Ok(client.closed().await?),
            Err(_) => evolver.doubt(),
        }
    }
}

/// Takes in a message, and tells whether a generation was bred by it.
fn hear(evolver: &mut Evolver, message: &Message) -> bool {
    if let Some(order) = Order::read(message) {
        evolver.told(order);
        return false;
    }
    match Word::read(message) {
        Some(Word::Worth(genomes, fitness, _)) => evolver.worth(&genomes, &fitness),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_breeds_as_many_generations_as_it_is_told_to_and_waits_for_their_worth() {
        let mut evolver = Evolver::new(1);
        assert_eq!(evolver.next(), None);
        evolver.told(Order::Start { generations: Some(2), anew: false });
        for generation in 0..2 {
            let genomes = evolver.next().unwrap();
            assert_eq!(evolver.next(), None, "they are before the rater already");
            assert!(!evolver.worth(&genomes[..3], &[1.0; 3]), "somebody else's question");
            assert!(evolver.worth(&genomes, &[1.0; 50]));
            assert_eq!(evolver.generation(), generation + 1);
        }
        assert_eq!(evolver.next(), None);
        evolver.told(Order::Start { generations: None, anew: false });
        let before = evolver.next().unwrap();
        evolver.told(Order::Start { generations: None, anew: true });
        assert_ne!(evolver.next().unwrap(), before, "melodies by chance again");
        evolver.doubt();
        assert!(evolver.next().is_some(), "a rater that was started anew is asked again");
        evolver.told(Order::Stop);
        evolver.doubt();
        assert_eq!(evolver.next(), None);
    }
}
