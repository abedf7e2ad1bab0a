//! Control: starts the ensemble, has it bred and examined, and judges it in the end.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use swergio_client::{Client, Kind, Message, Messages, Trigger};
use tokio::time::timeout;

use crate::journal::Journal;
use crate::orders::{CONTROL, EVOLUTION, Order, Report};
use crate::pupil::{JUDGED, SOLVED};
use crate::rooms::connect;

/// Episodes of an exam.
pub(crate) const EXAM: usize = 16;
/// Steps of learning from one exam to the next.
pub(crate) const BETWEEN: u64 = 10_000;
/// How long an order may stay unanswered before it is said again.
const AGAIN: Duration = Duration::from_secs(2);
/// How long breeding may take before it is done without.
const BREEDING: Duration = Duration::from_secs(10);
/// How long an exam may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Says what is to be learnt by whom, and where it is told.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Course {
    /// How many members learn together.
    #[arg(long, default_value_t = 20)]
    pub(crate) members: usize,
    /// What chance comes from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Steps of all poles together, exams not counted, after which learning is over at the latest.
    #[arg(long, default_value_t = 100_000)]
    pub(crate) steps: u64,
    /// Breed nobody.
    #[arg(long)]
    pub(crate) without_evolution: bool,
    /// Go on when the last 100 episodes returned 475 in the mean, until the steps are over.
    #[arg(long)]
    pub(crate) to_the_end: bool,
    /// The folder that curve, picture and summary go to.
    #[arg(long, default_value = "target/cartpole")]
    pub(crate) out: PathBuf,
}

impl Course {
    /// Says who learns, and leaves the rest as it usually is.
    pub(crate) fn of(members: usize, seed: u64) -> Self {
        let out = PathBuf::from("target/cartpole");
        Self { members, seed, steps: 100_000, without_evolution: false, to_the_end: false, out }
    }
}

struct Desk {
    client: Client,
    heard: Messages,
    journal: Journal,
    /// Merits that nobody was bred by yet.
    merits: Option<BTreeMap<String, f64>>,
}

/// Leads a whole course: learning, breeding and exams, until the live score is [`SOLVED`] or the steps are over; then the members are given
/// back what they were in their best exam, and are judged by [`JUDGED`] episodes.
pub(crate) async fn lead(url: &str, course: &Course) -> Result<()> {
    let client = connect(url, "control").await?;
    let heard = client.subscribe(Trigger::kinds([Kind::LOG_CUSTOM]).rooms([CONTROL])).await?;
    let mut desk = Desk { client, heard, journal: Journal::new(course), merits: None };
    let (mut best, mut next_exam) = (f64::NEG_INFINITY, BETWEEN);
    desk.act(&Order::Learn, None).await?;
    loop {
        let message = timeout(PATIENCE, desk.heard.next()).await.context("the ensemble has fallen silent")?;
        desk.note(&message.context("the broker has gone")?)?;
        if let Some(merits) = desk.merits.take()
            && !course.without_evolution
        {
            desk.breed(merits).await?;
        }
        let over = desk.journal.steps() >= course.steps
            || desk.journal.score().is_some_and(|score| score >= SOLVED) && !course.to_the_end;
        if over || desk.journal.steps() >= next_exam {
            next_exam += BETWEEN;
            let score = desk.exam(EXAM).await?;
            desk.journal.examined(score);
            if score >= best {
                best = score;
                desk.evolve(&Order::Keep).await?;
            }
            if over {
                break;
            }
            desk.act(&Order::Learn, None).await?;
        }
    }
    desk.evolve(&Order::Restore).await?;
    let judged = desk.exam(JUDGED).await?;
    desk.journal.judge(judged);
    desk.journal.write(&course.out)?;
    Ok(desk.client.close().await?)
}

impl Desk {
    async fn breed(&mut self, merits: BTreeMap<String, f64>) -> Result<()> {
        let began = Instant::now();
        let score = self.journal.fresh_score();
        if let Some(answer) = self.evolve(&Order::Breed { merits, score }).await? {
            self.journal.bred(began.elapsed(), answer.field("RETREATS")?.unwrap_or_default());
        }
        Ok(())
    }

    async fn exam(&mut self, episodes: usize) -> Result<f64> {
        let told = self.act(&Order::Exam(episodes), Some("SCORE")).await?;
        told.field("SCORE")?.context("an exam has a SCORE")
    }

    /// Asks who acts, again and again until it has heard; then waits for an answer with a field, if one is wanted.
    async fn act(&mut self, order: &Order, wanted: Option<&str>) -> Result<Message> {
        let envelope = order.envelope(CONTROL)?;
        let (began, mut heard) = (Instant::now(), false);
        while began.elapsed() < PATIENCE {
            if !heard {
                self.client.send(envelope.clone()).await?;
            }
            let id = envelope.id.as_ref().context("an order has an ID")?.as_str().to_owned();
            let Some(answer) = self.answer(&id, AGAIN).await? else { continue };
            heard = true;
            if wanted.is_none_or(|field| answer.field::<f64>(field).ok().flatten().is_some()) {
                return Ok(answer);
            }
        }
        bail!("the ensemble does not answer; is `cartpole aggregation` running?")
    }

    /// Asks who breeds. None, and a line that says so, when it does not answer: learning goes on without.
    async fn evolve(&mut self, order: &Order) -> Result<Option<Message>> {
        let envelope = order.envelope(EVOLUTION)?;
        let id = self.client.send(envelope).await?;
        let answer = self.answer(id.as_str(), BREEDING).await?;
        if answer.is_none() {
            println!("control  | evolution does not answer; going on without");
        }
        Ok(answer)
    }

    /// Waits for the answer to an order, and notes what else is told meanwhile.
    async fn answer(&mut self, id: &str, patience: Duration) -> Result<Option<Message>> {
        let until = tokio::time::Instant::now() + patience;
        while let Ok(message) = tokio::time::timeout_at(until, self.heard.next()).await {
            let message = message.context("the broker has gone")?;
            if message.field::<String>("REF")?.as_deref() == Some(id) {
                return Ok(Some(message));
            }
            self.note(&message)?;
        }
        Ok(None)
    }

    fn note(&mut self, message: &Message) -> Result<()> {
        if message.field::<String>("REF")?.is_none() {
            let report = Report::read(message)?;
            self.merits = report.merits.clone().or(self.merits.take());
            self.journal.note(report);
        }
        Ok(())
    }
}
