//! Curve: the live score of one run over steps, and what several are together.

use anyhow::{Context, Result};

/// Steps from one point of a mean curve to the next.
pub(super) const GRID: u64 = 400;

/// Holds the score after so many steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve(Vec<(u64, f64)>);

impl Curve {
    /// Reads what the journal has written.
    pub(super) fn read(csv: &str) -> Result<Self> {
        let point = |line: &str| {
            let mut cells = line.split(',').skip(1);
            Some((cells.next()?.parse().ok()?, cells.nth(1)?.parse().ok()?))
        };
        let points: Option<Vec<_>> = csv.lines().skip(1).map(point).collect();
        let points = points.filter(|points| !points.is_empty());
        Ok(Self(points.context("a curve has steps and scores")?))
    }

    /// Returns the score in the end.
    pub(super) fn last(&self) -> f64 {
        self.0.last().map_or(f64::NAN, |(_, score)| *score)
    }

    /// Returns the score as it was after so many steps. None before it was first told.
    fn at(&self, steps: u64) -> Option<f64> {
        self.0[..self.0.partition_point(|(at, _)| *at <= steps)].last().map(|(_, score)| *score)
    }
}

/// Returns the mean, the least and the most of several curves, after so many steps each, as soon as all have a score.
pub(super) fn across(curves: &[&Curve], steps: u64) -> Vec<(u64, [f64; 3])> {
    let at = |steps: u64| {
        let scores: Option<Vec<f64>> = curves.iter().map(|curve| curve.at(steps)).collect();
        let scores = scores?;
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Some((steps, [mean, least, most]))
    };
    (0..=steps / GRID).filter_map(|place| at(place * GRID)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_compared_at_the_same_steps() {
        let one = Curve::read("r,s,e,score,g\n1,300,1,10.0,0\n2,700,2,20.0,0\n").unwrap();
        let other = Curve::read("r,s,e,score,g\n1,500,1,30.0,0\n").unwrap();
        assert_eq!(across(&[&one, &other], 900), [(800, [25.0, 20.0, 30.0])]);
        assert_eq!((one.last(), one.at(299), one.at(300)), (20.0, None, Some(10.0)));
        assert!(Curve::read("rounds\n").is_err());
    }
}
