//! Orders: what control asks of those who act and breed, and what they answer.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use swergio_client::{Body, Client, Envelope, Kind, MemberName, Message, RoomName, fresh_id};

/// The room in which control says what is to be done, and hears how it goes.
pub(crate) const CONTROL: &str = "control";
/// The room in which the population is bred.
pub(crate) const EVOLUTION: &str = "evolution";

/// Says what is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Act, and pay, so that members learn. Said in [`CONTROL`].
    Learn,
    /// Act as well as you can for so many whole episodes, pay nobody, tell the mean return, and then hold still.
    Exam(usize),
    /// Breed by these merits, and by the mean return of the episodes since. Said in [`EVOLUTION`], as all that follows.
    Breed { merits: BTreeMap<String, f64>, score: f64 },
    /// Keep everybody's genome.
    Keep,
    /// Give everybody the genome that was kept last.
    Restore,
}

impl Order {
    pub(crate) fn envelope(&self, room: &str) -> Result<Envelope> {
        let envelope = Envelope::new(Kind::COMMAND_CUSTOM).with_id(fresh_id());
        let envelope = envelope.with_to_room(RoomName::parse(room)?);
        Ok(match self {
            Self::Learn => envelope.with_field("ORDER", "learn")?,
            Self::Exam(episodes) => envelope.with_field("ORDER", "exam")?.with_field("EPISODES", episodes)?,
            Self::Breed { merits, score } => envelope
                .with_field("ORDER", "breed")?
                .with_field("MERITS", merits)?
                .with_field("SCORE", score)?,
            Self::Keep => envelope.with_field("ORDER", "keep")?,
            Self::Restore => envelope.with_field("ORDER", "restore")?,
        })
    }

    /// Reads an order. None for one that makes no sense.
    pub(crate) fn read(message: &Message) -> Option<Self> {
        match message.field::<String>("ORDER").ok()??.as_str() {
            "learn" => Some(Self::Learn),
            "exam" => Some(Self::Exam(message.field("EPISODES").ok()??)),
            "breed" => Some(Self::Breed {
                merits: message.field("MERITS").ok()??,
                score: message.field("SCORE").ok()??,
            }),
            "keep" => Some(Self::Keep),
            "restore" => Some(Self::Restore),
            _ => None,
        }
    }
}

/// Answers an order with some fields.
pub(crate) async fn answer(client: &Client, order: &Message, fields: &[(&str, Body)]) -> Result<()> {
    let (Some(sender), Some(id)) = (order.sender(), &order.id) else { return Ok(()) };
    let mut answer = Envelope::new(Kind::LOG_CUSTOM).with_to(MemberName::parse(sender)?);
    answer = answer.with_field("REF", id.as_str())?;
    answer.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    client.send(answer).await?;
    Ok(())
}

/// Tells how acting goes, since the last time it was told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Steps of all poles side by side.
    pub(crate) rounds: u64,
    /// Steps of all poles together, in learning.
    pub(crate) steps: u64,
    /// Returns of the episodes that ended.
    pub(crate) returns: Vec<f64>,
    /// How many members there are.
    pub(crate) members: usize,
    /// The longest that members were waited for, ms, in any round so far.
    pub(crate) waited: f64,
    /// Rounds so far in which somebody was waited for in vain.
    pub(crate) deadlines: u64,
    /// Rounds so far in which it took longer than the deadline until that was noticed.
    pub(crate) overdue: u64,
    /// Answers so far that came late.
    pub(crate) late: u64,
    /// By how much parts in what was done differed from summing to one, at most so far.
    pub(crate) partition: f64,
    /// How many rounds the parts were added up in.
    pub(crate) audited: u64,
    /// Members' merits, when it is time to breed.
    pub(crate) merits: Option<BTreeMap<String, f64>>,
}

impl Report {
    pub(crate) fn envelope(&self) -> Result<Envelope> {
        Ok(Envelope::new(Kind::LOG_CUSTOM).with_to_room(RoomName::parse(CONTROL)?).with_data(self)?)
    }

    pub(crate) fn read(message: &Message) -> Result<Self> {
        Ok(message.data()?)
    }
}

/// Spells a time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
