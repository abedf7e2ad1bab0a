//! Tap: live traffic, for people or for programs.

mod filter;
pub(crate) mod gaps;
mod tally;

use std::time::Duration;

use anyhow::Result;
use swergio_client::{Message, Options, Trigger};
use swergio_proto::LOGGING;

use crate::Verdict;
use crate::broker::{Broker, explain};
use crate::clock::{self, Stop};
use crate::line::line;
use crate::output::{self, note};
use crate::sighting::Sighting;
use filter::Filter;
use gaps::Gaps;
use tally::Tally;

/// Show live traffic, a line a message.
///
/// Without rooms it listens to _logging, which is sent a copy of every DATA/FORWARD and DATA/GRADIENT of every room,
/// unless the broker runs with --log-room 0; they are shown as they were sent. In a room it sits like any member,
/// so that it counts among the receivers that a sender is told of.
///
/// A line is: time, sender → room (or @name), kind, the last characters of ID, those of ROOT_ID after `of`, and
/// the payload, cut to the width of the terminal. Tensors, and nested lists of numbers, are summed up:
/// f32[100, 2] norm 3.21. Set NO_COLOR for no colours.
///
/// It holds up nobody. When what it prints is not read fast enough it leaves messages out, and says how many; if
/// even that does not help the broker closes it, and it comes back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio tap                                   all that goes forward and backward
  swergio tap lab hall -k DATA/ --from ada      what ada says in two rooms
  swergio tap --root 4f2a1b3c                   one pass through all its components
  swergio tap lab --json | jq -c .DATA          payloads, tensors as nested lists
  swergio tap lab --json --summary --count 100  tensors as dtype, shape, norm, min, max
  swergio tap lab --count 1 --for 10            wait for a message, ten seconds at most

JSON is what Python's json module reads: NaN, Infinity and -Infinity are bare words.

Exit status: 0 when it ended as asked (Ctrl-C, --count or --for); 1 when --for was over before --count \
was reached; 2 when it could not listen.")]
pub(crate) struct Tap {
    /// Rooms to listen in.
    rooms: Vec<String>,
    /// Print whole messages as JSON, one a line; tensors are nested lists.
    #[arg(long)]
    json: bool,
    /// With --json: tensors as {dtype, shape, norm, min, max}; of other lists the first 1,000 items.
    #[arg(long, requires = "json")]
    summary: bool,
    #[command(flatten)]
    filter: Filter,
    /// Stop after so many messages.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clock::seconds)]
    time: Option<Duration>,
    #[command(flatten)]
    broker: Broker,
}

impl Tap {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let client = self.broker.connect("tap", &[], Options::default()).await?;
        let events = client.events();
        let rooms = if self.rooms.is_empty() { &[LOGGING.to_owned()][..] } else { &self.rooms };
        let mut heard = client.subscribe(Trigger::any().rooms(rooms)).await?;
        client.settle().await.map_err(explain)?;
        note(format_args!("tap: listening in {} as {}", rooms.join(", "), client.name()));

        let stop = Stop::after(self.time)?;
        let mut gaps = Gaps::announce("tap", events);
        let mut tally = Tally::begin();
        while self.count.is_none_or(|count| tally.shown() < count) {
            tokio::select! {
                biased;
                () = stop.wait() => break,
                refusal = gaps.refusal() => return Err(refusal),
                message = heard.next() => match message {
                    Some(message) => self.show(&message, &mut tally)?,
                    None => return Err(client.closed().await.err().map_or_else(closed, Into::into)),
                },
            }
        }
        note(format_args!("tap: {tally}{gaps}"));
        let enough = self.count.is_none_or(|count| tally.shown() >= count) || self.time.is_none();
        Ok(if enough { Verdict::Yes } else { Verdict::No })
    }

    fn show(&self, message: &Message, tally: &mut Tally) -> Result<()> {
        let sighting = Sighting::of(message);
        if !self.filter.wants(&sighting.envelope) {
            tally.filtered_out();
            return Ok(());
        }
        tally.saw(sighting.envelope.kind.as_str());
        match (self.json, self.summary) {
            (true, false) => output::raw_line(&sighting.json()?),
            (true, true) => output::raw_line(&sighting.summary()?),
            _ => output::line(&line(&sighting.envelope, &clock::now(), output::width())),
        }
    }
}

fn closed() -> anyhow::Error {
    anyhow::anyhow!("the connection is closed")
}
