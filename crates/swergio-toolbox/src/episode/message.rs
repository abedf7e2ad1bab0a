//! Message: observation, action and reward of environments side by side, to and from what crosses the wire.

use serde::de::DeserializeOwned;
use swergio_client::{Body, Envelope, Kind, MessageId, ModelStatus, RoomName};

use super::{EpisodeFault, EpisodeLimits};
use crate::Values;
use crate::space::Space;

/// Holds what environments show, and asks what to do: a `DATA/FORWARD` that begins a pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Its ID, which is the pass's `ROOT_ID`: action and reward refer to it.
    pub id: MessageId,
    /// Whether what comes of it is learned from.
    pub status: ModelStatus,
    /// The observations, one row for each environment.
    pub values: Values,
    /// The number of each environment's episode, counted from 0.
    pub episodes: Vec<u64>,
    /// How many steps each episode has had.
    pub steps: Vec<u64>,
}

/// Holds what is to be done: a `DATA/FORWARD` that answers an observation.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its ID: the reward comes back under it.
    pub id: MessageId,
    /// The observation that it answers.
    pub observation: MessageId,
    /// Inherited from the observation.
    pub status: ModelStatus,
    /// The actions, one row for each environment.
    pub values: Values,
    /// The version of the weights that chose them, where the agent counts versions.
    pub weights: Option<u64>,
}

/// Holds what came of an action: a `DATA/REWARD` with the action's ID.
#[derive(Clone, Debug, PartialEq)]
pub struct Reward {
    /// The action that it is for.
    pub action: MessageId,
    /// The observation that was acted upon.
    pub observation: MessageId,
    /// Inherited from the observation.
    pub status: ModelStatus,
    /// The reward of each environment.
    pub rewards: Vec<f64>,
    /// Which episodes ended with this step, by what happened in them: nothing comes after it.
    pub terminated: Vec<bool>,
    /// Which episodes were cut off after this step, for a reason outside of them, as a time limit: something would have come.
    pub truncated: Vec<bool>,
    /// The episode of the observation that was acted upon.
    pub episodes: Vec<u64>,
    /// Its step.
    pub steps: Vec<u64>,
    /// Where an episode ended: what each environment showed after the step, before any was reset.
    pub finals: Option<Values>,
}

impl Observation {
    /// Makes the message.
    ///
    /// # Errors
    /// [`EpisodeFault`] when the values are not named as `space` names them.
    pub fn envelope(&self, space: &Space, room: &RoomName) -> Result<Envelope, EpisodeFault> {
        let mut envelope = pass(Kind::FORWARD, &self.id, &self.id, self.status, room);
        envelope.fields =
            vec![("EPISODE".into(), counts(&self.episodes)), ("STEP".into(), counts(&self.steps))];
        envelope.data = Some(space.spell(&self.values).map_err(EpisodeFault::in_field("DATA"))?);
        Ok(envelope)
    }

    /// Reads a message; how many environments there are is how many entries EPISODE has.
    ///
    /// # Errors
    /// [`EpisodeFault`] with the first field that is wrong.
    pub fn read(space: &Space, message: &Envelope, limits: EpisodeLimits) -> Result<Self, EpisodeFault> {
        let episodes: Vec<u64> = field(message, "EPISODE")?;
        if episodes.len() > limits.environments {
            return Err(EpisodeFault::TooMany { most: limits.environments, found: episodes.len() });
        }
        let steps = list(message, "STEP", episodes.len())?;
        let values = space.read_batch(episodes.len(), data(message)?);
        let values = values.map_err(EpisodeFault::in_field("DATA"))?;
        Ok(Self { id: id(message)?, status: status(message), values, episodes, steps })
    }

    /// Counts the environments.
    pub fn environments(&self) -> usize {
        self.episodes.len()
    }
}

impl Action {
    /// Makes the message.
    ///
    /// # Errors
    /// [`EpisodeFault`] when the values are not named as `space` names them.
    pub fn envelope(&self, space: &Space, room: &RoomName) -> Result<Envelope, EpisodeFault> {
        let mut envelope = pass(Kind::FORWARD, &self.id, &self.observation, self.status, room);
        if let Some(version) = self.weights {
            envelope.fields.push(("WEIGHTS".into(), number(version)));
        }
        envelope.data = Some(space.spell(&self.values).map_err(EpisodeFault::in_field("DATA"))?);
        Ok(envelope)
    }

    /// Reads a message that acts upon so many environments.
    ///
    /// # Errors
    /// [`EpisodeFault`] with the first field that is wrong.
    pub fn read(space: &Space, message: &Envelope, environments: usize) -> Result<Self, EpisodeFault> {
        let values = space.read_batch(environments, data(message)?);
        let weights = message.field("WEIGHTS").map(|_| field(message, "WEIGHTS")).transpose()?;
        Ok(Self {
            id: id(message)?,
            observation: root(message)?,
            status: status(message),
            values: values.map_err(EpisodeFault::in_field("DATA"))?,
            weights,
        })
    }
}

impl Reward {
    /// Makes the message. `space` is that of observations.
    ///
    /// # Errors
    /// [`EpisodeFault`] when the final observations are not named as `space` names them.
    pub fn envelope(&self, space: &Space, room: &RoomName) -> Result<Envelope, EpisodeFault> {
        let mut envelope = pass(Kind::REWARD, &self.action, &self.observation, self.status, room);
        envelope.fields = vec![
            ("TERMINATED".into(), flags(&self.terminated)),
            ("TRUNCATED".into(), flags(&self.truncated)),
            ("EPISODE".into(), counts(&self.episodes)),
            ("STEP".into(), counts(&self.steps)),
        ];
        if let Some(finals) = &self.finals {
            let spelt = space.spell(finals).map_err(EpisodeFault::in_field("FINAL"))?;
            envelope.fields.push(("FINAL".into(), spelt));
        }
        envelope.data = Some(Body::of(&self.rewards).expect("a list of numbers can be spelt"));
        Ok(envelope)
    }

    /// Reads a message about so many environments. `space` is that of observations.
    ///
    /// # Errors
    /// [`EpisodeFault`] with the first field that is wrong.
    pub fn read(space: &Space, message: &Envelope, environments: usize) -> Result<Self, EpisodeFault> {
        let unreadable =
            |fault: swergio_client::Fault| EpisodeFault::Unreadable { field: "DATA", why: fault.to_string() };
        let rewards = data(message)?.tensor().map_err(unreadable)?.to_f64_vec();
        fits("DATA", rewards.len(), environments)?;
        let finals = message.field("FINAL").map(|body| space.read_batch(environments, body)).transpose();
        Ok(Self {
            action: id(message)?,
            observation: root(message)?,
            status: status(message),
            rewards,
            terminated: list(message, "TERMINATED", environments)?,
            truncated: list(message, "TRUNCATED", environments)?,
            episodes: list(message, "EPISODE", environments)?,
            steps: list(message, "STEP", environments)?,
            finals: finals.map_err(EpisodeFault::in_field("FINAL"))?,
        })
    }
}

fn pass(
    kind: Kind<'static>,
    id: &MessageId,
    root: &MessageId,
    status: ModelStatus,
    room: &RoomName,
) -> Envelope {
    Envelope::new(kind)
        .with_id(id.clone())
        .with_root_id(root.as_str())
        .with_model_status(status)
        .with_to_room(room.clone())
}

fn counts(numbers: &[u64]) -> Body {
    Body::of(numbers).expect("a list of numbers can be spelt")
}

fn number(number: u64) -> Body {
    Body::of(&number).expect("a number can be spelt")
}

fn flags(flags: &[bool]) -> Body {
    Body::of(flags).expect("a list of truth values can be spelt")
}

fn id(message: &Envelope) -> Result<MessageId, EpisodeFault> {
    message.id.clone().ok_or(EpisodeFault::Missing("ID"))
}

fn root(message: &Envelope) -> Result<MessageId, EpisodeFault> {
    message.root_id.as_deref().map(MessageId::new).ok_or(EpisodeFault::Missing("ROOT_ID"))
}

fn status(message: &Envelope) -> ModelStatus {
    message.model_status.unwrap_or(ModelStatus::TRAIN)
}

fn data(message: &Envelope) -> Result<&Body, EpisodeFault> {
    message.data.as_ref().ok_or(EpisodeFault::Missing("DATA"))
}

fn field<T: DeserializeOwned>(message: &Envelope, name: &'static str) -> Result<T, EpisodeFault> {
    let body = message.field(name).ok_or(EpisodeFault::Missing(name))?;
    body.read().map_err(|fault| EpisodeFault::Unreadable { field: name, why: fault.to_string() })
}

fn list<T: DeserializeOwned>(
    message: &Envelope,
    name: &'static str,
    environments: usize,
) -> Result<Vec<T>, EpisodeFault> {
    let list: Vec<T> = field(message, name)?;
    fits(name, list.len(), environments)?;
    Ok(list)
}

fn fits(field: &'static str, found: usize, wanted: usize) -> Result<(), EpisodeFault> {
    if found == wanted { Ok(()) } else { Err(EpisodeFault::Length { field, wanted, found }) }
}

#[cfg(test)]
mod tests {
    use swergio_client::{Codec, Dtype, Frame, Tensor};

    use super::*;

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    fn seen() -> Space {
        Space::bounded(-10.0, 10.0, [2], Dtype::F32).unwrap()
    }

    fn pairs(numbers: &[f32]) -> Values {
        Values::One(Tensor::from_f32([numbers.len() / 2, 2], numbers).unwrap())
    }

    fn reward() -> Reward {
        Reward {
            action: MessageId::new("a"),
            observation: MessageId::new("o"),
            status: ModelStatus::TRAIN,
            rewards: vec![1.0, -0.5],
            terminated: vec![true, false],
            truncated: vec![false, false],
            episodes: vec![3, 7],
            steps: vec![11, 0],
            finals: Some(pairs(&[1.0, 2.0, 3.0, 4.0])),
        }
    }

    fn json(envelope: &Envelope) -> String {
        String::from_utf8(envelope.encode(Codec::Json).unwrap().bytes().to_vec()).unwrap()
    }

    fn read(text: &str) -> Envelope {
        Envelope::decode(&Frame::json(text.to_owned()), 64).unwrap()
    }

    /// R110: an observation begins a pass of its own.
    #[test]
    fn r110_an_observation_as_it_crosses_the_wire() {
        let observation = Observation {
            id: MessageId::new("o"),
            status: ModelStatus::VALIDATE,
            values: pairs(&[0.5, 1.0]),
            episodes: vec![3],
            steps: vec![11],
        };
        let envelope = observation.envelope(&seen(), &room("observation")).unwrap();
        assert_eq!(
            json(&envelope),
            r#"{"ID": "o", "TYPE": "DATA/FORWARD", "TO_ROOM": "observation", "ROOT_ID": "o", "MODEL_STATUS": 2, "EPISODE": [3], "STEP": [11], "DATA": [[0.5,1.0]]}"#
        );
        for codec in [Codec::Json, Codec::MsgPack] {
            let there = Envelope::decode(&envelope.encode(codec).unwrap(), 64).unwrap();
            assert_eq!(Observation::read(&seen(), &there, EpisodeLimits::default()).unwrap(), observation);
        }
    }

    #[test]
    fn r111_an_action_names_the_observation_that_it_answers() {
        let space = Space::discrete(2).unwrap();
        let action = Action {
            id: MessageId::new("a"),
            observation: MessageId::new("o"),
            status: ModelStatus::TRAIN,
            values: Values::One(Tensor::from_i64([2], &[0, 1]).unwrap()),
            weights: Some(42),
        };
        let envelope = action.envelope(&space, &room("action")).unwrap();
        assert_eq!(
            json(&envelope),
            r#"{"ID": "a", "TYPE": "DATA/FORWARD", "TO_ROOM": "action", "ROOT_ID": "o", "MODEL_STATUS": 1, "WEIGHTS": 42, "DATA": [0,1]}"#
        );
        assert_eq!(Action::read(&space, &read(&json(&envelope)), 2).unwrap(), action);
        let fault = Action::read(
            &space,
            &read(r#"{"ID": "a", "TYPE": "DATA/FORWARD", "ROOT_ID": "o", "DATA": [2, 1]}"#),
            2,
        );
        assert_eq!(fault.unwrap_err().code(), "RANGE");
        let fault = Action::read(&space, &read(r#"{"ID": "a", "TYPE": "DATA/FORWARD", "DATA": [0]}"#), 1);
        assert_eq!(fault, Err(EpisodeFault::Missing("ROOT_ID")));
    }

    /// R112 and R114: under the action's ID, with the final observations where something ended.
    #[test]
    fn r112_a_reward_comes_under_the_actions_id() {
        let envelope = reward().envelope(&seen(), &room("action")).unwrap();
        assert_eq!(
            json(&envelope),
            r#"{"ID": "a", "TYPE": "DATA/REWARD", "TO_ROOM": "action", "ROOT_ID": "o", "MODEL_STATUS": 1, "TERMINATED": [true, false], "TRUNCATED": [false, false], "EPISODE": [3, 7], "STEP": [11, 0], "FINAL": [[1.0,2.0],[3.0,4.0]], "DATA": [1.0, -0.5]}"#
        );
        assert_eq!(Reward::read(&seen(), &read(&json(&envelope)), 2).unwrap(), reward());
        let plain = Reward { finals: None, ..reward() };
        let envelope = plain.envelope(&seen(), &room("action")).unwrap();
        assert_eq!(Reward::read(&seen(), &read(&json(&envelope)), 2).unwrap(), plain);
    }

    #[test]
    fn a_list_that_does_not_fit_is_named() {
        let wrong = |edit: fn(&mut Reward)| {
            let mut reward = reward();
            edit(&mut reward);
            let envelope = reward.envelope(&seen(), &room("action")).unwrap();
            Reward::read(&seen(), &envelope, 2).unwrap_err()
        };
        let short = wrong(|reward| reward.truncated = vec![true]);
        assert_eq!(short.to_string(), "TRUNCATED has 1 entries for 2 environments");
        assert_eq!(wrong(|reward| reward.rewards = vec![1.0; 3]).field(), "DATA");
        assert_eq!(wrong(|reward| reward.finals = Some(pairs(&[99.0; 4]))).code(), "RANGE");
        let limits = EpisodeLimits { environments: 1 };
        let crowd = read(
            r#"{"ID": "o", "TYPE": "DATA/FORWARD", "EPISODE": [0, 0], "STEP": [0, 0], "DATA": [[0, 0], [0, 0]]}"#,
        );
        assert_eq!(Observation::read(&seen(), &crowd, limits).unwrap_err().code(), "TOO_MANY");
        let odd =
            read(r#"{"ID": "o", "TYPE": "DATA/FORWARD", "EPISODE": ["x"], "STEP": [0], "DATA": [[0, 0]]}"#);
        assert_eq!(
            Observation::read(&seen(), &odd, EpisodeLimits::default()).unwrap_err().field(),
            "EPISODE"
        );
    }
}
