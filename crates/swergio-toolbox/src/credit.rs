//! Credit: which member earned how much of an action's reward, paid out once.

mod ledger;
mod merit;

pub use ledger::{CreditLedger, Payment};
pub use merit::{Merit, MeritLimits};

/// Tells why there are no shares. Nothing was changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CreditFault {
    /// A list has not one entry for each row.
    #[error("{found} entries came where each of {wanted} rows needs one")]
    Length {
        /// How many rows there are.
        wanted: usize,
        /// How many entries came.
        found: usize,
    },
    /// There is nobody to share among.
    #[error("there is no member to share among")]
    Nobody,
    /// A member occurs twice: it would be paid twice.
    #[error("{0:?} occurs twice; count each member once")]
    Twice(String),
    /// A weight or reward is not a finite number, or a weight is below zero.
    #[error("{found} of {of:?} cannot be shared by; give finite numbers, weights of zero or more")]
    NotNumber {
        /// The member, or empty for a reward.
        of: String,
        /// What came.
        found: f64,
    },
}

/// Holds what each member's part is in what was done: for each row (environment) parts that sum to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    rows: usize,
    members: Vec<(String, Vec<f64>)>,
}

impl Shares {
    /// Shares each row out in proportion to the members' weights; where all are zero, equally.
    ///
    /// Each member has a weight for each row. Who is missing has no part, and the parts of the others sum to one all the same.
    ///
    /// # Errors
    /// [`CreditFault`], naming the member.
    pub fn by_weight(rows: usize, weights: Vec<(String, Vec<f64>)>) -> Result<Self, CreditFault> {
        sound(rows, &weights)?;
        let mut members = weights;
        for row in 0..rows {
            // Scaled by the greatest first: neither a sum of huge weights nor a quotient of tiny ones leaves what a number can be.
            let most = members.iter().map(|(_, weights)| weights[row]).fold(0.0, f64::max);
            let scaled = |weight: f64| if most > 0.0 { weight / most } else { 1.0 };
            let sum: f64 = members.iter().map(|(_, weights)| scaled(weights[row])).sum();
            members.iter_mut().for_each(|(_, weights)| weights[row] = scaled(weights[row]) / sum);
        }
        Ok(Self { rows, members })
    }

    /// Gives each member the same part.
    ///
    /// # Errors
    /// [`CreditFault`] when there is nobody, or somebody twice.
    pub fn equal<M: Into<String>>(
        rows: usize,
        members: impl IntoIterator<Item = M>,
    ) -> Result<Self, CreditFault> {
        Self::by_weight(rows, members.into_iter().map(|member| (member.into(), vec![1.0; rows])).collect())
    }

    /// Counts the rows (environments).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns how far from one the parts of a row sum to, at most: what rounding leaves.
    pub fn error(&self) -> f64 {
        let sum = |row: usize| self.members.iter().map(|(_, parts)| parts[row]).sum::<f64>();
        (0..self.rows).map(|row| (sum(row) - 1.0).abs()).fold(0.0, f64::max)
    }

    /// Lists the members with their parts of each row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[f64])> {
        self.members.iter().map(|(member, parts)| (member.as_str(), parts.as_slice()))
    }

    /// Returns a member's parts. None for one that had none.
    pub fn of_member(&self, member: &str) -> Option<&[f64]> {
        self.iter().find(|(name, _)| *name == member).map(|(_, parts)| parts)
    }

    /// Multiplies each row's reward by each member's part: what the members get sums to the reward.
    ///
    /// # Errors
    /// [`CreditFault`] when there is not one finite reward for each row.
    pub fn pay(&self, rewards: &[f64]) -> Result<Vec<(String, Vec<f64>)>, CreditFault> {
        if rewards.len() != self.rows {
            return Err(CreditFault::Length { wanted: self.rows, found: rewards.len() });
        }
        if let Some(found) = rewards.iter().copied().find(|reward| !reward.is_finite()) {
            return Err(CreditFault::NotNumber { of: String::new(), found });
        }
        let paid = |parts: &[f64]| parts.iter().zip(rewards).map(|(part, reward)| part * reward).collect();
        Ok(self.iter().map(|(member, parts)| (member.to_owned(), paid(parts))).collect())
    }
}

fn sound(rows: usize, weights: &[(String, Vec<f64>)]) -> Result<(), CreditFault> {
    if weights.is_empty() {
        return Err(CreditFault::Nobody);
    }
    for (place, (member, weights_of)) in weights.iter().enumerate() {
        if weights[..place].iter().any(|(earlier, _)| earlier == member) {
            return Err(CreditFault::Twice(member.clone()));
        }
        if weights_of.len() != rows {
            return Err(CreditFault::Length { wanted: rows, found: weights_of.len() });
        }
        if let Some(found) = weights_of.iter().copied().find(|weight| !weight.is_finite() || *weight < 0.0) {
            return Err(CreditFault::NotNumber { of: member.clone(), found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weights(of: &[(&str, &[f64])]) -> Vec<(String, Vec<f64>)> {
        of.iter().map(|(member, weights)| ((*member).to_owned(), weights.to_vec())).collect()
    }

    #[test]
    fn shares_go_by_weight_in_each_row() {
        let shares =
            Shares::by_weight(3, weights(&[("ada", &[3.0, 0.0, 0.0]), ("bob", &[1.0, 5.0, 0.0])])).unwrap();
        assert_eq!(shares.of_member("ada").unwrap(), [0.75, 0.0, 0.5]);
        assert_eq!(shares.of_member("bob").unwrap(), [0.25, 1.0, 0.5]);
        assert_eq!(shares.of_member("eve"), None);
        let paid = shares.pay(&[4.0, -1.0, 2.0]).unwrap();
        assert_eq!(paid, weights(&[("ada", &[3.0, 0.0, 1.0]), ("bob", &[1.0, -1.0, 1.0])]));
    }

    #[test]
    fn what_cannot_be_shared_is_named() {
        assert_eq!(Shares::by_weight(1, Vec::new()), Err(CreditFault::Nobody));
        let twice = Shares::equal(1, ["ada", "ada"]).unwrap_err();
        assert_eq!(twice.to_string(), "\"ada\" occurs twice; count each member once");
        let bad = Shares::by_weight(1, weights(&[("ada", &[1.0]), ("bob", &[-0.5])])).unwrap_err();
        assert_eq!(bad, CreditFault::NotNumber { of: "bob".into(), found: -0.5 });
        let short = Shares::by_weight(2, weights(&[("ada", &[1.0])])).unwrap_err();
        assert_eq!(short, CreditFault::Length { wanted: 2, found: 1 });
        assert!(Shares::equal(1, ["ada"]).unwrap().pay(&[f64::NAN]).is_err());
    }

    proptest! {
        /// Also with members missing: any subset of the ensemble shares the whole.
        #[test]
        fn parts_sum_to_one_whoever_is_there(
            all in proptest::collection::vec((0.0..1e9_f64, any::<bool>()), 1..20), reward in -1e3..1e3_f64,
        ) {
            let here = all.iter().enumerate().filter(|(_, (_, present))| *present);
            let weights: Vec<_> = here.map(|(n, (weight, _))| (format!("m{n}"), vec![*weight])).collect();
            prop_assume!(!weights.is_empty());
            let shares = Shares::by_weight(1, weights).unwrap();
            let sum: f64 = shares.iter().map(|(_, parts)| parts[0]).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
            let paid: f64 = shares.pay(&[reward]).unwrap().iter().map(|(_, paid)| paid[0]).sum();
            prop_assert!((paid - reward).abs() < 1e-9);
        }

        #[test]
        fn weights_at_the_edge_of_numbers_are_shared_too(edge in prop_oneof![
            Just(f64::MAX), Just(f64::MIN_POSITIVE), Just(5e-324), Just(0.0)
        ], count in 1..6_usize) {
            let weights = (0..count).map(|n| (format!("m{n}"), vec![edge])).collect();
            let shares = Shares::by_weight(1, weights).unwrap();
            let sum: f64 = shares.iter().map(|(_, parts)| parts[0]).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
