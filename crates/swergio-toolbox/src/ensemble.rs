//! Ensemble: several members' scores of the same actions, made into one decision.

use crate::credit::{CreditFault, Shares};
use crate::dice::Dice;

/// Says how members' scores become one distribution over the actions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Combine {
    /// The softmax of the mean of the logits: a member that is very sure counts for more.
    #[default]
    Mean,
    /// The mean of the members' own softmaxes, which is their sum of probabilities, scaled: each counts for one.
    Probabilities,
    /// The share of members whose highest score the action has; of equal scores the first action's counts.
    Vote,
}

/// Tells what is wrong with the scores of one member, or with all. A member's fault costs its own say only.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnsembleFault {
    /// It has another number of scores than rows times actions.
    #[error("{found} scores came where {rows} rows of {actions} actions need {wanted}", wanted = rows * actions)]
    Length {
        /// The rows that are asked about.
        rows: usize,
        /// The actions of each row.
        actions: usize,
        /// How many scores came.
        found: usize,
    },
    /// A score is NaN or plus infinity, or all of a row are minus infinity: nothing can be chosen by them.
    #[error(
        "the scores {scores:?} of row {row} favour nothing; give finite ones, minus infinity only for what must not be done"
    )]
    NotScores {
        /// The row.
        row: usize,
        /// The first of its scores, eight at most.
        scores: Vec<f64>,
    },
    /// Nobody gave scores that can be used, or there is nothing to decide.
    #[error("no member gave scores that can be used: {refused} were refused")]
    Nobody {
        /// How many were refused.
        refused: usize,
    },
}

/// Combines what members of an ensemble think of the same observations.
///
/// ```
/// use swergio_toolbox::ensemble::{Combine, decide};
///
/// // Two members, one observation, two actions: one leans to the left, the other is sure of the right.
/// let scores = [("ada".to_owned(), vec![0.5, 0.0]), ("bob".to_owned(), vec![0.0, 3.0])];
/// let decision = decide(Combine::Mean, 1, 2, &scores)?;
/// let chosen = decision.greedy();
/// assert_eq!(chosen, [1]);
/// let shares = decision.credit(&chosen)?;
/// assert!(shares.of_member("bob").unwrap()[0] > shares.of_member("ada").unwrap()[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `scores` holds, for each member that answered, the logits of `actions` for each of `rows` observations, row first. A member whose
/// scores cannot be used is left out, and listed in [`Decision::refused`].
///
/// # Errors
/// [`EnsembleFault::Nobody`] when no member is left.
pub fn decide(
    combine: Combine,
    rows: usize,
    actions: usize,
    scores: &[(String, Vec<f64>)],
) -> Result<Decision, EnsembleFault> {
    let (mut opinions, mut refused, mut sums) = (Vec::new(), Vec::new(), vec![0.0; rows * actions]);
    for (member, scores) in scores {
        if let Err(fault) = sound(rows, actions, scores) {
            refused.push((member.clone(), fault));
            continue;
        }
        let opinion: Vec<f64> = scores.chunks(actions).flat_map(|row| opinion(combine, row)).collect();
        let counted = if combine == Combine::Mean { scores } else { &opinion };
        sums.iter_mut().zip(counted).for_each(|(sum, number)| *sum += number);
        opinions.push((member.clone(), opinion));
    }
    if opinions.is_empty() || sums.is_empty() {
        return Err(EnsembleFault::Nobody { refused: refused.len() });
    }
    let count = opinions.len() as f64;
    let means = sums.chunks(actions).map(|row| row.iter().map(|sum| sum / count).collect::<Vec<f64>>());
    let probabilities = match combine {
        Combine::Mean => means.flat_map(|row| agreed(&row)).collect(),
        Combine::Probabilities | Combine::Vote => means.flatten().collect(),
    };
    Ok(Decision { rows, actions, probabilities, opinions, refused })
}

/// Averages members' values, such as state values or continuous actions: `count` numbers of each.
///
/// Returns the means, and who was left out because of another count or a number that is not finite.
///
/// # Errors
/// [`EnsembleFault::Nobody`] when no member is left.
#[expect(clippy::type_complexity, reason = "a pair that is taken apart at once needs no name")]
pub fn mean_values(
    count: usize,
    values: &[(String, Vec<f64>)],
) -> Result<(Vec<f64>, Vec<(String, EnsembleFault)>), EnsembleFault> {
    let (mut sums, mut counted, mut refused) = (vec![0.0; count], 0.0, Vec::new());
    for (member, values) in values {
        let fault = match values.iter().position(|number| !number.is_finite()) {
            _ if values.len() != count => {
                EnsembleFault::Length { rows: count, actions: 1, found: values.len() }
            }
            Some(row) => EnsembleFault::NotScores { row, scores: vec![values[row]] },
            None => {
                sums.iter_mut().zip(values).for_each(|(sum, number)| *sum += number);
                counted += 1.0;
                continue;
            }
        };
        refused.push((member.clone(), fault));
    }
    if counted == 0.0 {
        return Err(EnsembleFault::Nobody { refused: refused.len() });
    }
    sums.iter_mut().for_each(|sum| *sum /= counted);
    Ok((sums, refused))
}

/// Holds what an ensemble thinks, and who in it thinks what.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    rows: usize,
    actions: usize,
    probabilities: Vec<f64>,
    opinions: Vec<(String, Vec<f64>)>,
    refused: Vec<(String, EnsembleFault)>,
}

impl Decision {
    /// Returns the probability of each action, row by row; each row sums to one.
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// Lists members whose scores could not be used, and why.
    pub fn refused(&self) -> &[(String, EnsembleFault)] {
        &self.refused
    }

    /// Chooses the most likely action of each row; of equally likely ones the first.
    pub fn greedy(&self) -> Vec<usize> {
        self.probabilities.chunks(self.actions).map(highest).collect()
    }

    /// Chooses an action for each row as likely as it is.
    pub fn sample(&self, dice: &mut Dice) -> Vec<usize> {
        let rows = self.probabilities.chunks(self.actions);
        rows.map(|row| dice.pick(row).expect("the probabilities of a row sum to one")).collect()
    }

    /// Shares each chosen action out among the members, by how likely each had it to be.
    ///
    /// Of a vote that is an equal share for each who voted so. If nobody was for the action at all, all who were heard share
    /// equally.
    ///
    /// # Errors
    /// [`CreditFault`] when `chosen` has not one action for each row.
    pub fn credit(&self, chosen: &[usize]) -> Result<Shares, CreditFault> {
        if chosen.len() != self.rows || chosen.iter().any(|action| *action >= self.actions) {
            return Err(CreditFault::Length { wanted: self.rows, found: chosen.len() });
        }
        let of = |opinion: &[f64]| {
            opinion.chunks(self.actions).zip(chosen).map(|(row, action)| row[*action]).collect()
        };
        let weights = self.opinions.iter().map(|(member, opinion)| (member.clone(), of(opinion)));
        Shares::by_weight(self.rows, weights.collect())
    }
}

fn sound(rows: usize, actions: usize, scores: &[f64]) -> Result<(), EnsembleFault> {
    if scores.len() != rows * actions {
        return Err(EnsembleFault::Length { rows, actions, found: scores.len() });
    }
    let senseless = |row: &[f64]| {
        row.iter().any(|score| score.is_nan() || *score == f64::INFINITY)
            || row.iter().all(|score| *score == f64::NEG_INFINITY)
    };
    match scores.chunks(actions.max(1)).enumerate().find(|(_, row)| senseless(row)) {
        Some((row, scores)) => {
            Err(EnsembleFault::NotScores { row, scores: scores.iter().take(8).copied().collect() })
        }
        None => Ok(()),
    }
}

fn opinion(combine: Combine, row: &[f64]) -> Vec<f64> {
    match combine {
        Combine::Mean | Combine::Probabilities => softmax(row),
        Combine::Vote => {
            let vote = highest(row);
            (0..row.len()).map(|action| f64::from(u8::from(action == vote))).collect()
        }
    }
}

/// Members that each forbid what the others want leave nothing: then everything is as likely.
fn agreed(row: &[f64]) -> Vec<f64> {
    if row.iter().all(|score| *score == f64::NEG_INFINITY) {
        return vec![1.0 / row.len() as f64; row.len()];
    }
    softmax(row)
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = row.iter().map(|score| (score - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn highest(row: &[f64]) -> usize {
    let better = |best: usize, index: usize| if row[index] > row[best] { index } else { best };
    (0..row.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn say(member: &str, scores: &[f64]) -> (String, Vec<f64>) {
        (member.into(), scores.to_vec())
    }

    fn close(one: &[f64], another: &[f64]) -> bool {
        one.len() == another.len() && one.iter().zip(another).all(|(a, b)| (a - b).abs() < 1e-12)
    }

    /// Three members; softmaxes (3/4, 1/4), (1/2, 1/2) and (1/10, 9/10).
    fn three() -> [(String, Vec<f64>); 3] {
        let (three, nine) = (3.0_f64.ln(), 9.0_f64.ln());
        [say("ada", &[three, 0.0]), say("bob", &[0.0, 0.0]), say("cyd", &[0.0, nine])]
    }

    #[test]
    fn three_ways_to_agree_by_hand() {
        // Logits' mean is (ln 3 / 3, ln 9 / 3): odds of 3^(1/3) : 9^(1/3).
        let odds = (3.0_f64.cbrt(), 9.0_f64.cbrt());
        let mean = [odds.0 / (odds.0 + odds.1), odds.1 / (odds.0 + odds.1)];
        assert!(close(decide(Combine::Mean, 1, 2, &three()).unwrap().probabilities(), &mean));
        let sum = [(0.75 + 0.5 + 0.1) / 3.0, (0.25 + 0.5 + 0.9) / 3.0];
        assert!(close(decide(Combine::Probabilities, 1, 2, &three()).unwrap().probabilities(), &sum));
        // Bob has no favourite: the first action has his vote.
        let vote = decide(Combine::Vote, 1, 2, &three()).unwrap();
        assert!(close(vote.probabilities(), &[2.0 / 3.0, 1.0 / 3.0]));
        assert_eq!(vote.greedy(), [0]);
    }

    #[test]
    fn credit_goes_by_how_likely_each_had_it_to_be() {
        let decision = decide(Combine::Probabilities, 1, 2, &three()).unwrap();
        let shares = decision.credit(&[1]).unwrap();
        // 1/4, 1/2 and 9/10 of their sum 1.65.
        assert!(close(shares.of_member("ada").unwrap(), &[0.25 / 1.65]));
        assert!(close(shares.of_member("cyd").unwrap(), &[0.9 / 1.65]));
        let votes = decide(Combine::Vote, 1, 2, &three()).unwrap().credit(&[0]).unwrap();
        assert_eq!(votes.of_member("bob").unwrap(), [0.5]);
        assert_eq!(votes.of_member("cyd").unwrap(), [0.0]);
    }

    #[test]
    fn an_action_that_nobody_wanted_is_everybodys() {
        let scores = [say("ada", &[1.0, 0.0]), say("bob", &[1.0, 0.0])];
        let shares = decide(Combine::Vote, 1, 2, &scores).unwrap().credit(&[1]).unwrap();
        assert_eq!(shares.of_member("ada").unwrap(), [0.5]);
    }

    #[test]
    fn a_member_that_makes_no_sense_costs_its_own_say_only() {
        let nan = f64::NAN;
        let scores = [say("ada", &[0.0, 1.0]), say("bob", &[nan, 1.0]), say("cyd", &[1.0])];
        let decision = decide(Combine::Mean, 1, 2, &scores).unwrap();
        assert!(close(decision.probabilities(), &softmax(&[0.0, 1.0])));
        let refused: Vec<&str> = decision.refused().iter().map(|(member, _)| member.as_str()).collect();
        assert_eq!(refused, ["bob", "cyd"]);
        assert_eq!(decision.refused()[1].1.to_string(), "1 scores came where 1 rows of 2 actions need 2");
        assert_eq!(decision.credit(&[1]).unwrap().of_member("bob"), None);
        assert_eq!(decide(Combine::Mean, 1, 2, &scores[1..]), Err(EnsembleFault::Nobody { refused: 2 }));
    }

    #[test]
    fn what_a_member_forbids_is_never_chosen() {
        let forbids = [say("ada", &[f64::NEG_INFINITY, 0.0, 0.0]), say("bob", &[9.0, 0.0, 0.0])];
        let decision = decide(Combine::Mean, 1, 3, &forbids).unwrap();
        assert_eq!(decision.probabilities()[0], 0.0);
        let mut dice = Dice::seeded(1);
        assert!((0..100).all(|_| decision.sample(&mut dice)[0] > 0));
    }

    #[test]
    fn actions_are_sampled_as_likely_as_they_are() {
        let decision = decide(Combine::Probabilities, 1, 2, &three()).unwrap();
        let mut dice = Dice::seeded(2);
        let rights: usize = (0..20_000).map(|_| decision.sample(&mut dice)[0]).sum();
        assert!((rights as f64 / 20_000.0 - 0.55).abs() < 0.01, "{rights}");
    }

    #[test]
    fn values_are_averaged_over_those_that_are_numbers() {
        let values = [say("ada", &[1.0, 2.0]), say("bob", &[3.0, 6.0]), say("cyd", &[f64::INFINITY, 0.0])];
        let (means, refused) = mean_values(2, &values).unwrap();
        assert_eq!((means, refused.len()), (vec![2.0, 4.0], 1));
        assert!(mean_values(3, &values).is_err());
    }

    fn opinions() -> impl Strategy<Value = (Vec<(String, Vec<f64>)>, Vec<usize>)> {
        (1..6_usize, 1..4_usize, 1..4_usize).prop_flat_map(|(members, rows, actions)| {
            let scores = proptest::collection::vec(-50.0..50.0_f64, rows * actions);
            let said = proptest::collection::vec(scores, members).prop_map(|said| {
                let named = said.into_iter().enumerate();
                named.map(|(number, scores)| (format!("m{number}"), scores)).collect()
            });
            (said, proptest::collection::vec(0..actions, rows))
        })
    }

    proptest! {
        #[test]
        fn credit_is_a_partition_of_one((scores, chosen) in opinions()) {
            let actions = scores[0].1.len() / chosen.len();
            for combine in [Combine::Mean, Combine::Probabilities, Combine::Vote] {
                let decision = decide(combine, chosen.len(), actions, &scores).unwrap();
                let shares = decision.credit(&chosen).unwrap();
                for row in 0..chosen.len() {
                    let parts: Vec<f64> = shares.iter().map(|(_, parts)| parts[row]).collect();
                    prop_assert!((parts.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                    prop_assert!(parts.iter().all(|part| (0.0..=1.0).contains(part)));
                }
                for row in decision.probabilities().chunks(actions) {
                    prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                }
            }
        }
    }
}
