//! Ledger: shares that wait for their reward, which is paid out once.

use std::time::Instant;

use swergio_client::MessageId;

use super::{CreditFault, Shares};
use crate::{Pass, Return, Tape, TapeLimits, TapeTally};

/// Keeps the shares of what was done until its reward comes, and hands them out once.
///
/// A machine without a clock, bounded as its [`Tape`] is: a reward that comes twice, too late, or for what nobody did is told apart
/// and pays nobody.
///
/// ```
/// use std::time::Instant;
/// use swergio_toolbox::credit::{CreditLedger, Payment, Shares};
/// use swergio_toolbox::{MessageId, TapeLimits};
///
/// let (now, action) = (Instant::now(), MessageId::new("a"));
/// let mut ledger = CreditLedger::new(TapeLimits::default());
/// ledger.keep(now, action.clone(), Shares::by_weight(1, vec![("ada".into(), vec![3.0]), ("bob".into(), vec![1.0])])?);
/// let paid = vec![("ada".into(), vec![1.5]), ("bob".into(), vec![0.5])];
/// assert_eq!(ledger.settle(now, &action, &[2.0])?, Payment::Paid(paid));
/// assert_eq!(ledger.settle(now, &action, &[2.0])?, Payment::Repeated);
/// # Ok::<(), swergio_toolbox::credit::CreditFault>(())
/// ```
#[derive(Debug)]
pub struct CreditLedger(Tape<Shares>);

/// Tells what a reward came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Payment {
    /// What each member gets for each row.
    Paid(Vec<(String, Vec<f64>)>),
    /// It was paid already.
    Repeated,
    /// The shares had to go before the reward came.
    Late,
    /// Nobody remembers having done that.
    Unknown,
}

impl CreditLedger {
    /// Begins with nothing to be paid.
    pub fn new(limits: TapeLimits) -> Self {
        Self(Tape::new(limits))
    }

    /// Keeps the shares of the action that went out under `action`.
    pub fn keep(&mut self, now: Instant, action: MessageId, shares: Shares) {
        let bytes = shares.iter().map(|(member, parts)| member.len() + size_of_val(parts)).sum();
        // The tape tells of what it evicts in its tally; a reward for that is `Late`.
        self.0.keep(now, action.clone(), Pass::train(action), shares, bytes);
    }

    /// Pays the reward of an action out to the members.
    ///
    /// # Errors
    /// [`CreditFault`] when `rewards` are not one finite number for each row. The action is settled then, without pay: its reward
    /// was no reward.
    pub fn settle(
        &mut self,
        now: Instant,
        action: &MessageId,
        rewards: &[f64],
    ) -> Result<Payment, CreditFault> {
        Ok(match self.0.take(now, action) {
            Return::Found(_, shares) => Payment::Paid(shares.pay(rewards)?),
            Return::Repeated => Payment::Repeated,
            Return::Late(..) => Payment::Late,
            Return::Unknown | Return::NotKept(_) => Payment::Unknown,
        })
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> TapeTally {
        *self.0.tally()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// R119: once, and only for what is remembered.
    #[test]
    fn r119_a_reward_that_comes_too_late_or_twice_pays_nobody() {
        let limits = TapeLimits { age: Duration::from_secs(1), ..TapeLimits::default() };
        let (mut ledger, now) = (CreditLedger::new(limits), Instant::now());
        ledger.keep(now, MessageId::new("a"), Shares::equal(1, ["ada"]).unwrap());
        ledger.keep(now, MessageId::new("c"), Shares::equal(1, ["ada", "bob"]).unwrap());
        let Ok(Payment::Paid(paid)) = ledger.settle(now, &MessageId::new("c"), &[3.0]) else {
            panic!("it is kept")
        };
        assert_eq!(paid.iter().map(|(_, paid)| paid[0]).sum::<f64>(), 3.0);
        assert_eq!(ledger.settle(now, &MessageId::new("c"), &[3.0]), Ok(Payment::Repeated));
        let later = now + Duration::from_secs(2);
        assert_eq!(ledger.settle(later, &MessageId::new("a"), &[1.0]), Ok(Payment::Late));
        assert_eq!(ledger.settle(later, &MessageId::new("b"), &[1.0]), Ok(Payment::Unknown));
    }
}
