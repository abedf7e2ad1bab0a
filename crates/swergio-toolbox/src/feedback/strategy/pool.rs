//! Pool: items without a label, as a model sees them.

use super::super::FeedbackFault;

/// How far the probabilities of one item may be from adding up to one.
const SLACK: f64 = 1e-3;

/// Holds what is known of `n` unlabelled items: any of class probabilities `[n, classes]`, those of each member of a committee
/// `[members, n, classes]`, and features `[n, d]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pool {
    len: usize,
    pub(super) probabilities: Option<Vec<Vec<f64>>>,
    pub(super) committee: Option<Vec<Vec<Vec<f64>>>>,
    pub(super) features: Option<Vec<Vec<f64>>>,
    pub(super) known: Vec<Vec<f64>>,
}

impl Pool {
    /// Takes class probabilities, a row an item.
    ///
    /// # Errors
    /// `BAD_POOL` when a row is no distribution, or rows differ in length.
    pub fn of_probabilities(rows: Vec<Vec<f64>>) -> Result<Self, FeedbackFault> {
        check_distributions(&rows)?;
        Ok(Self { len: rows.len(), probabilities: Some(rows), ..Self::default() })
    }

    /// Takes class probabilities of several models about the same items. Their mean stands for the probabilities.
    ///
    /// # Errors
    /// `BAD_POOL` as [`of_probabilities`](Self::of_probabilities), and when members differ in their items.
    pub fn of_committee(members: Vec<Vec<Vec<f64>>>) -> Result<Self, FeedbackFault> {
        let Some(first) = members.first() else { return Err(bad("committee", "it has no member")) };
        for rows in &members {
            check_distributions(rows)?;
            if rows.len() != first.len() || rows.first().map(Vec::len) != first.first().map(Vec::len) {
                return Err(bad("committee", "its members rate different items, or different classes"));
            }
        }
        let share = 1.0 / members.len() as f64;
        let mean =
            |item: usize, class: usize| members.iter().map(|rows| rows[item][class]).sum::<f64>() * share;
        let rows = first
            .iter()
            .enumerate()
            .map(|(item, row)| (0..row.len()).map(|class| mean(item, class)).collect());
        Ok(Self {
            probabilities: Some(rows.collect()),
            len: first.len(),
            committee: Some(members),
            ..Self::default()
        })
    }

    /// Takes features, a row an item.
    ///
    /// # Errors
    /// `BAD_POOL` when rows differ in length or a number is not finite.
    pub fn of_features(rows: Vec<Vec<f64>>) -> Result<Self, FeedbackFault> {
        check_rows(&rows, "features")?;
        Ok(Self { len: rows.len(), features: Some(rows), ..Self::default() })
    }

    /// Adds features to a pool of probabilities.
    ///
    /// # Errors
    /// `BAD_POOL` when there are not as many rows as items, or as [`of_features`](Self::of_features).
    pub fn with_features(self, rows: Vec<Vec<f64>>) -> Result<Self, FeedbackFault> {
        check_rows(&rows, "features")?;
        if rows.len() != self.len {
            return Err(bad("features", &format!("{} rows for {} items", rows.len(), self.len)));
        }
        Ok(Self { features: Some(rows), ..self })
    }

    /// Says which items are labelled already, by their features: k-centre keeps away from them.
    ///
    /// # Errors
    /// `BAD_POOL` when a row is not as long as those of the pool's features.
    pub fn labelled(self, rows: Vec<Vec<f64>>) -> Result<Self, FeedbackFault> {
        check_rows(&rows, "labelled")?;
        let width = |rows: &[Vec<f64>]| rows.first().map(Vec::len);
        let other = self.features.as_deref().and_then(width);
        if let (Some(width), Some(other)) = (width(&rows), other)
            && width != other
        {
            return Err(bad("labelled", &format!("rows of {width} beside features of {other}")));
        }
        Ok(Self { known: rows, ..self })
    }

    /// Counts the items.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

pub(super) fn bad(field: &'static str, reason: &str) -> FeedbackFault {
    FeedbackFault::new("BAD_POOL", field, reason)
}

fn check_rows(rows: &[Vec<f64>], field: &'static str) -> Result<(), FeedbackFault> {
    let width = rows.first().map_or(0, Vec::len);
    for (at, row) in rows.iter().enumerate() {
        if row.len() != width {
            return Err(bad(field, &format!("row {at} has {} numbers, the first has {width}", row.len())));
        }
        if let Some(number) = row.iter().find(|number| !number.is_finite()) {
            return Err(bad(field, &format!("row {at} has {number}")));
        }
    }
    Ok(())
}

fn check_distributions(rows: &[Vec<f64>]) -> Result<(), FeedbackFault> {
    check_rows(rows, "probabilities")?;
    for (at, row) in rows.iter().enumerate() {
        let sum: f64 = row.iter().sum();
        if row.iter().any(|number| *number < 0.0) || (sum - 1.0).abs() > SLACK {
            return Err(bad(
                "probabilities",
                &format!("row {at} is no distribution: {row:?} adds up to {sum}"),
            ));
        }
    }
    Ok(())
}
