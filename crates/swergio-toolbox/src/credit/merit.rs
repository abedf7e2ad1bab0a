//! Merit: how what each member had a part in turned out.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use super::{CreditFault, Shares};

/// Says how far what was done reaches, and bounds what is remembered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeritLimits {
    /// What a reward counts for a step earlier, from 0 up to less than 1. 0.97, a reach of 33 steps.
    pub discount: f64,
    /// How many steps of an episode are held until it ends; a longer one is weighed in pieces. 10,000.
    pub steps: NonZeroUsize,
    /// How many members are known. 4,096.
    pub members: usize,
}

impl Default for MeritLimits {
    fn default() -> Self {
        let steps = NonZeroUsize::new(10_000).expect("it is not zero");
        Self { discount: 0.97, steps, members: 4096 }
    }
}

/// Weighs each member's part in what was done with what came of it: whom an ensemble should keep, and whom not.
///
/// Where every step pays the same, shares of the pay say who was heard, and not who was right. So each step is weighed with the
/// discounted rewards that followed it, until its episode's end, less their mean over all steps. A member's merit is the cosine
/// between that and its part, less an equal part (a correlation in which parts count from an equal one, and not from their own mean): 1 for one that had more than the others in all that turned out well, and
/// less in what did not; 0 for one whose part says nothing; -1 for one that is always wrong. Being sure counts for nothing by itself.
///
/// ```
/// use swergio_toolbox::credit::{Merit, MeritLimits, Shares};
///
/// let mut merit = Merit::new(1, MeritLimits::default());
/// for (ada, length) in [(3.0, 5), (1.0, 1), (3.0, 6)] {
///     for step in 1..=length {
///         let shares = Shares::by_weight(1, vec![("ada".into(), vec![ada]), ("bob".into(), vec![2.0])])?;
///         merit.note(&shares, &[1.0], &[step == length], &[false])?;
///     }
/// }
/// let merits = merit.take();
/// assert!(merits["ada"] > 0.2 && merits["bob"] < -0.2);
/// # Ok::<(), swergio_toolbox::credit::CreditFault>(())
/// ```
#[derive(Clone, Debug)]
pub struct Merit {
    limits: MeritLimits,
    /// The members' names; elsewhere they are numbers.
    names: Vec<String>,
    running: Vec<Vec<Deed>>,
    sums: Vec<Sums>,
    /// Number, sum and sum of squares of what followed the steps weighed.
    weighed: (f64, f64, f64),
}

/// One step: each member's part in it, less an equal part, and what it paid.
#[derive(Clone, Debug)]
struct Deed {
    parts: Vec<(usize, f64)>,
    reward: f64,
}

/// Sums over a member's parts: themselves, their squares, and with what followed.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    parts: f64,
    squares: f64,
    followed: f64,
}

impl Merit {
    /// Begins for so many environments, without merits.
    pub fn new(environments: usize, limits: MeritLimits) -> Self {
        Self {
            limits,
            names: Vec::new(),
            running: vec![Vec::new(); environments],
            sums: Vec::new(),
            weighed: (0.0, 0.0, 0.0),
        }
    }

    /// Takes in one step: who had which part in it, what each environment paid, and which episodes ended or were cut off.
    ///
    /// # Errors
    /// [`CreditFault`] when there is not one entry for each environment, or a reward is not finite; nothing was noted.
    pub fn note(
        &mut self,
        shares: &Shares,
        rewards: &[f64],
        terminated: &[bool],
        truncated: &[bool],
    ) -> Result<(), CreditFault> {
        let wanted = self.running.len();
        let odd = [shares.rows(), rewards.len(), terminated.len(), truncated.len()];
        if let Some(found) = odd.into_iter().find(|found| *found != wanted) {
            return Err(CreditFault::Length { wanted, found });
        }
        if let Some(found) = rewards.iter().copied().find(|reward| !reward.is_finite()) {
            return Err(CreditFault::NotNumber { of: String::new(), found });
        }
        let equal = 1.0 / shares.iter().len() as f64;
        let members: Vec<_> =
            shares.iter().filter_map(|(name, parts)| Some((self.number(name)?, parts))).collect();
        for row in 0..wanted {
            let parts = members.iter().map(|(member, parts)| (*member, parts[row] - equal)).collect();
            self.running[row].push(Deed { parts, reward: rewards[row] });
            let cut = truncated[row] || self.running[row].len() == self.limits.steps.get();
            if terminated[row] || cut {
                self.weigh(row, terminated[row]);
            }
        }
        Ok(())
    }

    /// Forgets the episodes that are under way: what follows is not what these steps led to.
    pub fn interrupt(&mut self) {
        self.running.iter_mut().for_each(Vec::clear);
    }

    /// Returns each member's merit, -1 to 1, by the episodes that ended since it was last asked for, and begins anew.
    ///
    /// Whoever had a part in few steps has a merit near 0.
    pub fn take(&mut self) -> BTreeMap<String, f64> {
        let (count, sum, squares) = std::mem::take(&mut self.weighed);
        let sums = std::mem::replace(&mut self.sums, vec![Sums::default(); self.names.len()]);
        let (mean, spread) = (sum / count, squares - sum * sum / count);
        let merit = |of: &Sums| {
            let scale = (of.squares * spread).sqrt();
            let merit = (of.followed - mean * of.parts) / scale;
            if merit.is_finite() && scale > f64::EPSILON * squares { merit.clamp(-1.0, 1.0) } else { 0.0 }
        };
        let heard = self.names.iter().zip(&sums).filter(|(_, of)| of.heard());
        heard.map(|(name, of)| (name.clone(), merit(of))).collect()
    }

    fn weigh(&mut self, row: usize, terminated: bool) {
        let deeds = std::mem::take(&mut self.running[row]);
        let mean = deeds.iter().map(|deed| deed.reward).sum::<f64>() / deeds.len() as f64;
        // What was cut off would have gone on about as it was.
        let mut followed = if terminated { 0.0 } else { mean / (1.0 - self.limits.discount) };
        for deed in deeds.into_iter().rev() {
            followed = deed.reward + self.limits.discount * followed;
            self.weighed.0 += 1.0;
            self.weighed.1 += followed;
            self.weighed.2 += followed * followed;
            for (member, part) in deed.parts {
                let sums = &mut self.sums[member];
                sums.parts += part;
                sums.squares += part * part;
                sums.followed += part * followed;
            }
        }
    }

    /// Finds a member's number. None for one too many.
    fn number(&mut self, name: &str) -> Option<usize> {
        let known = self.names.iter().position(|known| known == name);
        known.or_else(|| {
            let room = self.names.len() < self.limits.members;
            room.then(|| {
                self.names.push(name.to_owned());
                self.sums.push(Sums::default());
                self.names.len() - 1
            })
        })
    }
}

impl Sums {
    /// Tells whether the member had a part in anything; one whose part was always an equal one has a merit, of 0.
    fn heard(&self) -> bool {
        self.squares > 0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Plays episodes of one environment: each is a length, and ada's weight against bob's 1 in all of its steps.
    fn played(episodes: &[(usize, f64)]) -> Merit {
        let mut merit = Merit::new(1, MeritLimits::default());
        for (length, ada) in episodes {
            let shares = || Shares::by_weight(1, vec![("ada".into(), vec![*ada]), ("bob".into(), vec![1.0])]);
            for step in 1..=*length {
                merit.note(&shares().unwrap(), &[1.0], &[step == *length], &[false]).unwrap();
            }
        }
        merit
    }

    #[test]
    fn a_merit_is_the_cosine_between_parts_and_what_followed() {
        // Two steps, then one: what follows is 1.97, 1, 1, and ada's part less a half is 0.25, 0.25, -0.25.
        let merits = played(&[(2, 3.0), (1, 1.0 / 3.0)]).take();
        let followed = [1.97, 1.0, 1.0].map(|number| number - 3.97 / 3.0);
        let expected = 0.25 * (followed[0] + followed[1] - followed[2])
            / (3.0 * 0.25_f64.powi(2) * followed.iter().map(|number| number * number).sum::<f64>()).sqrt();
        assert!((merits["ada"] - expected).abs() < 1e-12, "{merits:?} {expected}");
        assert!(
            (merits["ada"] + merits["bob"]).abs() < 1e-12,
            "of two, one is as right as the other is wrong"
        );
    }

    #[test]
    fn it_begins_anew_and_what_is_under_way_counts_when_it_ends() {
        let mut merit = played(&[(4, 2.0), (2, 0.5)]);
        assert_eq!(merit.take().len(), 2);
        assert!(merit.take().is_empty());
        let shares =
            Shares::by_weight(1, vec![("ada".into(), vec![3.0]), ("bob".into(), vec![1.0])]).unwrap();
        merit.note(&shares, &[1.0], &[false], &[false]).unwrap();
        assert!(merit.take().is_empty());
        merit.note(&shares, &[1.0], &[false], &[true]).unwrap();
        assert_eq!(merit.take().len(), 2);
        merit.note(&shares, &[1.0], &[false], &[false]).unwrap();
        merit.interrupt();
        merit.note(&shares, &[1.0], &[true], &[false]).unwrap();
        assert_eq!(merit.weighed.0, 1.0);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_held_is_bounded() {
        let limits =
            MeritLimits { steps: NonZeroUsize::new(3).unwrap(), members: 1, ..MeritLimits::default() };
        let mut merit = Merit::new(1, limits);
        let shares = Shares::equal(1, ["ada", "bob"]).unwrap();
        assert!(merit.note(&shares, &[1.0, 1.0], &[false], &[false]).is_err());
        assert!(merit.note(&shares, &[f64::NAN], &[false], &[false]).is_err());
        assert!(merit.running[0].is_empty());
        for _ in 0..10 {
            merit.note(&shares, &[1.0], &[false], &[false]).unwrap();
        }
        assert_eq!((merit.running[0].len(), merit.weighed.0, merit.names.len()), (1, 9.0, 1));
    }

    proptest! {
        #[test]
        fn merits_are_cosines_whatever_happens(
            episodes in proptest::collection::vec((1..9_usize, 0.0..1e6_f64), 1..12),
        ) {
            for (name, merit) in played(&episodes).take() {
                prop_assert!((-1.0..=1.0).contains(&merit), "{name} {merit}");
            }
        }
    }
}
