//! Slope: how a function changes along a line, and what that says about a gradient of it.

mod tableau;

use swergio_client::Dtype;

use crate::derive::{Layout, Vjp, epsilon};
use crate::{BoxError, Values};

pub(crate) use tableau::{Estimate, Verdict, vjp_rounding};
use tableau::{Sample, estimate};

/// Steps that are tried first, as multiples of the line's own step.
const FIRST: [f64; 3] = [2.0, 1.0, 0.5];
/// Steps that are added when the first leave a doubt: where a kink is near, the function rough, or the gradient wrong.
const FURTHER: [f64; 10] =
    [8.0, 4.0, 0.25, 0.125, 0.0625, 0.031_25, 0.015_625, 0.007_812_5, 0.003_906_25, 0.001_953_125];

/// Holds what was measured of a function f on the line x + t v: how far the outputs are apart at ±h, for several h.
///
/// Any cotangent c can be asked of it: cᵀ(f(x + hv) − f(x − hv)) / 2h is the slope of cᵀf. The steps that were really
/// taken are kept, because x + hv is rounded: a gradient g is compared by its own gᵀ(x₊ − x₋).
#[derive(Clone, Debug)]
pub(crate) struct Line {
    x: Vec<f64>,
    v: Vec<f64>,
    /// f(x), where it is known.
    base: Vec<f64>,
    step: f64,
    /// In descending order of the step.
    rungs: Vec<Rung>,
    /// Why points of the line have no value.
    refusal: Option<String>,
    epsilon: f64,
}

#[derive(Clone, Debug)]
struct Rung {
    step: f64,
    dx: Vec<f64>,
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Line {
    /// Draws a line through `x` along `v`, whose numbers are as large as those of `x` are in general.
    ///
    /// `base` is f(x): it is laid out as `outputs`.
    pub(crate) fn new(x: Vec<f64>, v: Vec<f64>, base: Vec<f64>, inputs: &Layout, outputs: &Layout) -> Self {
        let epsilon = inputs.epsilon().max(outputs.epsilon());
        // Balances rounding, which grows as 1/h, and what is left after two extrapolations.
        let step = (8.0 * epsilon).powf(0.2);
        Self { x, v, base, step, rungs: Vec::new(), refusal: None, epsilon }
    }

    /// Returns the steps that are to be measured next: those that decide in general, or else the further ones.
    pub(crate) fn steps(&self, further: bool) -> Vec<f64> {
        let multiples: &[f64] = if further { &FURTHER } else { &FIRST };
        multiples.iter().map(|multiple| multiple * self.step).collect()
    }

    /// Returns the points to measure for these steps: up and down for each.
    pub(crate) fn points(&self, steps: &[f64], inputs: &Layout) -> Result<Vec<Values>, BoxError> {
        let signed = steps.iter().flat_map(|step| [*step, -*step]);
        signed
            .map(|t| {
                let point: Vec<f64> = self.x.iter().zip(&self.v).map(|(x, v)| x + t * v).collect();
                inputs.write(&point)
            })
            .collect()
    }

    /// Takes in what was measured at [`points`](Self::points). Points without a finite value are left out.
    pub(crate) fn take(
        &mut self,
        steps: &[f64],
        points: &[Values],
        outcomes: Vec<Result<Values, BoxError>>,
        inputs: &Layout,
        outputs: &Layout,
    ) {
        let mut ends = outcomes.into_iter().map(|outcome| {
            let row = outputs.read(&outcome?)?;
            let finite = row.iter().zip(&self.base).all(|(y, base)| y.is_finite() || !base.is_finite());
            if finite { Ok::<_, BoxError>(row) } else { Err("an output near the input is not finite".into()) }
        });
        for (step, ends_x) in steps.iter().zip(points.chunks(2)) {
            let (up, down) = (ends.next(), ends.next());
            let (Some(up), Some(down)) = (up, down) else { return };
            match (up, down) {
                (Ok(up), Ok(down)) => {
                    let read = |values| inputs.read(values).expect("a point is laid out like the input");
                    let (above, below) = (read(&ends_x[0]), read(&ends_x[1]));
                    let dx = above.iter().zip(below).map(|(above, below)| above - below).collect();
                    self.rungs.push(Rung { step: *step, dx, up, down });
                }
                (Err(error), _) | (_, Err(error)) => {
                    self.refusal.get_or_insert_with(|| error.to_string());
                }
            }
        }
        self.rungs.sort_by(|one, other| other.step.total_cmp(&one.step));
        self.epsilon = self.epsilon.max(self.seen_epsilon());
    }

    /// Measures at these steps.
    pub(crate) async fn measure<M: Vjp>(
        &mut self,
        model: &mut M,
        further: bool,
        inputs: &Layout,
        outputs: &Layout,
    ) -> Result<usize, BoxError> {
        let steps = self.steps(further);
        let points = self.points(&steps, inputs)?;
        let outcomes = model.forwards(points.clone()).await;
        self.take(&steps, &points, outcomes, inputs, outputs);
        Ok(points.len())
    }

    /// Compares the gradient `g` for the cotangent `c` with what was measured.
    pub(crate) fn compare(&self, c: &[f64], g: &[f64]) -> Estimate {
        let samples: Vec<Sample> = self.rungs.iter().map(|rung| self.sample(rung, c, g)).collect();
        let scale = self.v.iter().zip(g).map(|(v, g)| (v * g).abs()).sum();
        estimate(&samples, scale, self.epsilon)
    }

    /// Estimates the slope of cᵀf: what a gradient should come to along the line.
    pub(crate) fn slope(&self, c: &[f64]) -> Estimate {
        self.compare(c, &vec![0.0; self.x.len()])
    }

    /// Returns gᵀv: what a gradient comes to along the line.
    pub(crate) fn claimed(&self, g: &[f64]) -> f64 {
        dot(g, &self.v)
    }

    /// Tells why there are points without a value, if there are.
    pub(crate) fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Counts the coordinates of the input.
    pub(crate) fn inputs(&self) -> usize {
        self.x.len()
    }

    /// Counts the coordinates of the output.
    pub(crate) fn outputs(&self) -> usize {
        self.base.len()
    }

    /// Returns the relative error of rounding that the outputs show.
    pub(crate) fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn sample(&self, rung: &Rung, c: &[f64], g: &[f64]) -> Sample {
        let (mut rise, mut size, mut bend) = (0.0, 0.0, 0.0);
        for (((c, up), down), base) in c.iter().zip(&rung.up).zip(&rung.down).zip(&self.base) {
            if *c == 0.0 {
                continue;
            }
            rise += c * (up - down);
            size += (c * up).abs() + (c * down).abs();
            bend += c * ((up - base) - (base - down));
        }
        let still = rung.up == rung.down;
        let h = rung.step;
        Sample {
            step: h,
            residual: (rise - dot(g, &rung.dx)) / (2.0 * h),
            rounding: self.epsilon * size / h,
            slope: rise / (2.0 * h),
            bend: bend.abs() / h,
            still,
        }
    }

    /// Finds the precision of what came out: a component may compute in less than it sends.
    fn seen_epsilon(&self) -> f64 {
        let numbers = || self.rungs.iter().flat_map(|rung| rung.up.iter().chain(&rung.down));
        let coarse = |digits: Dtype| match digits {
            Dtype::F32 => numbers().all(|y| is_f32(*y)),
            _ => false,
        };
        // A few round numbers prove nothing.
        let telling = numbers().filter(|y| y.is_finite() && y.fract() != 0.0).take(4).count() == 4;
        if telling && coarse(Dtype::F32) { epsilon(Dtype::F32) } else { 0.0 }
    }
}

/// Tells whether a number fits into 32 bits exactly.
pub(crate) fn is_f32(number: f64) -> bool {
    f64::from(number as f32) == number || number.is_nan()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
