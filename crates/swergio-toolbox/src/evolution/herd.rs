//! Herd: the genomes of members that live in other processes, fetched, handed out, and remembered for who comes back.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use swergio_client::{
    Client, Error, Kind, MemberName, Message, MessageId, Messages, RoomName, Trigger, fresh_id,
};
use tokio::time::{Instant, timeout_at};

use super::Husbandry;
use super::genome::to_member;

/// Bounds how long members are waited for, and what is remembered of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HerdLimits {
    /// How long to wait for members that are asked, or given something: 2 s.
    pub patience: Duration,
    /// How many members' genomes are remembered. 1,024.
    pub members: NonZeroUsize,
    /// How many numbers a genome may have. 16,777,216.
    pub genes: usize,
}

impl Default for HerdLimits {
    fn default() -> Self {
        let members = NonZeroUsize::new(1024).expect("a thousand is not zero");
        Self { patience: Duration::from_secs(2), members, genes: 1 << 24 }
    }
}

/// Counts what a herd has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HerdTally {
    /// Genomes that were fetched.
    pub fetched: u64,
    /// Genomes that were given and taken.
    pub given: u64,
    /// Members that did not answer in time.
    pub missing: u64,
    /// Gifts that a member could not take.
    pub refused: u64,
    /// Members that came back, and were given what they had been.
    pub restored: u64,
}

/// Holds genomes by the names of their members.
pub type Genomes = BTreeMap<String, Vec<f64>>;

/// Fetches genomes from members that are components of their own, and hands genomes out to them.
///
/// What it has last heard of a member, or given it, it remembers: who falls and comes back asks for it in the herd's room.
/// Members use [`Husbandry`] to answer.
///
/// ```no_run
/// # async fn breed(client: swergio_toolbox::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use swergio_toolbox::RoomName;
/// use swergio_toolbox::evolution::{Herd, HerdLimits};
///
/// let mut herd = Herd::open(&client, RoomName::parse("evolution")?, HerdLimits::default()).await?;
/// let genomes = herd.fetch(["ada"]).await?;
/// let heir = [("bob".to_owned(), genomes["ada"].clone())].into();
/// assert_eq!(herd.give(&heir).await?, ["bob"]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Herd {
    client: Client,
    heard: Messages,
    limits: HerdLimits,
    remembered: Genomes,
    tally: HerdTally,
}

impl Herd {
    /// Joins the room in which members that come back ask for what they were.
    ///
    /// # Errors
    /// As [`Client::subscribe`].
    pub async fn open(client: &Client, room: RoomName, limits: HerdLimits) -> Result<Self, Error> {
        let heard = client.subscribe(Trigger::kinds([Kind::GENOME]).rooms([room.as_str()])).await?;
        let tally = HerdTally::default();
        Ok(Self { client: client.clone(), heard, limits, remembered: Genomes::new(), tally })
    }

    /// Asks members for their genomes, and returns those that came in time.
    ///
    /// # Errors
    /// When the client cannot send, or has ended.
    pub async fn fetch<N: AsRef<str>>(
        &mut self,
        members: impl IntoIterator<Item = N>,
    ) -> Result<Genomes, Error> {
        let mut asked = BTreeMap::new();
        for member in members {
            self.say(&mut asked, member.as_ref(), None).await?;
        }
        let mut fetched = Genomes::new();
        for (member, answer) in self.answers(asked).await? {
            if let Some(Husbandry::Gives(genome)) = Husbandry::read(&answer) {
                self.remember(&member, &genome);
                fetched.insert(member, genome);
                self.tally.fetched += 1;
            }
        }
        Ok(fetched)
    }

    /// Gives members genomes in place of their own, and returns, in the order of their names, who has taken it.
    ///
    /// # Errors
    /// When the client cannot send, or has ended.
    pub async fn give(&mut self, genomes: &Genomes) -> Result<Vec<String>, Error> {
        let mut asked = BTreeMap::new();
        for (member, genome) in genomes {
            self.remember(member, genome);
            self.say(&mut asked, member, Some(genome)).await?;
        }
        let answers = self.answers(asked).await?;
        let refused = |answer: &Message| answer.field::<String>("ERROR").ok().flatten().is_some();
        let mut taken: Vec<String> =
            answers.iter().filter(|(_, answer)| !refused(answer)).map(|(member, _)| member.clone()).collect();
        taken.sort();
        self.tally.refused += (answers.len() - taken.len()) as u64;
        self.tally.given += taken.len() as u64;
        Ok(taken)
    }

    /// Gives members that come back what they were, until the client ends. Cancel-safe: wait for it beside whatever else
    /// there is to be done.
    ///
    /// # Errors
    /// When the client cannot send.
    pub async fn attend(&mut self) -> Result<(), Error> {
        while let Some(message) = self.heard.next().await {
            self.restore(&message).await?;
        }
        Ok(())
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> HerdTally {
        self.tally
    }

    async fn say(
        &mut self,
        asked: &mut BTreeMap<String, String>,
        member: &str,
        genome: Option<&[f64]>,
    ) -> Result<(), Error> {
        let Ok(name) = MemberName::parse(member) else { return Ok(()) };
        let id: MessageId = fresh_id();
        asked.insert(id.as_str().to_owned(), member.to_owned());
        self.client.send(to_member(name, id, genome)).await?;
        Ok(())
    }

    /// Waits for an answer to each, by the ID of what was said.
    async fn answers(
        &mut self,
        mut asked: BTreeMap<String, String>,
    ) -> Result<Vec<(String, Message)>, Error> {
        let deadline = Instant::now() + self.limits.patience;
        let mut answers = Vec::new();
        while !asked.is_empty() {
            let Ok(heard) = timeout_at(deadline, self.heard.next()).await else { break };
            let Some(message) = heard else { break };
            let of = message.field::<String>("REF").ok().flatten();
            match of.and_then(|id| asked.remove(&id)) {
                Some(member) if message.sender() == Some(&member) => answers.push((member, message)),
                _ => self.restore(&message).await?,
            }
        }
        self.tally.missing += asked.len() as u64;
        Ok(answers)
    }

    async fn restore(&mut self, message: &Message) -> Result<(), Error> {
        let genome = message.sender().and_then(|name| self.remembered.get(name));
        if let (Some(Husbandry::Asks), Some(genome)) = (Husbandry::read(message), genome)
            && let Some(answer) = Husbandry::answer(message, Ok(Some(genome)))
        {
            self.tally.restored += 1;
            self.client.send(answer).await?;
        }
        Ok(())
    }

    fn remember(&mut self, member: &str, genome: &[f64]) {
        let known = self.remembered.contains_key(member);
        let room = known || self.remembered.len() < self.limits.members.get();
        if room && genome.len() <= self.limits.genes {
            self.remembered.insert(member.to_owned(), genome.to_vec());
        }
    }
}
