//! Council: members answer, it decides, an environment is acted in, and each member is paid its share.

mod limits;

use std::time::Duration;

use swergio_client::{Body, Client, Envelope, Kind, MemberName, Message, MessageId, RoomName, Tensor};
use tokio::time::Instant;

use crate::Values;
use crate::credit::{CreditLedger, Payment, Shares};
use crate::dice::Dice;
use crate::ensemble::{Decision, decide};
use crate::environment::{Actor, LiveError, Rooms, Turn};
use crate::episode::{Observation, Reward};
use crate::gather::{GatherRoom, GatherTally, Gathered};

pub use limits::{CouncilPlan, CouncilTally};

/// Acts in an environment for an ensemble whose members are components of their own.
///
/// Members hear the observation as the council does, and answer it with DATA/FORWARD in the council's room: a row of logits for each
/// environment, ROOT_ID of the observation. The council waits for as many as are wanted, or for its deadline, decides, acts, and
/// passes what came of it on to each member, and to it alone, under the ID of that member's answer (R119). If nobody answers in time, it acts by
/// chance: no step waits longer than the deadline.
///
/// ```no_run
/// # async fn preside(client: swergio_toolbox::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_toolbox::RoomName;
/// use swergio_toolbox::council::{Council, CouncilPlan};
/// use swergio_toolbox::environment::Rooms;
///
/// let rooms = Rooms { observation: RoomName::parse("observation")?, action: RoomName::parse("action")? };
/// let mut council = Council::open(&client, rooms, RoomName::parse("logits")?, CouncilPlan::default()).await?;
/// while let Some(round) = council.round().await? {
///     println!("{:?} were missing", round.missing);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Council {
    client: Client,
    actor: Actor,
    members: GatherRoom,
    room: RoomName,
    actions: usize,
    plan: CouncilPlan,
    dice: Dice,
    ledger: CreditLedger,
    acted: Option<Acted>,
    evaluating: bool,
    tally: CouncilTally,
}

/// What was done last, and who had said what about it.
#[derive(Debug)]
struct Acted {
    answers: Vec<(String, MessageId)>,
    chosen: Vec<usize>,
    shares: Shares,
}

/// Tells of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// What was acted upon.
    pub observation: Observation,
    /// What came of the round before.
    pub reward: Option<Reward>,
    /// What the members thought. None when nobody had anything to say, and chance decided.
    pub decision: Option<Decision>,
    /// What was done in each environment.
    pub chosen: Vec<usize>,
    /// Each member's part in what was done. None when chance decided.
    pub shares: Option<Shares>,
    /// Who was waited for in vain.
    pub missing: Vec<String>,
    /// How long members were waited for.
    pub waited: Duration,
}

impl Council {
    /// Joins the rooms of the environment and the one where members answer, and waits for an environment to declare itself.
    ///
    /// # Errors
    /// [`LiveError::Client`] when the client cannot send, or ends; [`LiveError::NoChoice`] when the action space is no Discrete.
    pub async fn open(
        client: &Client,
        rooms: Rooms,
        answers: RoomName,
        plan: CouncilPlan,
    ) -> Result<Self, LiveError> {
        let members =
            GatherRoom::open(client, answers.clone(), Kind::FORWARD, plan.want, plan.gather).await?;
        let actor = Actor::open(client, rooms, plan.actor).await?;
        let actions = actor.action_space().choices().ok_or(LiveError::NoChoice)?;
        let (dice, ledger) = (Dice::seeded(plan.seed), CreditLedger::new(plan.credit.clone()));
        Ok(Self {
            client: client.clone(),
            actor,
            members,
            room: answers,
            actions,
            plan,
            dice,
            ledger,
            acted: None,
            evaluating: false,
            tally: CouncilTally::default(),
        })
    }

    /// Waits for a turn, passes the reward of the last action on, hears the members, decides and acts. None when the client
    /// has ended.
    ///
    /// # Errors
    /// [`LiveError::Client`] when the client cannot send.
    pub async fn round(&mut self) -> Result<Option<Round>, LiveError> {
        let Some(Turn { observation, reward }) = self.actor.turn().await? else { return Ok(None) };
        if let (Some(reward), Some(acted), false) = (&reward, self.acted.take(), self.evaluating) {
            self.pay(reward, &acted).await?;
        }
        let asked = Instant::now();
        let Some(gathered) = self.members.gather(&observation.id).await else { return Ok(None) };
        let waited = asked.elapsed();
        let rows = observation.environments();
        let decision = self.decide(rows, &gathered);
        let chosen = match &decision {
            Some(decision) if self.plan.greedy || self.evaluating => decision.greedy(),
            Some(decision) => decision.sample(&mut self.dice),
            None => (0..rows).map(|_| self.dice.below(self.actions)).collect(),
        };
        let shares = self.act(&chosen, decision.as_ref(), &gathered).await?;
        self.tally.rounds += 1;
        self.tally.by_chance += u64::from(decision.is_none());
        let missing = gathered.missing;
        Ok(Some(Round { observation, reward, decision, chosen, shares, missing, waited }))
    }

    /// Evaluates from now on (`true`): takes the most likely action, and pays nobody, so that nobody learns; or goes on as planned.
    pub fn evaluate(&mut self, evaluating: bool) {
        self.evaluating = evaluating;
    }

    /// Lists the members.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.members()
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> CouncilTally {
        self.tally
    }

    /// Returns what has been counted of the members' answers.
    pub fn answers(&self) -> GatherTally {
        self.members.tally()
    }

    fn decide(&mut self, rows: usize, gathered: &Gathered<Message>) -> Option<Decision> {
        let said = gathered.answers.iter().map(|(member, message)| {
            // What is no tensor has no numbers, and is refused for that.
            let scores = message.tensor().map(|tensor| tensor.to_f64_vec()).unwrap_or_default();
            (member.clone(), scores)
        });
        let decision = decide(self.plan.combine, rows, self.actions, &said.collect::<Vec<_>>()).ok();
        let heard = decision.as_ref().map_or(0, |decision| gathered.answers.len() - decision.refused().len());
        self.tally.refused += (gathered.answers.len() - heard) as u64;
        decision
    }

    async fn act(
        &mut self,
        chosen: &[usize],
        decision: Option<&Decision>,
        gathered: &Gathered<Message>,
    ) -> Result<Option<Shares>, LiveError> {
        let first = self.actor.action_space().first_choice();
        let actions: Vec<i64> = chosen.iter().map(|action| first + *action as i64).collect();
        let actions = Tensor::from_i64([actions.len()], &actions).expect("as many as there are");
        let id = self.actor.act(Values::One(actions), None).await?;
        let shares = decision.and_then(|decision| decision.credit(chosen).ok());
        if let Some(shares) = &shares {
            let heard = |member: &str| shares.of_member(member).is_some();
            let answers = gathered.answers.iter().filter(|(member, _)| heard(member));
            let answers = answers.filter_map(|(member, message)| Some((member.clone(), message.id.clone()?)));
            let (answers, chosen) = (answers.collect(), chosen.to_vec());
            self.acted = Some(Acted { answers, chosen, shares: shares.clone() });
            self.ledger.keep(Instant::now().into_std(), id, shares.clone());
        }
        Ok(shares)
    }

    /// Pays each member its share of a reward. A reward that no member can be paid of is dropped, and counted.
    async fn pay(&mut self, reward: &Reward, acted: &Acted) -> Result<(), LiveError> {
        let settled = self.ledger.settle(Instant::now().into_std(), &reward.action, &reward.rewards);
        let Ok(Payment::Paid(paid)) = settled else {
            self.tally.unpaid += 1;
            return Ok(());
        };
        let whole =
            reward.envelope(self.actor.observation_space(), &self.room).map_err(LiveError::Episode)?;
        for (member, id) in &acted.answers {
            let Some((_, share)) = paid.iter().find(|(name, _)| name == member) else { continue };
            let Ok(alone) = MemberName::parse(member) else { continue };
            self.client.send(share_of(&whole, id, share, acted, member).with_to(alone)).await?;
            self.tally.paid += 1;
        }
        Ok(())
    }
}

/// Makes a member's message of the whole reward.
fn share_of(whole: &Envelope, id: &MessageId, share: &[f64], acted: &Acted, member: &str) -> Envelope {
    let spelt = |body: Result<Body, _>| body.expect("a list of numbers can be spelt");
    let mut envelope = whole.clone();
    envelope.id = Some(id.clone());
    envelope.to_room = None;
    envelope.fields.push(("ACTION".into(), spelt(Body::of(&acted.chosen))));
    envelope.fields.push(("PART".into(), spelt(Body::of(&acted.shares.of_member(member)))));
    envelope.fields.push(("HEARD".into(), spelt(Body::of(&acted.shares.iter().len()))));
    envelope.fields.push(("WHOLE".into(), whole.data.clone().expect("a reward has DATA")));
    envelope.data = Some(spelt(Body::of(share)));
    envelope
}
