//! Ensemble: acts for its members, pays them, weighs their merits, and lets itself be examined.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use swergio_client::{Body, Client, Kind, Message, Messages, RoomName, Trigger};

use swergio_toolbox::council::{Council, CouncilPlan, Round};
use swergio_toolbox::credit::{Merit, MeritLimits, Shares};
use swergio_toolbox::ensemble::Combine;
use swergio_toolbox::environment::Stepped;
use swergio_toolbox::gather::GatherLimits;
use tokio::time::timeout;

use crate::agent::Recipe;
use crate::orders::{CONTROL, Order, Report, answer, milliseconds};
use crate::pupil::Exam;
use crate::rooms::{connect, rooms, stepped};

/// The room in which members say what they would do.
pub(crate) const LOGITS: &str = "logits";
/// How long a step may wait for a member.
pub(crate) const DEADLINE: Duration = Duration::from_millis(100);
/// How much earlier the wait is given up, so that whoever gives it up has time to wake.
const MARGIN: Duration = Duration::from_millis(20);
/// Rounds from one report to the next.
const REPORTED: u64 = 16;
/// Episodes from one time of breeding to the next.
pub(crate) const BRED: usize = 20;

/// What it is about at the moment.
enum Phase {
    Still,
    Learning,
    Exam(Exam, Message),
}

struct Ensemble {
    client: Client,
    council: Council,
    orders: Messages,
    poles: usize,
    phase: Phase,
    merit: Merit,
    /// Who had which part in what was done last.
    shares: Option<Shares>,
    /// What each pole's episode has returned so far; none for one that began in an exam.
    running: Vec<Option<f64>>,
    ended: usize,
    report: Report,
}

/// Hears the members, decides and pays as control orders, until the broker goes.
pub(crate) async fn preside(url: &str, recipe: &Recipe, seed: u64) -> Result<()> {
    let client = connect(url, "aggregation").await?;
    let orders = client.subscribe(Trigger::kinds([Kind::COMMAND_CUSTOM]).rooms([CONTROL])).await?;
    let gather = GatherLimits { deadline: DEADLINE - MARGIN, ..GatherLimits::default() };
    let plan = CouncilPlan { combine: Combine::Probabilities, gather, seed, ..CouncilPlan::default() };
    let council = Council::open(&client, rooms()?, RoomName::parse(LOGITS)?, plan).await?;
    let poles = NonZeroUsize::new(recipe.environments).context("there must be a pole")?.get();
    let mut ensemble = Ensemble {
        client,
        council,
        orders,
        poles,
        phase: Phase::Still,
        merit: Merit::new(poles, MeritLimits::default()),
        shares: None,
        running: vec![Some(0.0); poles],
        ended: 0,
        report: Report::default(),
    };
    while ensemble.go_on().await? {}
    Ok(())
}

impl Ensemble {
    /// Does what it is ordered, and one round of what it is about. False when the broker has gone.
    async fn go_on(&mut self) -> Result<bool> {
        if matches!(self.phase, Phase::Still) {
            let Some(order) = self.orders.next().await else { return Ok(false) };
            self.obey(order).await?;
            return Ok(true);
        }
        if let Ok(order) = timeout(Duration::ZERO, self.orders.next()).await {
            let Some(order) = order else { return Ok(false) };
            self.obey(order).await?;
            return Ok(true);
        }
        let Some(round) = self.council.round().await? else { return Ok(false) };
        self.note(round).await?;
        Ok(true)
    }

    async fn obey(&mut self, message: Message) -> Result<()> {
        match Order::read(&message) {
            Some(Order::Learn) if !matches!(self.phase, Phase::Learning) => {
                self.council.evaluate(false);
                self.phase = Phase::Learning;
                self.shares = None;
                self.merit.interrupt();
                self.running.fill(None);
            }
            Some(Order::Exam(episodes)) if !is_same(&self.phase, &message) => {
                self.council.evaluate(true);
                self.phase = Phase::Exam(Exam::new(episodes, self.poles), message.clone());
            }
            _ => {}
        }
        answer(&self.client, &message, &[]).await
    }

    async fn note(&mut self, round: Round) -> Result<()> {
        self.report.members = self.council.members().len();
        self.report.rounds += 1;
        self.report.waited = self.report.waited.max(milliseconds(round.waited));
        self.report.deadlines += u64::from(!round.missing.is_empty());
        self.report.late = self.council.answers().late;
        if let Some(shares) = &round.shares {
            self.report.audited += 1;
            self.report.partition = self.report.partition.max(shares.error());
        }
        let shares = std::mem::replace(&mut self.shares, round.shares);
        let Some(reward) = round.reward else { return Ok(()) };
        let stepped = stepped(reward);
        match &mut self.phase {
            Phase::Still => Ok(()),
            Phase::Learning => self.learnt(&stepped, shares).await,
            Phase::Exam(exam, _) => match exam.note(&stepped) {
                Some(score) => self.graded(score).await,
                None => Ok(()),
            },
        }
    }

    async fn learnt(&mut self, stepped: &Stepped, shares: Option<Shares>) -> Result<()> {
        match shares {
            Some(shares) => {
                self.merit.note(&shares, &stepped.rewards, &stepped.terminated, &stepped.truncated)?;
            }
            // Chance acted: what follows is nobody's merit.
            None => self.merit.interrupt(),
        }
        self.report.steps += self.poles as u64;
        for pole in 0..self.poles {
            let ends = stepped.terminated[pole] || stepped.truncated[pole];
            let running = self.running[pole].as_mut();
            let so_far = running.map(|running| {
                *running += stepped.rewards[pole];
                *running
            });
            if ends {
                self.report.returns.extend(so_far);
                self.ended += 1;
                self.running[pole] = Some(0.0);
            }
        }
        if self.ended >= BRED {
            self.ended = 0;
            self.report.merits = Some(self.merit.take());
        }
        if self.report.merits.is_some() || self.report.rounds.is_multiple_of(REPORTED) {
            self.client.send(self.report.envelope()?).await?;
            self.report.returns.clear();
            self.report.merits = None;
        }
        Ok(())
    }

    async fn graded(&mut self, score: f64) -> Result<()> {
        // What comes next is asked only when control says so: nobody learns until then.
        if let Phase::Exam(_, order) = std::mem::replace(&mut self.phase, Phase::Still) {
            answer(&self.client, &order, &[("SCORE", Body::of(&score)?)]).await?;
            self.client.send(self.report.envelope()?).await?;
            self.report.returns.clear();
        }
        Ok(())
    }
}

/// Tells whether this very exam is under way: the order was repeated, as its answer was lost.
fn is_same(phase: &Phase, order: &Message) -> bool {
    matches!(phase, Phase::Exam(_, under_way) if under_way.id == order.id)
}
