//! Range: how near and how far the trebuchet throws in a wind.

use super::shot::{Aim, Trebuchet};

/// Counterweights that are tried, lb: where the network's begins, and five times that. Heavier is farther.
const WEIGHTS: [f64; 2] = [200.0, 1_000.0];
/// The angle that throws nearest, degrees, but for the upright.
const STEEP: f64 = 89.0;
/// Angles among which the one that throws farthest is, whatever the wind, degrees.
const FLAT: [f64; 12] = [9.0, 12.0, 15.0, 18.0, 21.0, 24.0, 27.0, 30.0, 34.0, 38.0, 44.0, 50.0];

/// Tells the nearest and the farthest place that can be hit in a wind with a counterweight of 200 to 1,000 lb, m. Every place
/// between them can be: the distance changes gradually with the angle at 200 lb, and with the weight at the best angle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    near: f64,
    far: f64,
}

impl Range {
    /// Tries angles and counterweights.
    pub(crate) fn of(trebuchet: &Trebuchet, wind: f64) -> Self {
        let shots = WEIGHTS.iter().flat_map(|weight| {
            let angles = FLAT.into_iter().chain([STEEP]);
            angles.filter_map(|angle| trebuchet.distance(&Aim { wind, angle, weight: *weight }).ok())
        });
        shots.fold(Self { near: f64::INFINITY, far: f64::NEG_INFINITY }, |range, far| Self {
            near: range.near.min(far),
            far: range.far.max(far),
        })
    }

    /// Tells whether a target can be hit.
    pub(crate) fn contains(&self, target: f64) -> bool {
        (self.near..=self.far).contains(&target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_no_aim_hits_and_what_is_in_it_some_does() {
        let trebuchet = Trebuchet::new(1e-6);
        for wind in [-12.0, -5.0, 0.0, 5.0, 12.0] {
            let range = Range::of(&trebuchet, wind);
            let mut dice = fastrand::Rng::with_seed(5);
            for _ in 0..200 {
                let (angle, weight) = (1.0 + 88.0 * dice.f64(), 200.0 + 800.0 * dice.f64());
                let hit = trebuchet.distance(&Aim { wind, angle, weight }).unwrap();
                // The best of twelve angles is not the best of all, but nearly.
                assert!(hit > range.near - 0.5 && hit < range.far + 0.5, "{hit} m in {wind} m/s, {range:?}");
            }
        }
    }
}
