//! Trainer: sends batches through a chain, judges what comes out, and sends gradients back, until it is good enough.

mod announce;
mod batches;
mod course;
mod curves;
mod fault;
mod loss;
mod play;
mod round;
mod settings;
mod watch;

use std::sync::Arc;

pub use announce::Announcing;
pub use batches::{Batch, Batches, Drawn, Rows};
pub use course::{Course, Local, LocalFault, LocalHit};
pub use curves::{Csv, Curves};
pub use fault::TrainerFault;
pub use loss::{CrossEntropy, Huber, Judgement, Loss, Mae, Mse};
pub use play::{Again, Tally};
pub use settings::Settings;
pub use watch::{Patience, Verdict};

use round::Round;
use watch::Watch;

/// Trains whatever a [`Course`] leads through: a [`Chain`](crate::Chain) of running components, or a component in this process.
///
/// A run is [`Settings::epochs`] rounds over the batches, and after each, when there are others for it, a round that nobody learns
/// from. Samples may overlap ([`Settings::in_flight`]). A pass that came to nothing on its way forward is played again with
/// the same batch; one that came to nothing on its way back may have been learned from already, so that its batch is counted as lost
/// and not played again, unless [`Settings::again`] says so.
///
/// ```no_run
/// use swergio_toolbox::trainer::{Drawn, Mse, Patience, Settings, Trainer};
/// use swergio_toolbox::{BoxError, Chain, Client, Tensor, trainer::Batch};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let chain = Chain::new(&client).input("input").output("output").open().await?;
/// let batches = Drawn::new(100, 7, |dice| {
///     let x: Vec<f64> = (0..64).map(|_| dice.between(-1.0, 1.0)).collect();
///     let y: Vec<f64> = x.iter().map(|x| x.sin()).collect();
///     Ok(Batch::new(Tensor::from_f64([64, 1], &x)?, Tensor::from_f64([64, 1], &y)?))
/// });
/// let settings = Settings { epochs: 20, patience: Some(Patience::default()), ..Settings::default() };
/// let outcome = Trainer::new(chain, Mse, settings).run(batches).await?;
/// println!("{} steps, loss {}", outcome.steps, outcome.epochs.last().map_or(f64::NAN, |epoch| epoch.loss));
/// # Ok(()) }
/// ```
pub struct Trainer<C, L> {
    course: C,
    loss: Arc<L>,
    settings: Settings,
    announcing: Option<Announcing>,
    observers: Vec<Box<dyn Observer>>,
}

/// Is told how training goes, as it goes: a bar, a file, a plot.
pub trait Observer: Send {
    /// Takes note. It is called between messages, so it does not wait for anything slow.
    ///
    /// # Errors
    /// Whatever it fails at; training ends with it.
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), crate::BoxError>;
}

impl<F> Observer for F
where
    F: FnMut(&Moment<'_>) -> Result<(), crate::BoxError> + Send,
{
    fn note(&mut self, moment: &Moment<'_>) -> Result<(), crate::BoxError> {
        self(moment)
    }
}

/// Tells of one moment of a training.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Moment<'a> {
    /// It begins.
    Begun(&'a Settings),
    /// A batch has been learned from, or judged.
    Step(&'a Step),
    /// An epoch is over.
    Epoch(&'a Epoch),
    /// It is over.
    Ended(&'a Outcome),
    /// It is over before its time.
    Failed(&'a TrainerFault),
}

/// Tells of one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its number in the whole run, from 1; validation is not counted and has that of the step before.
    pub number: u64,
    /// The epoch, from 1.
    pub epoch: u64,
    /// How many batches this round has.
    pub of: usize,
    /// Whether the components learned from it.
    pub learned: bool,
    /// The loss, a mean over the batch.
    pub loss: f64,
    /// The ROOT_ID of its messages, by which they can be found.
    pub root_id: Option<String>,
}

/// Tells of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: u64,
    /// Steps learned from since the beginning of the run.
    pub steps: u64,
    /// The mean loss of what was learned from, as it was on the way.
    pub loss: f64,
    /// The mean loss of what was only judged, if there was anything.
    pub validation: Option<f64>,
    /// Batches a second, forward and back.
    pub rate: f64,
    /// Whether it is the best so far, by `validation`, or else by `loss`.
    pub best: bool,
    /// What passes came to nothing in it.
    pub tally: Tally,
}

/// Tells how a training ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outcome {
    /// All epochs.
    pub epochs: Vec<Epoch>,
    /// The number of the best one.
    pub best: Option<u64>,
    /// Steps learned from.
    pub steps: u64,
    /// Why it ended.
    pub end: End,
    /// What passes came to nothing, all epochs together.
    pub tally: Tally,
}

/// Tells why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs or steps that were asked for are done.
    Done,
    /// The loss is as low as was asked for.
    Reached,
    /// It has not become better for as long as the patience lasts.
    Stalled,
}

impl<C: Course, L> Trainer<C, L> {
    /// Trains by a loss.
    pub fn new(course: C, loss: L, settings: Settings) -> Self {
        Self { course, loss: Arc::new(loss), settings, announcing: None, observers: Vec::new() }
    }

    /// Tells KPIs and the run to other components, and has the best weights saved. See [`Announcing`].
    #[must_use]
    pub fn announce(self, announcing: Announcing) -> Self {
        Self { announcing: Some(announcing), ..self }
    }

    /// Tells an observer how it goes. Several are told in the order in which they came.
    #[must_use]
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Trains.
    ///
    /// # Errors
    /// [`TrainerFault`]: the run is over, the components keep what they have learned.
    pub async fn run<B>(self, batches: B) -> Result<Outcome, TrainerFault>
    where
        B: Batches<Input = C::Input>,
        L: Loss<C::Output, B::Target>,
    {
        self.train(batches, None::<B>).await
    }

    /// Trains, and judges each epoch by other batches, which nobody learns from: `VALIDATE`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_and_validate<B, V>(self, batches: B, validation: V) -> Result<Outcome, TrainerFault>
    where
        B: Batches<Input = C::Input>,
        V: Batches<Input = C::Input, Target = B::Target>,
        L: Loss<C::Output, B::Target>,
    {
        self.train(batches, Some(validation)).await
    }

    async fn train<B, V>(mut self, batches: B, validation: Option<V>) -> Result<Outcome, TrainerFault>
    where
        B: Batches<Input = C::Input>,
        V: Batches<Input = C::Input, Target = B::Target>,
        L: Loss<C::Output, B::Target>,
    {
        let outcome = self.epochs(batches, validation).await;
        if let Err(fault) = &outcome
            && let Err(second) = self.tell(Moment::Failed(fault)).await
        {
            tracing::warn!(%second, "not everybody could be told that a training failed");
        }
        outcome
    }

    async fn epochs<B, V>(
        &mut self,
        mut batches: B,
        mut validation: Option<V>,
    ) -> Result<Outcome, TrainerFault>
    where
        B: Batches<Input = C::Input>,
        V: Batches<Input = C::Input, Target = B::Target>,
        L: Loss<C::Output, B::Target>,
    {
        let settings = self.settings.clone();
        let mut watch = Watch::new(settings.patience);
        let mut outcome =
            Outcome { epochs: Vec::new(), best: None, steps: 0, end: End::Done, tally: Tally::default() };
        self.tell(Moment::Begun(&settings)).await?;
        for number in 1..=settings.epochs {
            let trained = self.round(&mut batches, Round::training(number, &settings, outcome.steps)).await?;
            outcome.steps = trained.steps;
            let judged = match &mut validation {
                Some(batches) => Some(self.round(batches, Round::judging(number, outcome.steps)).await?),
                None => None,
            };
            let mut epoch = trained.epoch(judged.as_ref());
            let verdict = watch.hear(epoch.validation.unwrap_or(epoch.loss));
            epoch.best = verdict == Verdict::Better;
            if epoch.best {
                outcome.best = Some(number);
            }
            self.tell(Moment::Epoch(&epoch)).await?;
            let (good, steps) = (epoch.validation.unwrap_or(epoch.loss), outcome.steps);
            outcome.tally += epoch.tally;
            outcome.epochs.push(epoch);
            if settings.until.is_some_and(|until| good <= until) {
                outcome.end = End::Reached;
            } else if verdict == Verdict::Stalled {
                outcome.end = End::Stalled;
            } else if settings.steps.is_none_or(|most| steps < most) {
                continue;
            }
            break;
        }
        self.tell(Moment::Ended(&outcome)).await?;
        Ok(outcome)
    }

    /// Tells those who asked to be told.
    async fn tell(&mut self, moment: Moment<'_>) -> Result<(), TrainerFault> {
        for observer in &mut self.observers {
            observer.note(&moment).map_err(TrainerFault::Observer)?;
        }
        match &mut self.announcing {
            Some(announcing) => announcing.tell(&moment).await.map_err(TrainerFault::Announcing),
            None => Ok(()),
        }
    }
}

impl<C, L> std::fmt::Debug for Trainer<C, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
