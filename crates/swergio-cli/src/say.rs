//! Say: one message, or many, from the command line.

mod payload;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::builder::NonEmptyStringValueParser;
use swergio_client::{
    Body, Bounds, Client, Envelope, ErrorKind, Kind, MemberName, Message, MessageId, Options, RoomName,
};

use crate::Verdict;
use crate::broker::{Broker, explain};
use crate::clock;
use crate::line::line;
use crate::output::{self, note};
use crate::sighting::Sighting;
use payload::{Payloads, value};

/// Say something in a room, or to a component.
///
/// The payload is JSON if it can be read as that, and text otherwise; several words are joined with blanks. `-` reads
/// it from standard input. Without a payload the message has no DATA, as commands have none.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "swergio say [OPTIONS] <ROOM> [PAYLOAD]...\n       swergio say [OPTIONS] --to <NAME> [PAYLOAD]...",
    after_help = "\
Examples:
  swergio say lab hello, world                          text
  swergio say lab '[[0.5, 1.0]]' --kind DATA/FORWARD    a tensor of 1 × 2
  swergio say --to ada '{\"rate\": 0.1}' --wait 5         prints what ada answers
  swergio say _command --kind COMMAND/SAVEMODELWEIGHTS  every component hears it
  swergio say lab --ack ping || echo nobody is there
  tail -f figures | swergio say lab - --lines           a message a line

Exit status: 0 when it was sent (and received, or answered, where that was asked for); 1 when --ack found \
no receiver, or --wait no answer in time; 2 when it could not be sent."
)]
pub(crate) struct Say {
    /// The room, unless --to names a component; then the payload.
    #[arg(value_name = "WORDS", hide = true, allow_negative_numbers = true)]
    words: Vec<String>,
    /// The component that hears it, instead of a room: everyone of this name.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// The kind of message.
    #[arg(long, short, default_value = "DATA/TEXT", value_parser = NonEmptyStringValueParser::new())]
    kind: String,
    /// Take the payload as text even if it could be read as JSON.
    #[arg(long)]
    text: bool,
    /// With `-`: every line of standard input is a message.
    #[arg(long)]
    lines: bool,
    /// The message's ID [default: a new one].
    #[arg(long, conflicts_with = "lines")]
    id: Option<String>,
    /// The ID of the message that began the pass.
    #[arg(long, short, value_name = "ID", alias = "root-id")]
    root: Option<String>,
    /// A further field; its value is JSON if it can be read as that, and text otherwise. May be repeated.
    #[arg(long = "field", short, value_name = "KEY=JSON", value_parser = field)]
    fields: Vec<(String, String)>,
    /// Print how many connections received it.
    #[arg(long)]
    ack: bool,
    /// Wait for the answer, so long at most, and print it. In a room this takes a seat there.
    #[arg(long, value_name = "SECONDS", value_parser = clock::seconds, conflicts_with = "ack")]
    wait: Option<Duration>,
    /// With --wait: print the whole answer as JSON.
    #[arg(long, requires = "wait")]
    json: bool,
    #[command(flatten)]
    broker: Broker,
}

impl Say {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let (room, words) = self.address()?;
        let draft = self.draft(room)?;
        let mut payloads = Payloads::open(words, self.text, self.lines, Bounds::default().message_bytes)?;
        let seats: Vec<String> =
            room.filter(|_| self.wait.is_some()).map(str::to_owned).into_iter().collect();
        let mut options = Options::default();
        options.deadline = self.wait.unwrap_or(options.deadline);
        let client = self.broker.connect("say", &seats, options).await?;

        let mut verdict = Verdict::Yes;
        while let Some(payload) = payloads.next()? {
            let envelope = Envelope { data: payload, ..draft.clone() };
            if self.deliver(&client, envelope).await? == Verdict::No {
                verdict = Verdict::No;
            }
        }
        finish(&client).await?;
        Ok(verdict)
    }

    /// Parts the words: the room, if it is one that is addressed, and the payload.
    fn address(&self) -> Result<(Option<&str>, &[String])> {
        let (room, words) = match (&self.to, self.words.split_first()) {
            (Some(_), _) => (None, &self.words[..]),
            (None, Some((room, words))) => (Some(room.as_str()), words),
            (None, None) => {
                bail!("say it where? Name a room, or with --to a component; see swergio say --help")
            }
        };
        if words.is_empty() && self.kind == Kind::TEXT.as_str() {
            bail!("say what? Give a payload, `-` for standard input, or another --kind that needs none");
        }
        Ok((room, words))
    }

    /// Makes the message, all but its payload.
    fn draft(&self, room: Option<&str>) -> Result<Envelope> {
        let mut envelope = Envelope::new(self.kind.clone());
        envelope.to_room = room.map(RoomName::parse).transpose()?;
        envelope.to = self.to.as_deref().map(MemberName::parse).transpose()?;
        envelope.id = self.id.as_deref().map(MessageId::new);
        envelope.root_id.clone_from(&self.root);
        let bodies = self.fields.iter().map(|(key, text)| Ok((key.clone(), value(text)?)));
        envelope.fields = bodies.collect::<Result<Vec<(String, Body)>>>()?;
        Ok(envelope)
    }

    async fn deliver(&self, client: &Client, envelope: Envelope) -> Result<Verdict> {
        if self.wait.is_some() {
            return self.ask(client, envelope).await;
        }
        if !self.ack {
            client.send(envelope).await?;
            return Ok(Verdict::Yes);
        }
        let receivers = client.send_acked(envelope).await.map_err(explain)?;
        output::line(&receivers.to_string())?;
        Ok(if receivers > 0 { Verdict::Yes } else { Verdict::No })
    }

    async fn ask(&self, client: &Client, envelope: Envelope) -> Result<Verdict> {
        match client.request(envelope).await {
            Ok(answer) => self.show(&answer).map(|()| Verdict::Yes),
            Err(error) if error.kind() == ErrorKind::Timeout => {
                note(format_args!("say: no answer in time"));
                Ok(Verdict::No)
            }
            Err(error) => Err(explain(error)),
        }
    }

    fn show(&self, answer: &Message) -> Result<()> {
        let sighting = Sighting::of(answer);
        match self.json {
            true => output::raw_line(&sighting.json()?),
            false => output::line(&line(&sighting.envelope, &clock::now(), output::width())),
        }
    }
}

/// Makes sure that the broker has taken everything before leaving.
async fn finish(client: &Client) -> Result<()> {
    client.settle().await.map_err(explain)?;
    client.close().await.context("what was said may not have arrived")
}

fn field(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE, as in --field EPOCH=3")?;
    Ok((key.to_owned(), value.to_owned()))
}
