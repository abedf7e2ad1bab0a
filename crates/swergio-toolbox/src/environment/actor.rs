//! Actor: the other side of an environment, which is shown, acts, and is paid.

use std::time::Duration;

use swergio_client::{Client, Envelope, Kind, Message, MessageId, Messages, Trigger, fresh_id};
use tokio::time::timeout;

use super::{LiveError, Rooms};
use crate::Values;
use crate::episode::{Action, EpisodeLimits, Observation, Reward};
use crate::space::Space;

/// Bounds how long an actor waits for an environment to declare itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorLimits {
    /// How long to wait before asking for the spaces again: 1 s. It asks until an environment answers.
    pub patience: Duration,
    /// How many environments may stand behind the component.
    pub episode: EpisodeLimits,
}

impl Default for ActorLimits {
    fn default() -> Self {
        Self { patience: Duration::from_secs(1), episode: EpisodeLimits::default() }
    }
}

/// Counts what an actor has met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorTally {
    /// Observations that were acted upon.
    pub acted: u64,
    /// Actions that were sent again, since the environment showed the same again.
    pub acted_again: u64,
    /// Actions whose reward never came.
    pub unpaid: u64,
    /// Messages that cannot be read as what they should be.
    pub unreadable: u64,
}

/// Holds what there is to act upon, and what came of the action before.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What is shown now.
    pub observation: Observation,
    /// The reward of the last action. None at first, and when it was lost.
    pub reward: Option<Reward>,
}

/// Acts in an environment that is served elsewhere, turn by turn.
///
/// An observation that is shown again, since an action was lost, is answered again with the same action by itself.
///
/// ```no_run
/// # async fn play(client: swergio_toolbox::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_toolbox::RoomName;
/// use swergio_toolbox::dice::Dice;
/// use swergio_toolbox::environment::{Actor, ActorLimits, Rooms};
/// use swergio_toolbox::space::stack;
///
/// let rooms = Rooms { observation: RoomName::parse("observation")?, action: RoomName::parse("action")? };
/// let mut actor = Actor::open(&client, rooms, ActorLimits::default()).await?;
/// let mut dice = Dice::seeded(1);
/// while let Some(turn) = actor.turn().await? {
///     let rolls: Vec<_> =
///         turn.observation.episodes.iter().map(|_| actor.action_space().sample(&mut dice)).collect();
///     actor.act(stack(&rolls)?, None).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Actor {
    client: Client,
    rooms: Rooms,
    limits: ActorLimits,
    heard: Messages,
    observation_space: Space,
    action_space: Space,
    /// The observation that is acted upon.
    at: Option<Observation>,
    acted: Option<Action>,
    /// What came of it.
    reward: Option<Reward>,
    tally: ActorTally,
}

impl Actor {
    /// Joins the rooms, and waits until an environment has declared what it shows and takes.
    ///
    /// # Errors
    /// [`LiveError::Client`] when the client cannot send, or ends.
    pub async fn open(client: &Client, rooms: Rooms, limits: ActorLimits) -> Result<Self, LiveError> {
        // One stream for both, so that a reward comes out of it before the next observation, as it was sent.
        let both = Trigger::kinds([Kind::FORWARD, Kind::REWARD]);
        let heard = client.subscribe(both.rooms([rooms.observation.as_str(), rooms.action.as_str()])).await?;
        let (observation_space, action_space) = declared(client, &rooms, limits.patience).await?;
        Ok(Self {
            client: client.clone(),
            rooms,
            limits,
            heard,
            observation_space,
            action_space,
            at: None,
            acted: None,
            reward: None,
            tally: ActorTally::default(),
        })
    }

    /// Returns what one environment may show.
    pub fn observation_space(&self) -> &Space {
        &self.observation_space
    }

    /// Returns what one environment may be told.
    pub fn action_space(&self) -> &Space {
        &self.action_space
    }

    /// Waits for something new to act upon. None when the client has ended. Cancel-safe.
    ///
    /// # Errors
    /// [`LiveError::Client`] when the client cannot send again what was lost.
    pub async fn turn(&mut self) -> Result<Option<Turn>, LiveError> {
        loop {
            let Some(message) = self.heard.next().await else { return Ok(None) };
            if message.kind == Kind::REWARD {
                self.paid(&message);
            } else if message.to_room.as_ref() == Some(&self.rooms.observation)
                && let Some(turn) = self.shown(&message).await?
            {
                return Ok(Some(turn));
            }
        }
    }

    /// Acts upon what was shown last: a row of actions for each environment. `weights` is the version that chose them.
    ///
    /// Returns the action's ID, under which the reward will come.
    ///
    /// # Errors
    /// [`LiveError::NotInSpace`] when the actions are not in their space, or there is nothing to act upon;
    /// [`LiveError::Client`] when the client cannot send.
    pub async fn act(&mut self, values: Values, weights: Option<u64>) -> Result<MessageId, LiveError> {
        let Some(at) = &self.at else { return Err(LiveError::NothingShown) };
        self.action_space.check_batch(at.environments(), &values).map_err(LiveError::NotInSpace)?;
        let action =
            Action { id: fresh_id(), observation: at.id.clone(), status: at.status, values, weights };
        self.send(&action).await?;
        let id = action.id.clone();
        self.acted = Some(action);
        self.tally.acted += 1;
        Ok(id)
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> ActorTally {
        self.tally
    }

    async fn shown(&mut self, message: &Message) -> Result<Option<Turn>, LiveError> {
        let Ok(observation) = Observation::read(&self.observation_space, message, self.limits.episode) else {
            self.tally.unreadable += 1;
            return Ok(None);
        };
        if self.at.as_ref().is_some_and(|at| at.id == observation.id) {
            if let Some(action) = &self.acted {
                self.tally.acted_again += 1;
                self.send(action).await?;
            }
            return Ok(None);
        }
        let reward = self.reward.take();
        let acted = self.acted.take();
        self.tally.unpaid += u64::from(acted.is_some() && reward.is_none());
        self.at = Some(observation.clone());
        Ok(Some(Turn { observation, reward }))
    }

    fn paid(&mut self, message: &Message) {
        let (Some(acted), Some(at)) = (&self.acted, &self.at) else { return };
        if message.id.as_ref() != Some(&acted.id) {
            return;
        }
        match Reward::read(&self.observation_space, message, at.environments()) {
            Ok(reward) => self.reward = Some(reward),
            Err(_) => self.tally.unreadable += 1,
        }
    }

    async fn send(&self, action: &Action) -> Result<(), LiveError> {
        let envelope = action.envelope(&self.action_space, &self.rooms.action).map_err(LiveError::Episode)?;
        self.client.send(envelope).await?;
        Ok(())
    }
}

async fn declared(client: &Client, rooms: &Rooms, patience: Duration) -> Result<(Space, Space), LiveError> {
    let mut declared = client.subscribe(Trigger::kinds([Kind::SPACES])).await?;
    loop {
        let question = Envelope::new(Kind::SPACES).with_to_room(rooms.observation.clone());
        client.send(question).await?;
        while let Ok(message) = timeout(patience, declared.next()).await {
            let message = message.ok_or(LiveError::Ended)?;
            if let (Some(observation), Some(action)) =
                (space(&message, "OBSERVATION"), space(&message, "ACTION"))
            {
                return Ok((observation, action));
            }
        }
    }
}

fn space(message: &Message, field: &str) -> Option<Space> {
    message.field(field).ok().flatten()
}
