//! Member: says what it would do, and learns from what the ensemble did.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use swergio_client::{Client, Envelope, Kind, Message, MessageId, Messages, RoomName, Trigger};
use swergio_toolbox::Tensor;
use swergio_toolbox::dice::Dice;
use swergio_toolbox::environment::Stepped;
use swergio_toolbox::episode::{EpisodeLimits, Observation, Reward};
use swergio_toolbox::evolution::Husbandry;
use tokio::time::timeout;

use crate::agent::{ACTIONS, Agent, Came, Deed, Recipe};
use crate::cart_pole::observation_space;
use crate::ensemble::LOGITS;
use crate::nature::Nature;
use crate::orders::EVOLUTION;
use crate::pupil::{numbers, what_came};
use crate::rooms::{connect, rooms, stepped};

/// How many observations are kept that no reward has come for.
const KEPT: usize = 64;

/// Learns from what it sees and from what was done, whether it was asked in time or not.
#[derive(Debug)]
pub(crate) struct Member {
    agent: Agent,
    /// What was shown, oldest first.
    shown: VecDeque<(MessageId, Vec<f64>)>,
    /// What waits until it is known whether the next step is known, too.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    came: Vec<(Deed, Came)>,
    /// The observation that came next.
    next: (MessageId, Vec<f64>),
}

impl Member {
    /// Makes one that knows nothing, and learns by the recipe.
    #[cfg(test)]
    pub(crate) fn new(recipe: Recipe, seed: u64) -> Self {
        Self::of(Agent::new(recipe, &mut Dice::seeded(seed)))
    }

    /// Makes one that knows nothing, with a nature of its own.
    pub(crate) fn born(recipe: Recipe, seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        let nature = Nature::rolled(&mut dice);
        Self::of(Agent::new(recipe, &mut dice).with_nature(nature))
    }

    /// Returns the agent that it is, to be bred.
    pub(crate) fn agent(&mut self) -> &mut Agent {
        &mut self.agent
    }

    fn of(agent: Agent) -> Self {
        Self { agent, shown: VecDeque::new(), held: None }
    }

    /// Takes in what is shown, and returns the logits for each pole. What is shown again is answered again.
    pub(crate) fn show(&mut self, id: &MessageId, seen: Vec<f64>) -> Vec<f64> {
        let logits = self.agent.logits(&seen);
        if self.shown.back().is_none_or(|(last, _)| last != id) {
            if self.shown.len() == KEPT {
                self.shown.pop_front();
            }
            self.shown.push_back((id.clone(), seen));
        }
        logits
    }

    /// Takes in what was done about an observation, and what came of it. One that is not remembered is ignored.
    ///
    /// Where a step is missing, as this member was late for it, what came before is taken as cut off there.
    pub(crate) fn pay(&mut self, id: &MessageId, done: &[usize], stepped: &Stepped) -> Result<()> {
        let Some(at) = self.shown.iter().position(|(shown, _)| shown == id) else { return Ok(()) };
        let Some(next) = self.shown.get(at + 1).cloned() else { return Ok(()) };
        let seen = self.shown.drain(..=at).next_back().map(|(_, seen)| seen).unwrap_or_default();
        let held = Held { came: what_came(&seen, done, stepped, &next.1), next };
        match self.held.replace(held) {
            Some(before) => self.learn(before, id),
            None => Ok(()),
        }
    }

    fn learn(&mut self, mut held: Held, next: &MessageId) -> Result<()> {
        if held.next.0 != *next {
            held.came.iter_mut().for_each(|(_, came)| came.truncated |= !came.terminated);
        }
        self.agent.take(held.came, &held.next.1).map_err(|error| anyhow!(error))?;
        Ok(())
    }
}

/// Says what is wrong with a member, on purpose.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Ailment {
    /// Take so many milliseconds for each answer.
    #[arg(long, default_value_t = 0)]
    slow_by: u64,
    /// Crash after so many answers.
    #[arg(long)]
    crash_every: Option<u64>,
}

/// A member at work: it answers what the poles show in [`LOGITS`], learns from what is paid, and is bred.
struct Work {
    client: Client,
    heard: Messages,
    observation: RoomName,
    member: Member,
    poles: usize,
    ailment: Ailment,
    answered: u64,
}

/// Works until the broker goes. Who comes back asks for what it was.
pub(crate) async fn learn(url: &str, name: &str, recipe: &Recipe, seed: u64, ailment: Ailment) -> Result<()> {
    let client = connect(url, name).await?;
    let observation = rooms()?.observation;
    let kinds = Trigger::kinds([Kind::FORWARD, Kind::REWARD, Kind::GENOME]);
    let heard = client.subscribe(kinds.rooms([observation.as_str()])).await?;
    client.send(Husbandry::of_newcomer(RoomName::parse(EVOLUTION)?)).await?;
    let (member, poles) = (Member::born(recipe.clone(), seed), recipe.environments);
    let mut work = Work { client, heard, observation, member, poles, ailment, answered: 0 };
    let mut next = None;
    loop {
        let message = match next.take() {
            Some(message) => Some(message),
            None => work.heard.next().await,
        };
        let Some(message) = message else { return Ok(()) };
        next = work.hear(message).await?;
    }
}

impl Work {
    /// Does what a message asks for. Returns the next one, if it has taken it already.
    async fn hear(&mut self, message: Message) -> Result<Option<Message>> {
        if self.is_shown(&message) {
            return self.answer(&message).await;
        }
        if message.kind == Kind::REWARD {
            self.take(&message)?;
        } else if message.kind == Kind::GENOME {
            self.be_bred(&message).await?;
        }
        Ok(None)
    }

    async fn answer(&mut self, message: &Message) -> Result<Option<Message>> {
        if self.ailment.slow_by > 0 {
            tokio::time::sleep(Duration::from_millis(self.ailment.slow_by)).await;
        }
        let envelope = answer(&mut self.member, self.client.name().as_str(), message)?;
        self.client.send(envelope).await?;
        self.answered += 1;
        if self.ailment.crash_every == Some(self.answered) {
            println!("{} crashes after {} answers", self.client.name(), self.answered);
            std::process::exit(1);
        }
        // Who is slow does not answer what has long been over, but what is shown now.
        let mut newest = None;
        while self.ailment.slow_by > 0
            && let Ok(Some(message)) = timeout(Duration::ZERO, self.heard.next()).await
        {
            if self.is_shown(&message) {
                newest = Some(message);
            } else {
                Box::pin(self.hear(message)).await?;
            }
        }
        Ok(newest)
    }

    fn is_shown(&self, message: &Message) -> bool {
        message.kind == Kind::FORWARD && message.to_room.as_ref() == Some(&self.observation)
    }

    fn take(&mut self, message: &Message) -> Result<()> {
        let shown = message.root_id.as_deref().map(MessageId::new);
        let name = self.client.name().as_str();
        let shown = shown.filter(|shown| message.id == Some(own(name, shown)));
        let Some(shown) = shown else { return Ok(()) };
        let mut reward = Reward::read(&observation_space(), message, self.poles)?;
        reward.rewards = message.field("WHOLE")?.context("a share comes with the whole")?;
        let done: Vec<usize> = message.field("ACTION")?.context("a share comes with what was done")?;
        let is_action = |action: &usize| *action < ACTIONS;
        ensure!(done.len() == self.poles && done.iter().all(is_action), "as many actions as poles");
        self.member.pay(&shown, &done, &stepped(reward))
    }

    async fn be_bred(&mut self, message: &Message) -> Result<()> {
        let agent = self.member.agent();
        let answer = match Husbandry::read(message) {
            Some(Husbandry::Asks) => Husbandry::answer(message, Ok(Some(&agent.heritage()))),
            Some(Husbandry::Gives(heritage)) => {
                let inherited = agent.inherit(&heritage).map(|()| None).map_err(|error| error.to_string());
                Husbandry::answer(message, inherited)
            }
            None => None,
        };
        if let Some(answer) = answer {
            self.client.send(answer).await?;
        }
        Ok(())
    }
}

fn answer(member: &mut Member, name: &str, message: &Message) -> Result<Envelope> {
    let observation = Observation::read(&observation_space(), message, EpisodeLimits::default())?;
    let logits = member.show(&observation.id, numbers(&observation.values));
    Ok(Envelope::new(Kind::FORWARD)
        .with_id(own(name, &observation.id))
        .with_root_id(observation.id.as_str())
        .with_model_status(observation.status)
        .with_to_room(RoomName::parse(LOGITS)?)
        .with_tensor(Tensor::from_f64([observation.environments(), ACTIONS], &logits)?))
}

/// Makes the ID of this member's answer, by which it knows its own share again.
fn own(name: &str, observation: &MessageId) -> MessageId {
    MessageId::new(&format!("{name}.{}", observation.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> MessageId {
        MessageId::new(&number.to_string())
    }

    fn step() -> Stepped {
        Stepped {
            rewards: vec![1.0; 2],
            terminated: vec![false; 2],
            truncated: vec![false; 2],
            episodes: vec![0; 2],
            steps: vec![0; 2],
            finals: None,
        }
    }

    /// Plays so many steps, of which one is not paid, and returns what the member has become.
    fn life(steps: usize, unpaid: Option<usize>) -> Member {
        let mut member = Member::new(Recipe::quick(), 1);
        for number in 0..=steps {
            member.show(&id(number), vec![0.01 * number as f64; 8]);
            // Shown once more: it is one step all the same.
            member.show(&id(number), vec![0.01 * number as f64; 8]);
            if number > 0 && unpaid != Some(number - 1) {
                member.pay(&id(number - 1), &[0, 1], &step()).unwrap();
            }
        }
        member
    }

    #[test]
    fn it_learns_once_it_was_paid_for_a_rollout() {
        // The last step waits until it is known what comes after it.
        assert_eq!(life(16, None).agent.version, 0);
        assert_eq!(life(17, None).agent.version, 1);
    }

    #[test]
    fn a_step_that_is_missing_cuts_off_what_came_before() {
        let member = life(10, Some(4));
        assert_eq!(member.agent.version, 0);
        let whole = life(18, None);
        let gap = life(18, Some(4));
        assert_eq!((whole.agent.version, gap.agent.version), (1, 1));
        assert_ne!(whole.agent.genome(), gap.agent.genome());
    }

    #[test]
    fn what_it_never_saw_it_does_not_learn_from_and_what_it_keeps_is_bounded() {
        let mut member = life(3, None);
        member.pay(&id(99), &[0, 1], &step()).unwrap();
        for number in 100..300 {
            member.show(&id(number), vec![0.0; 8]);
        }
        assert_eq!(member.shown.len(), KEPT);
    }
}
