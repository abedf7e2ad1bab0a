//! Answer: what components ask people, answered at a terminal.

mod card;
mod media;
mod typed;

use std::io::IsTerminal;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use swergio_client::{Client, Kind, Messages, Options, RoomName, Trigger};
use swergio_toolbox::feedback::{Asked, FeedbackLimits, Inbox, Label};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::Verdict;
use crate::broker::{Broker, explain};
use crate::clock::{self, Stop};
use crate::output::{self, note};
use media::Media;
use typed::{Typed, read};

/// Time after which it looks by itself whether another claim, or nobody's patience, is at an end.
const LOOK: Duration = Duration::from_secs(1);

/// Answer what components ask people in a room.
///
/// One item after another is shown, the nearest deadline first, and your answer awaited: a line with the number of an option, a rating, a
/// number, words, or which of a pair is better. Words are escaped, numbers drawn as a line, melodies named by their notes; pictures and sounds are
/// written to files whose names are shown. The item before you is claimed, so that others at the console or at a terminal get another one.
///
/// Besides an answer you may type /skip (or s) to pass the item over where that is allowed, /show (or ?) to see it again, /quit (or q) to leave;
/// where words or an option are wanted that are spelt so, only with the slash. Who asked is shown, and how many seconds anybody waits.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio answer user                                     what is asked in the room user
  swergio answer user --by ada --count 20                 twenty answers, as ada
  yes 3 | swergio answer user --for 10                    3 to everything, for ten seconds
  swergio answer user --json < answers > questions        a program answers

With --json an item is one line: {\"query\", \"item\", \"question\", \"answer\", \"show\", \"against\", \"skip\", \"deadline\", \"from\", \"root\"}, as in part 13 of \
docs/PROTOCOL.md, and an answer to it one line: {\"value\": 4} or {\"skip\": true}; with \"item\" or \"query\" it is taken only for that one. {\"quit\": true} ends.

Exit status: 0 when it ended as asked (/quit, end of input, Ctrl-C, --count or --for); 1 when --for or the end of input came before --count was \
reached; 2 when it could not take part.")]
pub(crate) struct Answer {
    /// The room that is asked in.
    room: String,
    /// Who answers, as it is kept with the answer [default: $USER].
    #[arg(long, env = "USER", hide_env = true, default_value = "somebody", value_name = "PERSON")]
    by: String,
    /// Items and answers as JSON, one a line.
    #[arg(long)]
    json: bool,
    /// Stop after so many answers; passing over is none.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clock::seconds)]
    time: Option<Duration>,
    #[command(flatten)]
    broker: Broker,
}

/// The person's seat.
struct Seat<'a> {
    wishes: &'a Answer,
    client: Client,
    room: RoomName,
    inbox: Inbox,
    media: Media,
    /// What is before the person, and since when.
    before: Option<(Asked, Instant)>,
    given: u64,
}

impl Answer {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let room = RoomName::parse(&self.room)?;
        let client = self.broker.connect("answer", &[], Options::default()).await?;
        let kinds = [Kind::QUERY, Kind::CLAIM, Kind::FEEDBACK, Kind::SETTLED];
        let heard = client.subscribe(Trigger::kinds(kinds).rooms([&self.room]).direct(false)).await?;
        client.settle().await.map_err(explain)?;
        note(format_args!(
            "answer: listening in {} as {}, answering as {}",
            self.room,
            client.name(),
            self.by
        ));
        let inbox = Inbox::new(&self.by, FeedbackLimits::default());
        let media = Media::default();
        let mut seat = Seat { wishes: self, client, room, inbox, media, before: None, given: 0 };
        let enough = seat.sit(heard).await?;
        seat.leave().await?;
        note(format_args!("answer: {} answered", seat.given));
        Ok(if enough { Verdict::Yes } else { Verdict::No })
    }
}

impl Seat<'_> {
    /// Answers until it is told to stop, and tells whether that was enough.
    async fn sit(&mut self, mut heard: Messages) -> Result<bool> {
        let (mut lines, mut ahead, mut ended) = (lines(), None::<String>, false);
        let stop = Stop::after(self.wishes.time)?;
        loop {
            self.offer().await?;
            // What is typed before there is a question waits for one.
            let waits = ahead.take_if(|line| self.before.is_some() || typed::is_quit(line, self.wishes.json));
            if let Some(line) = waits
                && self.take(&line).await?
            {
                return Ok(self.is_enough());
            }
            let enough = self.is_enough();
            if (enough && self.wishes.count.is_some()) || (ended && ahead.is_none()) {
                return Ok(enough);
            }
            if ahead.is_some() && self.before.is_some() {
                continue;
            }
            tokio::select! {
                () = stop.wait() => return Ok(enough),
                message = heard.next() => match message {
                    Some(message) => self.inbox.hear(&message, now()),
                    None => return Err(self.client.closed().await.err().map_or_else(closed, Into::into)),
                },
                line = lines.recv(), if ahead.is_none() && !ended => match line {
                    Some(line) => ahead = Some(line),
                    None => ended = true,
                },
                // A claim or a deadline may end by itself.
                () = sleep(LOOK) => {}
            }
        }
    }

    fn is_enough(&self) -> bool {
        self.wishes.count.is_none_or(|count| self.given >= count)
    }

    /// Puts an item before the person, unless the one that is there is still to be answered.
    async fn offer(&mut self) -> Result<()> {
        if let Some((asked, _)) = &self.before {
            if self.inbox.is_free(&asked.query, &asked.item.id, now()) {
                return Ok(());
            }
            note(format_args!("answer: {} needs no answer of yours any more", output_name(&asked.item.id)));
            self.before = None;
        }
        let Some(asked) = self.inbox.next(now()).cloned() else { return Ok(()) };
        let claim = self.inbox.claim(&self.room, &asked.query, &asked.item.id, now())?;
        self.client.send(claim).await?;
        self.before = Some((asked, Instant::now()));
        self.show()
    }

    fn show(&mut self) -> Result<()> {
        let Some((asked, _)) = &self.before else { return Ok(()) };
        match self.wishes.json {
            true => output::raw_line(&card::json(asked)?),
            false => output::print(&card::text(asked, self.inbox.counts(now()), now(), &mut self.media)?),
        }
    }

    /// Takes a line. Tells whether the person wants to leave.
    async fn take(&mut self, line: &str) -> Result<bool> {
        let Some((asked, since)) = self.before.clone() else {
            return Ok(typed::is_quit(line, self.wishes.json));
        };
        let label: Option<Label> = match read(line, &asked, self.wishes.json) {
            Typed::Quit => return Ok(true),
            Typed::Show => {
                self.show()?;
                return Ok(false);
            }
            Typed::Wrong(why) => {
                note(format_args!("answer: {why}"));
                return Ok(false);
            }
            Typed::Skip => None,
            Typed::Label(label) => Some(label),
        };
        let said = self.inbox.answer(&self.room, &asked, label.as_ref(), since.elapsed().as_secs_f64())?;
        self.client.send(said).await?;
        self.given += u64::from(label.is_some());
        self.before = None;
        Ok(false)
    }

    /// Gives back what is unanswered, and makes sure that the broker has taken everything.
    async fn leave(&mut self) -> Result<()> {
        if let Some((asked, _)) = self.before.take() {
            let release = self.inbox.release(&self.room, &asked.query, &asked.item.id)?;
            self.client.send(release).await?;
        }
        self.client.settle().await.map_err(explain)?;
        self.client.close().await.context("what was answered may not have arrived")
    }
}

/// Reads lines, in a thread that nobody waits for: a terminal cannot be read otherwise.
fn lines() -> mpsc::Receiver<String> {
    let (teller, told) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { break };
            if teller.blocking_send(line).is_err() {
                break;
            }
        }
    });
    if std::io::stdin().is_terminal() {
        note(format_args!("answer: /skip passes over, /show shows again, /quit leaves"));
    }
    told
}

fn output_name(item: &str) -> String {
    crate::line::plain(item)
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn closed() -> anyhow::Error {
    anyhow::anyhow!("the connection is closed")
}
