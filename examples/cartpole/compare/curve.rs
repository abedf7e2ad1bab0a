//! Curve: how one run went live over steps, and what several are together.

use anyhow::{Context, Result};

use crate::account::BRED;

/// Steps from one point of a mean curve to the next.
pub(super) const GRID: u64 = 400;

/// Holds what was told after so many steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curve(Vec<Told>);

/// Holds the mean returns of the last 100 episodes, and of the last [`BRED`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    steps: u64,
    episodes: usize,
    pub(super) score: f64,
    pub(super) recent: f64,
}

impl Curve {
    /// Reads what the journal has written.
    pub(super) fn read(csv: &str) -> Result<Self> {
        let told = |line: &str| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |place: usize| cells.get(place)?.parse::<f64>().ok();
            let (steps, episodes) = (number(1)? as u64, number(2)? as usize);
            Some(Told { steps, episodes, score: number(3)?, recent: number(4)? })
        };
        let all: Option<Vec<_>> = csv.lines().skip(1).map(told).collect();
        let all = all.filter(|all| !all.is_empty());
        Ok(Self(all.context("a curve has steps and scores")?))
    }

    /// Returns what was told last.
    pub(super) fn last(&self) -> Told {
        *self.0.last().expect("a curve that was read is not empty")
    }

    /// Returns after how many steps the last [`BRED`] episodes first returned so much.
    pub(super) fn reaches(&self, score: f64) -> Option<u64> {
        let reaches = |told: &&Told| told.episodes >= BRED && told.recent >= score;
        self.0.iter().find(reaches).map(|told| told.steps)
    }

    /// Returns how it went after so many steps. None before it was first told.
    fn at(&self, steps: u64) -> Option<f64> {
        self.0[..self.0.partition_point(|told| told.steps <= steps)].last().map(|told| told.recent)
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
        let one = Curve::read("r,s,e,score,recent,g\n1,300,10,9.0,10.0,0\n2,700,20,19.0,20.0,0\n").unwrap();
        let other = Curve::read("r,s,e,score,recent,g\n1,500,1,30.0,30.0,0\n").unwrap();
        assert_eq!(across(&[&one, &other], 900), [(800, [25.0, 20.0, 30.0])]);
        assert_eq!((one.last().score, one.at(299), one.at(300)), (19.0, None, Some(10.0)));
        assert_eq!((one.reaches(10.0), one.reaches(21.0)), (Some(700), None), "ten episodes are too few");
        assert!(Curve::read("rounds\n").is_err());
    }
}
