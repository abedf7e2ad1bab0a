//! Training: wishes for targets in winds, and how far off the shots come down.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use swergio_toolbox::trainer::{Announcing, Batch, Batches, Moment, Observer, Settings, Step, Trainer};
use swergio_toolbox::{BoxError, Chain, ChainLimits, Client, Tensor};

use super::journal::Journal;
use super::network::wish;
use super::rooms::{INPUT, OUTPUT};

/// Tries of one batch, and batches lost in a row, until training gives up: minutes without a chain.
const PATIENCE: u32 = 100;
/// Batches from one line of progress to the next.
const LINE: u64 = 100;

/// Says how to train.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Course {
    /// Decides which winds and targets are drawn, and with which weights the network begins.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Batches to learn from.
    #[arg(long, default_value_t = 2_000)]
    pub(crate) batches: u64,
    /// Shots in a batch.
    #[arg(long, default_value_t = 100)]
    pub(crate) shots: usize,
    /// Seconds to wait for an answer before a batch is tried again.
    #[arg(long, default_value_t = 10.0)]
    pub(crate) deadline: f64,
    /// Folder for what is learned and told, in a folder for each seed; what is there already is gone on with.
    #[arg(long, default_value = "target/trebuchet")]
    pub(crate) out: PathBuf,
}

impl Course {
    /// Returns the folder of this seed.
    pub(crate) fn folder(&self) -> PathBuf {
        self.out.join(format!("seed-{}", self.seed))
    }
}

/// Opens the chain from wind and target to where the shots come down.
pub(crate) async fn chain(course: &Course, client: &Client) -> Result<Chain> {
    let deadline = Duration::try_from_secs_f64(course.deadline).context("--deadline is no time")?;
    let limits = ChainLimits { deadline, ..ChainLimits::default() };
    Ok(Chain::new(client).input(INPUT).output(OUTPUT).limits(limits).open().await?)
}

/// Trains the network behind a chain, from where it stopped if it did, and returns the losses. Whoever looks on is told them, too.
pub(crate) async fn train(course: &Course, client: &Client, chain: &Chain) -> Result<Vec<f64>> {
    loop {
        let journal = Journal::open(&course.folder())?;
        let done = journal.batches();
        if done >= course.batches {
            return Ok(journal.into_losses());
        }
        let wishes = Wishes { seed: course.seed, shots: course.shots, first: done, last: course.batches };
        let settings = Settings { epochs: 1, tries: PATIENCE, losses: PATIENCE, ..Settings::default() };
        let progress = Progress { journal, of: course.batches, begun: Instant::now(), first: done };
        // Batches that were lost on the way are made up for by the next round.
        let told = Announcing::new(client, format!("seed-{}", course.seed));
        let trainer = Trainer::new(chain.clone(), off, settings).announce(told).observe(progress);
        let outcome = trainer.run(wishes).await?;
        let tally = outcome.tally;
        if tally.replayed + tally.lost > 0 {
            println!("trainer | {} passes played again, {} lost", tally.replayed, tally.lost);
        }
    }
}

/// The batches that are left.
#[derive(Debug)]
struct Wishes {
    seed: u64,
    shots: usize,
    first: u64,
    last: u64,
}

impl Batches for Wishes {
    type Input = Tensor;
    type Target = Tensor;

    fn begin(&mut self, _: u64) -> usize {
        usize::try_from(self.last - self.first).unwrap_or(usize::MAX)
    }

    fn batch(&mut self, place: usize) -> Result<Batch, BoxError> {
        let wishes = wishes(self.seed, self.first + place as u64, self.shots);
        let targets: Vec<f64> = wishes.iter().map(|[_, target]| *target).collect();
        Ok(Batch::new(rows(&wishes), Tensor::from_f64([targets.len()], &targets)?))
    }
}

/// Notes each loss, and tells now and then how it goes.
#[derive(Debug)]
struct Progress {
    journal: Journal,
    of: u64,
    begun: Instant,
    first: u64,
}

impl Observer for Progress {
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), BoxError> {
        let Moment::Step(Step { learned: true, loss, .. }) = moment else { return Ok(()) };
        self.journal.add(*loss)?;
        let done = self.journal.batches();
        if done.is_multiple_of(LINE) || done == self.of {
            let rate = (done - self.first) as f64 / self.begun.elapsed().as_secs_f64();
            let off = self.journal.recent(LINE as usize).sqrt();
            println!("trainer | batch {done} of {}: {off:.2} m off, {rate:.0} batches/s", self.of);
        }
        Ok(())
    }
}

/// Draws the wishes of a batch, wind and target each.
pub(crate) fn wishes(seed: u64, number: u64, count: usize) -> Vec<[f64; 2]> {
    let mut dice = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
    (0..count).map(|_| wish(&mut dice)).collect()
}

/// Spells wishes as `[batch, 2]`.
pub(crate) fn rows(wishes: &[[f64; 2]]) -> Tensor {
    Tensor::from_f64([wishes.len(), 2], wishes.as_flattened()).expect("two numbers a wish")
}

/// Returns the mean square of how far the shots came down from the targets, and its gradient by the distances. A shot that came
/// down nowhere has no say.
pub(crate) fn off(distances: &Tensor, targets: &Tensor) -> Result<(f64, Tensor), BoxError> {
    let off: Vec<f64> = distances.try_sub(targets)?.to_f64_vec();
    let down = off.iter().filter(|off| off.is_finite()).count().max(1) as f64;
    let square = off.iter().filter(|off| off.is_finite()).map(|off| off * off).sum::<f64>();
    let by_distance = off.iter().map(|off| if off.is_finite() { 2.0 * off / down } else { 0.0 });
    let by_distance: Vec<f64> = by_distance.collect();
    Ok((square / down, Tensor::from_f64(distances.shape(), &by_distance)?))
}
