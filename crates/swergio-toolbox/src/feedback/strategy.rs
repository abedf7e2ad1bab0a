//! Strategy: which items to ask about, so that few answers teach much.

mod pool;
mod score;

use std::fmt;
use std::str::FromStr;

pub use pool::Pool;

use super::FeedbackFault;
use crate::dice::Dice;

/// Chooses items of a [`Pool`] to be labelled. Settles, *Active Learning Literature Survey* (2009), names the first four; Sener and
/// Savarese, *Active Learning for Convolutional Neural Networks: A Core-Set Approach* (2018), the fifth.
///
/// The Python package's example sorts by uncertainty the wrong way round, and asks about what its rater is surest of: these ask about
/// what is least sure.
///
/// ```
/// use swergio_toolbox::dice::Dice;
/// use swergio_toolbox::feedback::{Pool, Strategy};
///
/// let pool = Pool::of_probabilities(vec![vec![0.9, 0.1], vec![0.5, 0.5], vec![0.2, 0.8]])?;
/// let strategy: Strategy = "least-confidence".parse()?;
/// assert_eq!(strategy.choose(&pool, 2, &mut Dice::seeded(1))?, [1, 2]);
/// # Ok::<(), swergio_toolbox::feedback::FeedbackFault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The least probability of the likeliest class: `1 - max p`.
    LeastConfidence,
    /// The least distance between the two likeliest classes.
    Margin,
    /// The largest entropy, `-Σ p ln p`.
    Entropy,
    /// The largest disagreement of a committee: the mean divergence of each member from their mean (Kullback and Leibler), in nats.
    Committee,
    /// The farthest from all that is labelled or chosen already, one after another (the greedy k-centre).
    KCentre,
    /// Any, each as likely: what the others are measured against.
    Random,
}

impl Strategy {
    /// Every strategy, the baseline last.
    pub const ALL: [Self; 6] =
        [Self::LeastConfidence, Self::Margin, Self::Entropy, Self::Committee, Self::KCentre, Self::Random];

    /// Returns its name, as it is parsed.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeastConfidence => "least-confidence",
            Self::Margin => "margin",
            Self::Entropy => "entropy",
            Self::Committee => "committee",
            Self::KCentre => "k-centre",
            Self::Random => "random",
        }
    }

    /// Chooses `count` items of the pool, or all where there are fewer: their indices, the one to ask about first in front.
    ///
    /// Items that are equally good are chosen among by the dice.
    ///
    /// # Errors
    /// `BAD_POOL` when the pool has not what the strategy looks at: probabilities, a committee, features.
    pub fn choose(self, pool: &Pool, count: usize, dice: &mut Dice) -> Result<Vec<usize>, FeedbackFault> {
        let scores = match self {
            Self::KCentre => return score::k_centre(pool, count, dice),
            Self::LeastConfidence => score::by_row(pool, score::doubt)?,
            Self::Margin => score::by_row(pool, score::closeness)?,
            Self::Entropy => score::by_row(pool, score::entropy)?,
            Self::Committee => score::disagreement(pool)?,
            Self::Random => vec![0.0; pool.len()],
        };
        Ok(largest(&scores, count, dice))
    }
}

/// Returns the places of the largest scores, the largest first, ties in an order that the dice choose.
fn largest(scores: &[f64], count: usize, dice: &mut Dice) -> Vec<usize> {
    let mut places: Vec<(usize, f64)> = (0..scores.len()).map(|place| (place, dice.uniform())).collect();
    places.sort_by(|(one, dealt), (other, also)| {
        scores[*other].total_cmp(&scores[*one]).then(dealt.total_cmp(also))
    });
    places.into_iter().take(count).map(|(place, _)| place).collect()
}

impl FromStr for Strategy {
    type Err = FeedbackFault;

    fn from_str(name: &str) -> Result<Self, FeedbackFault> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            FeedbackFault::new("BAD_STRATEGY", "strategy", format!("{name:?} is none of {names}"))
        })
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(strategy: Strategy, pool: &Pool, count: usize) -> Vec<usize> {
        strategy.choose(pool, count, &mut Dice::seeded(3)).unwrap()
    }

    /// Three items of three classes on which the three measures differ, after Settles' figure 5.
    fn ternary() -> Pool {
        Pool::of_probabilities(vec![
            vec![0.48, 0.47, 0.05],
            vec![0.42, 0.29, 0.29],
            vec![0.40, 0.34, 0.26],
            vec![0.98, 0.01, 0.01],
        ])
        .unwrap()
    }

    #[test]
    fn the_measures_of_doubt_order_items_as_their_formulas_say() {
        assert_eq!(choose(Strategy::LeastConfidence, &ternary(), 4), [2, 1, 0, 3]);
        assert_eq!(choose(Strategy::Margin, &ternary(), 4), [0, 2, 1, 3]);
        assert_eq!(choose(Strategy::Entropy, &ternary(), 4), [2, 1, 0, 3]);
    }

    #[test]
    fn a_committee_that_disagrees_is_asked_about_first() {
        let members = vec![
            vec![vec![0.9, 0.1], vec![0.5, 0.5], vec![0.9, 0.1]],
            vec![vec![0.1, 0.9], vec![0.5, 0.5], vec![0.7, 0.3]],
        ];
        let pool = Pool::of_committee(members).unwrap();
        assert_eq!(choose(Strategy::Committee, &pool, 3), [0, 2, 1]);
        // What all are unsure of is no disagreement, but the mean is as unsure: of the two, entropy cannot tell.
        assert_eq!(choose(Strategy::Entropy, &pool, 2).iter().filter(|place| **place < 2).count(), 2);
    }

    #[test]
    fn k_centre_goes_where_nothing_is_known_yet() {
        let pool = Pool::of_features(vec![vec![0.0], vec![1.0], vec![10.0], vec![11.0], vec![5.0]]).unwrap();
        let pool = pool.labelled(vec![vec![0.5]]).unwrap();
        assert_eq!(choose(Strategy::KCentre, &pool, 2), [3, 4]);
    }

    #[test]
    fn random_is_fair_and_repeatable() {
        let pool = Pool::of_features(vec![vec![0.0]; 10]).unwrap();
        let mut often = [0; 10];
        for seed in 0..2000 {
            let chosen = Strategy::Random.choose(&pool, 3, &mut Dice::seeded(seed)).unwrap();
            assert_eq!(chosen, Strategy::Random.choose(&pool, 3, &mut Dice::seeded(seed)).unwrap());
            chosen.iter().for_each(|place| often[*place] += 1);
        }
        assert!(often.iter().all(|times| (500..700).contains(times)), "{often:?}");
    }

    #[test]
    fn what_a_strategy_cannot_see_it_says() {
        let pool = Pool::of_features(vec![vec![0.0]]).unwrap();
        let fault = Strategy::Entropy.choose(&pool, 1, &mut Dice::seeded(1)).unwrap_err();
        assert_eq!((fault.code(), fault.field()), ("BAD_POOL", "probabilities"));
        assert_eq!("entropi".parse::<Strategy>().unwrap_err().code(), "BAD_STRATEGY");
        assert_eq!(Strategy::ALL.map(|strategy| strategy.name().parse::<Strategy>().unwrap()), Strategy::ALL);
    }
}
