//! Shot: from wind, angle and counterweight to where the projectile comes down, and how that depends on them.

use super::body::{Machine, Pose, projectile, start, tension};
use super::dual::Dual;
use super::flight::Flight;
use super::mishap::Mishap;
use super::slide::Slide;
use super::solver::{Bounds, Solver};
use super::swing::Swing;

/// What a shot is made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Aim {
    /// Wind along the throw, m/s.
    pub(crate) wind: f64,
    /// Angle above the horizon at which the sling lets go, degrees.
    pub(crate) angle: f64,
    /// Counterweight, lb.
    pub(crate) weight: f64,
}

impl Aim {
    /// The strongest wind that is computed either way, m/s.
    pub(crate) const WIND: f64 = 1_000.0;
    /// The angles that are computed, degrees.
    pub(crate) const ANGLES: [f64; 2] = [-90.0, 179.0];
    /// The heaviest counterweight that is computed, lb.
    pub(crate) const WEIGHT: f64 = 1e6;

    fn check(&self) -> Result<(), Mishap> {
        // A NaN is in no range.
        if !(-Self::WIND..=Self::WIND).contains(&self.wind) {
            return Err(Mishap::Invalid("the wind must be a number from -1000 to 1000 m/s"));
        }
        if !(Self::ANGLES[0]..=Self::ANGLES[1]).contains(&self.angle) {
            return Err(Mishap::Invalid("the angle must be a number from -90 to 179 degrees"));
        }
        if !(self.weight > 0.0 && self.weight <= Self::WEIGHT) {
            return Err(Mishap::Invalid("the counterweight must be a number above 0 and up to 1000000 lb"));
        }
        Ok(())
    }
}

/// How a distance changes with what the shot was made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Gradient {
    /// By the wind, m per m/s.
    pub(crate) wind: f64,
    /// By the angle, m per degree.
    pub(crate) angle: f64,
    /// By the counterweight, m per lb.
    pub(crate) weight: f64,
}

/// When, where and how fast the projectile was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Moment {
    /// Seconds since the counterweight was let go.
    pub(crate) time: f64,
    /// Along the throw and up, m from the pivot.
    pub(crate) place: [f64; 2],
    /// Along the throw and up, m/s.
    pub(crate) speed: [f64; 2],
}

/// A shot that came down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shot {
    /// Where, m along the throw from the pivot.
    pub(crate) distance: f64,
    /// How that changes with the aim.
    pub(crate) gradient: Gradient,
    /// When the projectile left the ground, s.
    pub(crate) lift_off: f64,
    /// When the sling let go.
    pub(crate) release: Moment,
    /// When it came down.
    pub(crate) landing: Moment,
    /// How many steps were tried.
    pub(crate) steps: usize,
}

/// Where a shot was at the end of a step.
enum Seen<'a> {
    Sliding(&'a Pose<0>),
    Swinging(&'a Pose<0>),
    Flying(&'a [Dual<0>; 4]),
}

/// Shoots, to a tolerance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trebuchet(Solver);

impl Default for Trebuchet {
    fn default() -> Self {
        Self::new(Self::TOLERANCE)
    }
}

impl Trebuchet {
    /// The error of a step, relative to the size of what moves plus one, that makes distances good to a micrometre or so.
    pub(crate) const TOLERANCE: f64 = 1e-9;
    /// What a stage of a shot may take. Real ones take some hundred steps, and seconds.
    const BOUNDS: Bounds = Bounds { steps: 20_000, seconds: 20.0, smallest: 1e-12 };

    /// Builds a trebuchet whose motion is computed to `tolerance`, from 1e-13 to 1e-2.
    pub(crate) fn new(tolerance: f64) -> Self {
        Self(Solver { tolerance: tolerance.clamp(1e-13, 1e-2), bounds: Self::BOUNDS })
    }

    /// Shoots, and tells how the distance depends on the aim.
    ///
    /// # Errors
    /// The mishap, when the shot came down nowhere.
    pub(crate) fn shoot(&self, aim: &Aim) -> Result<Shot, Mishap> {
        // Each stage has the derivatives by what it depends on: the slide by the weight, the swing by the angle too, which
        // says when it ends, the flight by the wind as well.
        let (landed, shot) = self.stages::<1, 2, 3>(aim, |_| ())?;
        let [weight, angle, wind] = landed.by;
        let gradient = Gradient { wind, angle, weight };
        if !(wind + angle + weight + landed.re).is_finite() {
            return Err(Mishap::Unsolvable);
        }
        Ok(Shot { gradient, ..shot })
    }

    /// Shoots, and tells only how far: the same to the last bit as [`shoot`](Self::shoot), in less time.
    ///
    /// # Errors
    /// The mishap, when the shot came down nowhere.
    pub(crate) fn distance(&self, aim: &Aim) -> Result<f64, Mishap> {
        self.stages::<0, 0, 0>(aim, |_| ()).map(|(landed, _)| landed.re)
    }

    /// Shoots, and tells through which places the projectile came: along the throw and up, m from the pivot.
    ///
    /// # Errors
    /// The mishap, when the shot came down nowhere.
    pub(crate) fn path(&self, aim: &Aim) -> Result<Vec<[f64; 2]>, Mishap> {
        let mut path = Vec::new();
        self.stages::<0, 0, 0>(aim, |seen| {
            let [x, y, ..] = match seen {
                Seen::Sliding(pose) | Seen::Swinging(pose) => projectile(pose),
                Seen::Flying(state) => *state,
            };
            path.push([x.re, y.re]);
        })?;
        Ok(path)
    }

    /// Shoots, and tells the least tension of the swinging sling, N. Below zero a rope would be slack; here it pushes.
    ///
    /// # Errors
    /// The mishap, when the shot came down nowhere.
    pub(crate) fn least_tension(&self, aim: &Aim) -> Result<f64, Mishap> {
        let machine = Machine::new(Dual::of(aim.weight));
        let mut least = f64::INFINITY;
        self.stages::<0, 0, 0>(aim, |seen| {
            if let Seen::Swinging(pose) = seen {
                least = least.min(tension(pose, &machine.swinging(pose)));
            }
        })?;
        Ok(least)
    }

    /// Goes through the stages with the derivatives that fit into `SLIDE`, `SWING` and `FLIGHT`: by weight, angle and wind.
    fn stages<const SLIDE: usize, const SWING: usize, const FLIGHT: usize>(
        &self,
        aim: &Aim,
        mut seen: impl FnMut(Seen<'_>),
    ) -> Result<(Dual<FLIGHT>, Shot), Mishap> {
        aim.check()?;
        let slide = Slide(Machine::new(Dual::<SLIDE>::variable(aim.weight, 0)));
        let lifted = self.0.follow(&slide, &start(), |pose| seen(Seen::Sliding(pose)))?;

        let machine = Machine::new(Dual::<SWING>::variable(aim.weight, 0));
        let swing = Swing::new(machine, Dual::variable(aim.angle, 1) * 1_f64.to_radians());
        let released =
            self.0.follow(&swing, &lifted.state.map(Dual::keep), |pose| seen(Seen::Swinging(pose)))?;
        let thrown = projectile(&released.state);

        let flight = Flight { wind: Dual::<FLIGHT>::variable(aim.wind, 2) };
        let landed = self.0.follow(&flight, &thrown.map(Dual::keep), |state| seen(Seen::Flying(state)))?;
        let release = lifted.time.re + released.time.re;
        Ok((
            landed.state[0],
            Shot {
                distance: landed.state[0].re,
                gradient: Gradient { wind: 0.0, angle: 0.0, weight: 0.0 },
                lift_off: lifted.time.re,
                release: moment(release, &thrown),
                landing: moment(release + landed.time.re, &landed.state),
                steps: lifted.steps + released.steps + landed.steps,
            },
        ))
    }
}

fn moment<const K: usize>(time: f64, state: &[Dual<K>; 4]) -> Moment {
    let [x, y, along, up] = state.map(|dual| dual.re);
    Moment { time, place: [x, y], speed: [along, up] }
}
