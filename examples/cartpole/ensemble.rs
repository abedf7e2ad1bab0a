//! Ensemble: acts for its members, pays them, weighs their merits, and lets itself be examined.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use swergio_client::{Body, Client, Kind, Message, Messages, RoomName, Trigger};

use swergio_toolbox::council::{Council, CouncilPlan, Round};
use swergio_toolbox::credit::Shares;
use swergio_toolbox::ensemble::Combine;
use swergio_toolbox::environment::Stepped;
use swergio_toolbox::gather::GatherLimits;
use tokio::time::timeout;

use crate::account::Account;
use crate::agent::Recipe;
use crate::orders::{CONTROL, Order, answer, milliseconds};
use crate::pupil::Exam;
use crate::rooms::{connect, rooms, stepped};

/// The room in which members say what they would do.
pub(crate) const LOGITS: &str = "logits";
/// How long a step may wait for a member.
pub(crate) const DEADLINE: Duration = Duration::from_millis(100);
/// How much earlier the wait is given up, so that whoever gives it up has time to wake: a busy machine wakes nobody at once.
pub(crate) const MARGIN: Duration = Duration::from_millis(40);
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
    account: Account,
    /// Who had which part in what was done last.
    shares: Option<Shares>,
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
        account: Account::new(poles),
        shares: None,
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
                self.account.go_on();
                self.shares = None;
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
        let report = &mut self.account.report;
        report.members = self.council.members().len();
        report.waited = report.waited.max(milliseconds(round.waited));
        report.deadlines += u64::from(!round.missing.is_empty());
        report.overdue += u64::from(round.waited > DEADLINE);
        report.late = self.council.answers().late;
        self.account.done(round.shares.as_ref());
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
        if self.account.learnt(stepped, shares)? {
            self.tell().await?;
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<()> {
        self.client.send(self.account.tell().envelope()?).await?;
        Ok(())
    }

    async fn graded(&mut self, score: f64) -> Result<()> {
        // What comes next is asked only when control says so: nobody learns until then.
        if let Phase::Exam(_, order) = std::mem::replace(&mut self.phase, Phase::Still) {
            answer(&self.client, &order, &[("SCORE", Body::of(&score)?)]).await?;
            self.tell().await?;
        }
        Ok(())
    }
}

/// Tells whether this very exam is under way: the order was repeated, as its answer was lost.
fn is_same(phase: &Phase, order: &Message) -> bool {
    matches!(phase, Phase::Exam(_, under_way) if under_way.id == order.id)
}
