//! Round: the batches of one epoch, several of them under way at once.

use std::sync::Arc;

use swergio_client::ModelStatus;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::play::{Play, Played};
use super::{Batches, Course, Epoch, Loss, Moment, Settings, Step, Tally, Trainer, TrainerFault};

/// Says which round it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    epoch: u64,
    status: ModelStatus,
    /// Steps taken before it.
    before: u64,
    /// Batches that it may have.
    most: usize,
}

impl Round {
    pub(super) fn training(epoch: u64, settings: &Settings, steps: u64) -> Self {
        let most = settings.steps.map_or(u64::MAX, |most| most.saturating_sub(steps));
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { epoch, status: ModelStatus::TRAIN, before: steps, most }
    }

    pub(super) fn judging(epoch: u64, steps: u64) -> Self {
        Self { epoch, status: ModelStatus::VALIDATE, before: steps, most: usize::MAX }
    }

    fn learns(&self) -> bool {
        self.status == ModelStatus::TRAIN
    }
}

/// Sums up a round.
#[derive(Debug)]
pub(super) struct Rounded {
    round: Round,
    pub(super) steps: u64,
    began: Instant,
    /// Seconds, when it is over.
    took: f64,
    batches: u64,
    loss: f64,
    weight: f64,
    tally: Tally,
    /// Batches lost one after another, up to the last.
    in_a_row: u32,
}

impl Rounded {
    fn new(round: Round) -> Self {
        Self {
            round,
            steps: round.before,
            began: Instant::now(),
            took: 0.0,
            batches: 0,
            loss: 0.0,
            weight: 0.0,
            tally: Tally::default(),
            in_a_row: 0,
        }
    }

    fn add(&mut self, played: Played, of: usize, losses: u32) -> Result<Step, TrainerFault> {
        self.batches += 1;
        self.loss += played.weight * played.loss;
        self.weight += played.weight;
        self.tally.replayed += u64::from(played.replayed);
        let learned = self.round.learns() && played.lost.is_none();
        self.steps += u64::from(learned);
        self.in_a_row = if played.lost.is_some() { self.in_a_row + 1 } else { 0 };
        if let Some(fault) = played.lost {
            self.tally.lost += 1;
            tracing::warn!(step = self.steps, %fault, "a gradient did not come back; its batch is lost");
            if self.in_a_row >= losses {
                return Err(TrainerFault::Lossy { step: self.steps, losses, fault });
            }
        }
        let (number, epoch) = (self.steps, self.round.epoch);
        Ok(Step { number, epoch, of, learned, loss: played.loss, root_id: played.root_id })
    }

    fn end(&mut self) {
        self.took = self.began.elapsed().as_secs_f64();
    }

    fn mean(&self) -> f64 {
        if self.weight > 0.0 { self.loss / self.weight } else { f64::NAN }
    }

    /// Sums the epoch up, its validation as well.
    pub(super) fn epoch(&self, judged: Option<&Self>) -> Epoch {
        let mut tally = self.tally;
        if let Some(judged) = judged {
            tally += judged.tally;
        }
        Epoch {
            number: self.round.epoch,
            steps: self.steps,
            loss: self.mean(),
            validation: judged.map(Self::mean),
            rate: if self.took > 0.0 { self.batches as f64 / self.took } else { 0.0 },
            best: false,
            tally,
        }
    }
}

impl<C: Course, L> Trainer<C, L> {
    /// Plays all batches of a round.
    pub(super) async fn round<B>(&mut self, batches: &mut B, round: Round) -> Result<Rounded, TrainerFault>
    where
        B: Batches<Input = C::Input>,
        L: Loss<C::Output, B::Target>,
    {
        let count = batches.begin(round.epoch).min(round.most);
        let mut rounded = Rounded::new(round);
        // Dropped with this call, it ends what is under way.
        let mut under_way = JoinSet::new();
        let mut places = 0..count;
        loop {
            while under_way.len() < self.settings.in_flight.max(1) {
                let Some(place) = places.next() else { break };
                let play = Play {
                    course: self.course.clone(),
                    loss: Arc::clone(&self.loss),
                    batch: batches.batch(place).map_err(TrainerFault::Batches)?,
                    status: round.status,
                    settings: self.settings.clone(),
                    step: round.before + place as u64 + 1,
                };
                under_way.spawn(play.play());
            }
            let Some(played) = under_way.join_next().await else { break };
            let step = round.before + rounded.batches + 1;
            let played = played.map_err(|panic| TrainerFault::Loss { step, fault: panic.into() })??;
            let step = rounded.add(played, count, self.settings.losses)?;
            self.tell(Moment::Step(&step)).await?;
        }
        rounded.end();
        Ok(rounded)
    }
}
