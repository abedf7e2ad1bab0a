//! Live: environments behind a component, which shows, is told, and pays, until the client ends.

use std::time::Duration;

use swergio_client::{
    Client, Envelope, Error, Kind, MemberName, Message, MessageId, ModelStatus, RoomName, Trigger, fresh_id,
};
use tokio::time::{Instant, timeout_at};

use super::{Environment, EnvironmentFault, Stepped, Vectorised};
use crate::episode::{Action, EpisodeFault, Observation, Reward};
use crate::space::SpaceFault;

/// Names the rooms of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// Where it shows.
    pub observation: RoomName,
    /// Where it is told, and pays.
    pub action: RoomName,
}

/// Bounds how long environments wait, and how long they play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// How long to wait for an action before the observation is shown again: 1 s. Agents that join late, or lost it, are waited for so.
    pub patience: Duration,
    /// After how many steps (of all environments together) to end; never, if none.
    pub steps: Option<u64>,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(1), steps: None }
    }
}

/// Counts what environments have seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LiveTally {
    /// Steps of all environments together.
    pub steps: u64,
    /// Episodes that have ended.
    pub episodes: u64,
    /// Actions for another observation than the one that is shown: late, repeated or nobody's.
    pub ignored: u64,
    /// Actions that cannot be done; their sender was told.
    pub refused: u64,
    /// Observations that were shown again because nobody acted in time.
    pub shown_again: u64,
}

/// Tells why an environment, or who acts in it, cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The client could not send, or has ended.
    #[error(transparent)]
    Client(#[from] Error),
    /// An environment failed.
    #[error(transparent)]
    Environment(EnvironmentFault),
    /// An environment panicked.
    #[error("an environment panicked: {0}")]
    Panicked(String),
    /// What is to be said cannot be spelt.
    #[error(transparent)]
    Episode(EpisodeFault),
    /// Somebody wants to do what is not in the action space. Nothing was sent.
    #[error("the actions: {0}")]
    NotInSpace(SpaceFault),
    /// Somebody wants to act before anything was shown.
    #[error("nothing was shown yet; wait for a turn before acting")]
    NothingShown,
    /// A council chooses among numbered actions, and the action space has none.
    #[error("the action space is no Discrete: a council has nothing to choose from")]
    NoChoice,
    /// The client has ended.
    #[error("the client has ended")]
    Ended,
}

/// Shows what the environments show, does what it is told, pays, and shows again; it returns after
/// [`LiveLimits::steps`], or when the client has ended.
///
/// Rules R110 to R117 of the protocol say what crosses the wire. Environments are stepped on a thread of their own, so that a slow
/// one holds nothing else up.
///
/// # Errors
/// [`LiveError`]: an environment or the client failed.
pub async fn serve<E: Environment>(
    client: &Client,
    environments: Vectorised<E>,
    rooms: Rooms,
    status: ModelStatus,
    limits: LiveLimits,
) -> Result<LiveTally, LiveError> {
    let actions = Trigger::kinds([Kind::FORWARD]).rooms([rooms.action.as_str()]);
    let mut actions = client.subscribe(actions).await?;
    let questions = Trigger::kinds([Kind::SPACES]).rooms([rooms.observation.as_str()]);
    let mut questions = client.subscribe(questions).await?;
    let mut stage = Stage {
        client,
        environments: Some(environments),
        rooms,
        status,
        tally: LiveTally::default(),
        shown: fresh_id(),
    };
    stage.declare(None).await?;
    stage.show().await?;
    let mut patience = Instant::now() + limits.patience;
    loop {
        tokio::select! {
            message = actions.next() => {
                let Some(message) = message else { return Ok(stage.tally) };
                if stage.act(&message).await? {
                    if limits.steps.is_some_and(|most| stage.tally.steps >= most) {
                        return Ok(stage.tally);
                    }
                    stage.show().await?;
                    patience = Instant::now() + limits.patience;
                }
            }
            message = questions.next() => {
                let Some(message) = message else { return Ok(stage.tally) };
                stage.declare(Some(&message)).await?;
            }
            _ = timeout_at(patience, std::future::pending::<()>()) => {
                stage.tally.shown_again += 1;
                stage.show().await?;
                patience = Instant::now() + limits.patience;
            }
        }
    }
}

/// The environments, and what they wait for.
struct Stage<'c, E> {
    client: &'c Client,
    /// Elsewhere only while a step is made.
    environments: Option<Vectorised<E>>,
    rooms: Rooms,
    status: ModelStatus,
    tally: LiveTally,
    /// The observation that is to be acted upon.
    shown: MessageId,
}

impl<E: Environment> Stage<'_, E> {
    fn environments(&self) -> &Vectorised<E> {
        self.environments.as_ref().expect("between steps the environments are here")
    }

    /// Shows what is to be acted upon, under the same ID however often.
    async fn show(&self) -> Result<(), LiveError> {
        let environments = self.environments();
        let observation = Observation {
            id: self.shown.clone(),
            status: self.status,
            values: environments.shown().clone(),
            episodes: environments.episodes(),
            steps: environments.steps(),
        };
        let envelope = observation.envelope(environments.observation_space(), &self.rooms.observation);
        self.client.send(envelope.map_err(LiveError::Episode)?).await?;
        Ok(())
    }

    /// Says what can be seen and done, to all or to who asked.
    async fn declare(&self, question: Option<&Message>) -> Result<(), LiveError> {
        let mut envelope = Envelope::new(Kind::SPACES);
        match question {
            None => envelope = envelope.with_to_room(self.rooms.observation.clone()),
            // A declaration is no question; nobody asks whom there is no answering.
            Some(question) if question.fields.iter().any(|(name, _)| name == "OBSERVATION") => return Ok(()),
            Some(question) => {
                let Some(asker) = question.sender().and_then(|name| MemberName::parse(name).ok()) else {
                    return Ok(());
                };
                envelope = envelope.with_to(asker);
                if let Some(id) = &question.id {
                    envelope = envelope.with_field("REF", id.as_str()).map_err(Error::from)?;
                }
            }
        }
        let environments = self.environments();
        let envelope = envelope
            .with_field("OBSERVATION", environments.observation_space())
            .and_then(|envelope| envelope.with_field("ACTION", environments.action_space()))
            .and_then(|envelope| envelope.with_field("ENVIRONMENTS", &environments.environments()));
        self.client.send(envelope.map_err(Error::from)?).await?;
        Ok(())
    }

    /// Does what a message tells, and pays for it. False when it told nothing that is to be done now.
    async fn act(&mut self, message: &Message) -> Result<bool, LiveError> {
        if message.root_id.as_deref() != Some(self.shown.as_str()) {
            self.tally.ignored += 1;
            return Ok(false);
        }
        let environments = self.environments();
        let action = Action::read(environments.action_space(), message, environments.environments());
        let action = match action {
            Ok(action) => action,
            Err(fault) => return self.refuse(message, &fault).await.map(|()| false),
        };
        let stepped = self.step(&action).await?;
        let ends = stepped.terminated.iter().zip(&stepped.truncated);
        self.tally.episodes +=
            ends.filter(|(terminated, truncated)| **terminated || **truncated).count() as u64;
        self.tally.steps += stepped.rewards.len() as u64;
        self.pay(action, stepped).await?;
        self.shown = fresh_id();
        Ok(true)
    }

    async fn step(&mut self, action: &Action) -> Result<Stepped, LiveError> {
        let mut environments = self.environments.take().expect("between steps the environments are here");
        let values = action.values.clone();
        let done = tokio::task::spawn_blocking(move || {
            let stepped = environments.step(&values);
            (environments, stepped)
        });
        let (environments, stepped) = done.await.map_err(|panic| LiveError::Panicked(panic.to_string()))?;
        self.environments = Some(environments);
        stepped.map_err(LiveError::Environment)
    }

    async fn pay(&self, action: Action, stepped: Stepped) -> Result<(), LiveError> {
        let reward = Reward {
            action: action.id,
            observation: self.shown.clone(),
            status: self.status,
            rewards: stepped.rewards,
            terminated: stepped.terminated,
            truncated: stepped.truncated,
            episodes: stepped.episodes,
            steps: stepped.steps,
            finals: stepped.finals,
        };
        let envelope = reward.envelope(self.environments().observation_space(), &self.rooms.action);
        self.client.send(envelope.map_err(LiveError::Episode)?).await?;
        Ok(())
    }

    /// Tells whoever acted that it cannot be done; the observation stands.
    async fn refuse(&mut self, message: &Message, fault: &EpisodeFault) -> Result<(), LiveError> {
        self.tally.refused += 1;
        let fields = [
            ("REF", message.id.as_ref().map_or("", MessageId::as_str)),
            ("CODE", fault.code()),
            ("MESSAGE", &fault.to_string()),
            ("FIELD", fault.field()),
            ("COMPONENT", self.client.name().as_str()),
        ];
        let mut envelope = Envelope::new(Kind::FAULT).with_to_room(self.rooms.action.clone());
        envelope.root_id.clone_from(&message.root_id);
        for (name, text) in fields {
            envelope = envelope.with_field(name, text).map_err(Error::from)?;
        }
        self.client.send(envelope).await?;
        Ok(())
    }
}
