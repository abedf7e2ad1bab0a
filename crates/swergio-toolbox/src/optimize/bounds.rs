//! Bounds: the box that inputs stay in, and the units that they are measured in.

use crate::BoxError;

/// Holds a box, and how large each coordinate is: methods work on coordinates divided by that.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    start: Vec<f64>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    units: Vec<f64>,
}

impl Bounds {
    pub(super) fn new(start: Vec<f64>, between: Option<(Vec<f64>, Vec<f64>)>) -> Result<Self, BoxError> {
        let n = start.len();
        if n == 0 {
            return Err("the input has no floats: there is nothing to move".into());
        }
        let (lower, upper) = between.unwrap_or_else(|| (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n]));
        if let Some(at) =
            (0..n).find(|at| lower[*at].is_nan() || upper[*at].is_nan() || lower[*at] > upper[*at])
        {
            return Err(format!("the bounds of coordinate {at} are {} and {}", lower[at], upper[at]).into());
        }
        let unit = |at: usize| {
            let range = upper[at] - lower[at];
            let size = if range.is_finite() { range } else { start[at].abs() };
            if size > 0.0 && size.is_finite() { size } else { 1.0 }
        };
        let units = (0..n).map(unit).collect();
        Ok(Self { start, lower, upper, units })
    }

    /// Returns the start, moved into the box, in units.
    pub(super) fn start(&self) -> Vec<f64> {
        self.projected(self.start.iter().zip(&self.units).map(|(x, unit)| x / unit).collect())
    }

    /// Moves a point, in units, to the nearest one in the box.
    pub(super) fn projected(&self, mut point: Vec<f64>) -> Vec<f64> {
        for (at, x) in point.iter_mut().enumerate() {
            *x = x.clamp(self.lower[at] / self.units[at], self.upper[at] / self.units[at]);
        }
        point
    }

    /// Returns a point in the input's own measure. Never out of the box by rounding.
    pub(super) fn unscaled(&self, point: &[f64]) -> Vec<f64> {
        let own = |(at, x): (usize, &f64)| (x * self.units[at]).clamp(self.lower[at], self.upper[at]);
        point.iter().enumerate().map(own).collect()
    }

    /// Returns a gradient by the input as one by coordinates in units.
    pub(super) fn scaled(&self, gradient: Vec<f64>) -> Vec<f64> {
        gradient.into_iter().zip(&self.units).map(|(number, unit)| number * unit).collect()
    }

    /// Tells whether a coordinate is at a bound, and the gradient would move it out.
    pub(super) fn is_held(&self, at: usize, x: f64, gradient: f64) -> bool {
        x <= self.lower[at] / self.units[at] && gradient > 0.0
            || x >= self.upper[at] / self.units[at] && gradient < 0.0
    }

    /// Measures the gradient by its largest number that a step could follow.
    pub(super) fn slope(&self, point: &[f64], gradient: &[f64]) -> f64 {
        let down: Vec<f64> = point.iter().zip(gradient).map(|(x, number)| x - number).collect();
        let moved = self.projected(down);
        moved.iter().zip(point).fold(0.0, |most, (to, from)| f64::max(most, (to - from).abs()))
    }
}
