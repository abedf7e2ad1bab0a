//! Announcing: a training told to other components, and the best weights saved by them.

use std::time::Duration;

use swergio_client::{Client, Envelope, Error, Kind, Message, MessageId, RoomName, Trigger};
use tokio::time::timeout;

use super::{Epoch, Moment, Step};
use crate::kpi::{Kpi, Run};

/// The room that commands to components go into; upstream's clients are all in it.
const COMMANDS: &str = "_command";

/// Tells a training's KPIs and run as messages, and has components save their weights when an epoch is the best so far.
///
/// KPIs are `loss` (of a step, with the ROOT_ID of its messages), and after each epoch `train_loss`, `validation_loss` and `rate` (batches a
/// second). See [`Kpi`] and [`Run`].
///
/// ```no_run
/// # fn run(client: swergio_toolbox::Client) {
/// use swergio_toolbox::trainer::Announcing;
///
/// let announcing = Announcing::new(&client, "tuesday").every(10).keep_best("best", ["control"]);
/// # let _ = announcing;
/// # }
/// ```
#[derive(Debug)]
pub struct Announcing {
    client: Client,
    run: Run,
    room: String,
    every: u64,
    keep: Option<Keep>,
}

/// Says what is to be saved under which name.
#[derive(Debug)]
struct Keep {
    name: String,
    components: Vec<String>,
    patience: Duration,
}

impl Announcing {
    /// Tells them under the name of a run, into the room `_logging`.
    pub fn new(client: &Client, run: impl Into<String>) -> Self {
        let run = Run { name: run.into(), what: None, start: None, end: None };
        Self { client: client.clone(), run, room: "_logging".to_owned(), every: 1, keep: None }
    }

    /// Tells them into another room.
    #[must_use]
    pub fn into_room(self, room: impl Into<String>) -> Self {
        Self { room: room.into(), ..self }
    }

    /// Tells the loss of each so many steps. 1; 0 is never.
    #[must_use]
    pub fn every(self, steps: u64) -> Self {
        Self { every: steps, ..self }
    }

    /// Sends `COMMAND/SAVEMODELWEIGHTS` with WEIGHTS `name` after each epoch that is the best so far, and waits up to ten seconds until these
    /// components have answered that they saved, so that what is saved is not a step further. Without any the command goes to all
    /// components, and nobody is waited for.
    #[must_use]
    pub fn keep_best<N: Into<String>>(
        self,
        name: impl Into<String>,
        components: impl IntoIterator<Item = N>,
    ) -> Self {
        let components = components.into_iter().map(Into::into).collect();
        Self { keep: Some(Keep { name: name.into(), components, patience: Duration::from_secs(10) }), ..self }
    }

    pub(super) async fn tell(&mut self, moment: &Moment<'_>) -> Result<(), Error> {
        match moment {
            Moment::Begun(_) => {
                self.run = Run::begin(std::mem::take(&mut self.run.name), "TRAIN");
                self.send(self.run.to_envelope()?).await
            }
            Moment::Step(step) => self.tell_step(step).await,
            Moment::Epoch(epoch) => self.tell_epoch(epoch).await,
            Moment::Ended(_) | Moment::Failed(_) => self.send(self.run.clone().ended().to_envelope()?).await,
        }
    }

    async fn tell_step(&self, step: &Step) -> Result<(), Error> {
        if !step.learned || self.every == 0 || !step.number.is_multiple_of(self.every) {
            return Ok(());
        }
        let kpi = self.kpi("loss", step.loss, step.number, step.epoch);
        self.send(Kpi { root_id: step.root_id.clone(), ..kpi }.to_envelope()?).await
    }

    async fn tell_epoch(&self, epoch: &Epoch) -> Result<(), Error> {
        let figures = [
            ("train_loss", Some(epoch.loss)),
            ("validation_loss", epoch.validation),
            ("rate", Some(epoch.rate)),
        ];
        for (name, value) in figures {
            if let Some(value) = value {
                self.send(self.kpi(name, value, epoch.steps, epoch.number).to_envelope()?).await?;
            }
        }
        match &self.keep {
            Some(keep) if epoch.best => self.save(keep).await,
            _ => Ok(()),
        }
    }

    fn kpi(&self, name: &str, value: f64, step: u64, epoch: u64) -> Kpi {
        let run = Some(self.run.name.clone());
        Kpi {
            run,
            step: Some(step),
            epoch: Some(epoch),
            ..Kpi::new(self.client.name().as_str(), name, value)
        }
    }

    async fn send(&self, envelope: Envelope) -> Result<(), Error> {
        let room = RoomName::parse(&self.room)?;
        self.client.send(envelope.with_to_room(room)).await.map(drop)
    }

    async fn save(&self, keep: &Keep) -> Result<(), Error> {
        let mut answers = self.client.subscribe(Trigger::kinds([Kind::MODELWEIGHTS])).await?;
        let mut waited = keep.components.clone();
        let mut ids = Vec::new();
        for component in command_for(&keep.components) {
            let mut command = Envelope::new(Kind::SAVEMODELWEIGHTS)
                .with_to_room(RoomName::parse(COMMANDS)?)
                .with_field("WEIGHTS", &keep.name)?;
            if let Some(component) = component {
                command = command.with_field("COMPONENT", component)?;
            }
            ids.push(self.client.send(command).await?);
        }
        let hearing = async {
            while !waited.is_empty() {
                let Some(answer) = answers.next().await else { return };
                if let Some(component) = answer_to(&answer, &ids) {
                    if let Ok(Some(error)) = answer.field::<String>("ERROR") {
                        tracing::warn!(component, error, weights = keep.name, "weights were not saved");
                    }
                    waited.retain(|name| *name != component);
                }
            }
        };
        if timeout(keep.patience, hearing).await.is_err() {
            tracing::warn!(
                ?waited,
                weights = keep.name,
                "components did not say that they saved their weights"
            );
        }
        Ok(())
    }
}

/// Lists whom a command is for: each by its name, or all at once.
fn command_for(components: &[String]) -> Vec<Option<&str>> {
    if components.is_empty() {
        vec![None]
    } else {
        components.iter().map(|name| Some(name.as_str())).collect()
    }
}

/// Returns the component that answers one of our commands.
fn answer_to(answer: &Message, ids: &[MessageId]) -> Option<String> {
    let reference: String = answer.field("REF").ok()??;
    let ours = ids.iter().any(|id| id.as_str() == reference);
    ours.then(|| answer.field("COMPONENT").ok().flatten()).flatten()
}
