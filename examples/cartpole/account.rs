//! Account: what the poles have paid an ensemble while it learns, and whose merit that was.

use anyhow::Result;
use swergio_toolbox::credit::{Merit, MeritLimits, Shares};
use swergio_toolbox::environment::Stepped;

use crate::orders::Report;

/// Rounds from one report to the next.
const REPORTED: u64 = 16;
/// Episodes from one time of breeding to the next.
pub(crate) const BRED: usize = 20;

/// Adds up returns and merits. It knows neither rooms nor clocks.
#[derive(Debug)]
pub(crate) struct Account {
    poles: usize,
    pub(crate) merit: Merit,
    /// What each pole's episode has returned so far; none for one that began in an exam.
    running: Vec<Option<f64>>,
    ended: usize,
    /// What is told next; what only those who hear members know is theirs to fill in.
    pub(crate) report: Report,
}

impl Account {
    /// Begins with nothing paid.
    pub(crate) fn new(poles: usize) -> Self {
        Self {
            poles,
            merit: Merit::new(poles, MeritLimits::default()),
            running: vec![Some(0.0); poles],
            ended: 0,
            report: Report::default(),
        }
    }

    /// Goes on after an exam: episodes that are under way were not learnt from.
    pub(crate) fn go_on(&mut self) {
        self.merit.interrupt();
        self.running.fill(None);
    }

    /// Notes a round, and who has which part in what is done in it.
    pub(crate) fn done(&mut self, shares: Option<&Shares>) {
        self.report.rounds += 1;
        if let Some(shares) = shares {
            self.report.audited += 1;
            self.report.partition = self.report.partition.max(shares.error());
        }
    }

    /// Notes what came of what was done, and who had which part in that. True when there is something to tell.
    pub(crate) fn learnt(&mut self, stepped: &Stepped, shares: Option<Shares>) -> Result<bool> {
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
        Ok(self.report.merits.is_some() || self.report.rounds.is_multiple_of(REPORTED))
    }

    /// Returns what there is to tell; returns and merits are told once.
    pub(crate) fn tell(&mut self) -> Report {
        let told = self.report.clone();
        self.report.returns.clear();
        self.report.merits = None;
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stepped(ends: [bool; 2]) -> Stepped {
        Stepped {
            rewards: vec![1.0; 2],
            terminated: ends.to_vec(),
            truncated: vec![false; 2],
            episodes: vec![0; 2],
            steps: vec![0; 2],
            finals: None,
        }
    }

    #[test]
    fn it_is_time_to_breed_after_so_many_episodes_and_all_is_told_once() {
        let mut account = Account::new(2);
        let weights = || vec![("ada".to_owned(), vec![3.0, 1.0]), ("bob".to_owned(), vec![1.0, 1.0])];
        let shares = || Shares::by_weight(2, weights()).ok();
        for _ in 1..BRED / 2 {
            account.done(shares().as_ref());
            assert!(!account.learnt(&stepped([true; 2]), shares()).unwrap());
        }
        assert!(account.learnt(&stepped([true; 2]), shares()).unwrap());
        let told = account.tell();
        assert_eq!(
            (told.returns.len(), told.steps, told.merits.map(|merits| merits.len())),
            (20, 20, Some(2))
        );
        assert_eq!((account.report.returns.len(), account.report.merits.is_none()), (0, true));
    }

    #[test]
    fn an_episode_that_began_in_an_exam_does_not_count() {
        let mut account = Account::new(2);
        account.go_on();
        account.learnt(&stepped([true, false]), None).unwrap();
        account.learnt(&stepped([true, true]), None).unwrap();
        assert_eq!(account.tell().returns, [1.0]);
    }
}
