//! Score: how much an answer about each item would teach.

use super::pool::{Pool, bad};
use crate::dice::Dice;
use crate::feedback::FeedbackFault;

/// Scores each item by its class probabilities.
pub(super) fn by_row(pool: &Pool, score: impl Fn(&[f64]) -> f64) -> Result<Vec<f64>, FeedbackFault> {
    let rows = pool.probabilities.as_ref().ok_or_else(|| {
        bad("probabilities", "the strategy looks at class probabilities; the pool has none")
    })?;
    Ok(rows.iter().map(|row| score(row)).collect())
}

pub(super) fn doubt(row: &[f64]) -> f64 {
    1.0 - row.iter().copied().fold(0.0, f64::max)
}

/// The nearer the two likeliest are, the larger.
pub(super) fn closeness(row: &[f64]) -> f64 {
    let (mut first, mut second) = (0.0, 0.0);
    for probability in row {
        if *probability > first {
            (first, second) = (*probability, first);
        } else if *probability > second {
            second = *probability;
        }
    }
    second - first
}

pub(super) fn entropy(row: &[f64]) -> f64 {
    row.iter()
        .filter(|probability| **probability > 0.0)
        .map(|probability| -probability * probability.ln())
        .sum()
}

/// Scores each item by how far the members of a committee are from their mean: the entropy of the mean less the mean of their entropies.
pub(super) fn disagreement(pool: &Pool) -> Result<Vec<f64>, FeedbackFault> {
    let members = pool
        .committee
        .as_ref()
        .ok_or_else(|| bad("committee", "the strategy looks at several models; the pool has one at most"))?;
    let of_mean = by_row(pool, entropy)?;
    let share = 1.0 / members.len() as f64;
    let own = |item: usize| members.iter().map(|rows| entropy(&rows[item])).sum::<f64>() * share;
    // Rounding may leave a hair below zero where all agree.
    Ok(of_mean.iter().enumerate().map(|(item, whole)| (whole - own(item)).max(0.0)).collect())
}

/// Chooses one after another the item that is farthest from its nearest neighbour among those known or chosen.
pub(super) fn k_centre(pool: &Pool, count: usize, dice: &mut Dice) -> Result<Vec<usize>, FeedbackFault> {
    let rows = pool
        .features
        .as_ref()
        .ok_or_else(|| bad("features", "the strategy looks at features; the pool has none"))?;
    let mut nearest: Vec<f64> = rows
        .iter()
        .map(|row| pool.known.iter().map(|known| distance(row, known)).fold(f64::INFINITY, f64::min))
        .collect();
    let mut chosen = Vec::new();
    while chosen.len() < count.min(rows.len()) {
        let most = nearest.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let farthest: Vec<usize> = (0..rows.len()).filter(|place| nearest[*place] == most).collect();
        let next = farthest[dice.below(farthest.len())];
        chosen.push(next);
        for (place, row) in rows.iter().enumerate() {
            nearest[place] = nearest[place].min(distance(row, &rows[next]));
        }
        nearest[next] = f64::NEG_INFINITY;
    }
    Ok(chosen)
}

/// The square of the Euclidean distance, which orders as the distance does.
fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum()
}
