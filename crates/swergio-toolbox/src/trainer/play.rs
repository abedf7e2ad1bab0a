//! Play: one batch through the course, again where that is safe.

use std::ops::AddAssign;
use std::sync::Arc;

use swergio_client::ModelStatus;
use tokio::time::sleep;

use super::{Batch, Course, Judgement, Loss, Settings, TrainerFault};
use crate::BoxError;

/// Says which passes that came to nothing are played again with the same batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Those that nobody can have learned from: they came to nothing before a gradient was sent. Of the others the batch is lost.
    Unlearned,
    /// All: a component that had learned from the first try learns from the batch once more, in a pass of its own.
    Always,
}

/// Counts passes that came to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passes that were played again.
    pub replayed: u64,
    /// Batches whose gradient did not come back: some components may have learned from them, others not.
    pub lost: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.replayed += other.replayed;
        self.lost += other.lost;
    }
}

/// Tells what became of one batch.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) loss: f64,
    pub(super) weight: f64,
    pub(super) root_id: Option<String>,
    pub(super) replayed: u32,
    /// Why the gradient did not come back, if it did not.
    pub(super) lost: Option<BoxError>,
}

/// Carries what playing one batch needs into a task of its own.
pub(super) struct Play<C: Course, T, L> {
    pub(super) course: C,
    pub(super) loss: Arc<L>,
    pub(super) batch: Batch<C::Input, T>,
    pub(super) status: ModelStatus,
    pub(super) settings: Settings,
    /// The number of the step, for those who are told of a fault.
    pub(super) step: u64,
}

/// Tells how far one try came.
enum Try {
    There(f64, Option<String>),
    NotForward(BoxError, bool),
    NotBack(f64, Option<String>, BoxError, bool),
}

impl<C, T, L> Play<C, T, L>
where
    C: Course,
    L: Loss<C::Output, T>,
{
    pub(super) async fn play(self) -> Result<Played, TrainerFault> {
        let weight = self.batch.weight;
        let mut replayed = 0;
        loop {
            let played = |loss, root_id, lost| Played { loss, weight, root_id, replayed, lost };
            let (fault, passing) = match self.once().await? {
                Try::There(loss, root_id) => return Ok(played(loss, root_id, None)),
                Try::NotBack(loss, root_id, fault, true) if self.settings.again == Again::Unlearned => {
                    return Ok(played(loss, root_id, Some(fault)));
                }
                Try::NotForward(fault, passing) | Try::NotBack(_, _, fault, passing) => (fault, passing),
            };
            replayed += 1;
            if !passing || replayed >= self.settings.tries {
                return Err(TrainerFault::Stuck { step: self.step, tries: replayed, fault });
            }
            sleep(self.settings.pause * (1 << (replayed - 1).min(4))).await;
        }
    }

    async fn once(&self) -> Result<Try, TrainerFault> {
        let hit = match self.course.forward(&self.batch.input, self.status).await {
            Ok(hit) => hit,
            Err(error) => {
                let passing = C::passing(&error);
                return Ok(Try::NotForward(error.into(), passing));
            }
        };
        let judged = self.loss.judge(C::output(&hit), &self.batch.target);
        let Judgement { loss, gradient } =
            judged.map_err(|fault| TrainerFault::Loss { step: self.step, fault })?;
        if !loss.is_finite() {
            return Err(TrainerFault::NotFinite { step: self.step, loss });
        }
        let root_id = C::root_id(&hit);
        if self.status == ModelStatus::VALIDATE {
            return Ok(Try::There(loss, root_id));
        }
        Ok(match C::backward(hit, gradient).await {
            Ok(()) => Try::There(loss, root_id),
            Err(error) => {
                let passing = C::passing(&error);
                Try::NotBack(loss, root_id, error.into(), passing)
            }
        })
    }
}
