//! Evidence: the points, questions and answers of a check, and what was measured beside them.

use fastrand::Rng;

use super::report::{Checked, GradcheckReport, Outcome};
use super::{Finding, Gradcheck};
use crate::derive::Layout;
use crate::slope::{Estimate, Line, Verdict};
use crate::{BoxError, Question, Values, Vjp};

/// How far from the input the other points are, as a share of its size.
const NEAR: f64 = 1.0 / 32.0;

/// Holds a check while it is made.
pub(super) struct Evidence {
    pub(super) inputs: Layout,
    pub(super) outputs: Layout,
    /// The points, the input first.
    pub(super) points: Vec<Vec<f64>>,
    pub(super) bases: Vec<Vec<f64>>,
    pub(super) cotangents: Vec<Vec<f64>>,
    /// What came for each point, asked all at once.
    pub(super) answers: Vec<Result<Values, BoxError>>,
    /// The same as rows, when they are of the right shape.
    pub(super) gradients: Vec<Vec<f64>>,
    pub(super) lines: Vec<Line>,
    pub(super) estimates: Vec<Estimate>,
    /// How large the numbers of the input are, coordinate by coordinate.
    pub(super) sizes: Vec<f64>,
    pub(super) forwards: usize,
    pub(super) asked: usize,
    pub(super) rng: Rng,
    pub(super) tolerance: f64,
}

impl Evidence {
    /// Computes the outputs at all points.
    pub(super) async fn gather<M: Vjp>(
        check: &Gradcheck,
        model: &mut M,
        input: Values,
    ) -> Result<Self, BoxError> {
        let inputs = Layout::holding(&input, &check.hold);
        if inputs.len() == 0 {
            return Err("the input has no floats: there is nothing to differentiate by".into());
        }
        let mut rng = Rng::with_seed(check.seed);
        let x = inputs.read(&input)?;
        let sizes = sizes(&inputs, &x);
        let count = if check.learns { 1 } else { check.points.max(1) };
        let mut points = vec![x.clone()];
        for _ in 1..count {
            let shifted: Vec<f64> =
                x.iter().zip(&sizes).map(|(x, size)| x + NEAR * size * signed(&mut rng)).collect();
            points.push(inputs.read(&inputs.write(&shifted)?)?);
        }
        let values = points.iter().map(|point| inputs.write(point)).collect::<Result<Vec<_>, _>>()?;
        let mut outcomes = model.forwards(values).await.into_iter();
        let first = outcomes.next().ok_or("the model returned nothing")??;
        let outputs = Layout::of(&first);
        let mut bases = vec![outputs.read(&first)?];
        if !is_finite(&bases[0]) {
            return Err("the output is not finite at this input: there is no slope to check".into());
        }
        let mut near = points.split_off(1).into_iter();
        for outcome in outcomes {
            let (point, row) = (near.next(), outcome.ok().and_then(|output| outputs.read(&output).ok()));
            let row = row.filter(|row| is_finite(row));
            // A point near the input that is out of its range is left out.
            if let (Some(point), Some(row)) = (point, row) {
                points.push(point);
                bases.push(row);
            }
        }
        let cotangents: Vec<Vec<f64>> =
            points.iter().map(|_| cotangent(&outputs, &bases[0], &mut rng)).collect();
        Ok(Self {
            inputs,
            outputs,
            bases,
            cotangents,
            answers: Vec::new(),
            gradients: Vec::new(),
            lines: Vec::new(),
            estimates: Vec::new(),
            sizes,
            forwards: count,
            asked: 0,
            rng,
            points,
            tolerance: check.tolerance,
        })
    }

    /// Asks for a gradient at each point, all at once.
    pub(super) async fn ask<M: Vjp>(&mut self, model: &mut M) -> Result<(), BoxError> {
        let questions = (0..self.points.len()).map(|at| self.question(at)).collect::<Result<Vec<_>, _>>()?;
        self.answers = model.pull(questions).await;
        self.asked = self.answers.len();
        Ok(())
    }

    /// Measures a line through each point, as far as lines go: after the gradients have been asked for it may be too late.
    pub(super) async fn foresee<M: Vjp>(&mut self, model: &mut M) -> Result<(), BoxError> {
        for at in 0..self.points.len() {
            let direction = self.direction(|_| true);
            let (x, base) = (self.points[at].clone(), self.bases[at].clone());
            let mut line = Line::new(x, direction, base, &self.inputs, &self.outputs);
            for further in [false, true] {
                self.forwards += line.measure(model, further, &self.inputs, &self.outputs).await?;
            }
            self.lines.push(line);
        }
        Ok(())
    }

    /// Makes the question of a point once more.
    pub(super) fn question(&self, at: usize) -> Result<Question, BoxError> {
        let input = self.inputs.write(&self.points[at])?;
        Ok(Question { input, cotangent: self.outputs.write(&self.cotangents[at])? })
    }

    /// Measures a line through each point, and compares.
    pub(super) async fn measure<M: Vjp>(&mut self, model: &mut M) -> Result<(), BoxError> {
        for at in 0..self.points.len() {
            let answer = self.answers[at].as_ref().map_err(ToString::to_string)?;
            self.gradients.push(self.inputs.read(answer)?);
            // What was rounded on its way to the component is what it was asked.
            let sent = self.outputs.write(&self.cotangents[at])?;
            self.cotangents[at] = self.outputs.read(&sent)?;
            let gradient = self.gradients[at].clone();
            if let Some(line) = self.lines.get(at) {
                self.estimates.push(self.judge(line, at, &gradient));
                continue;
            }
            let direction = self.direction(|_| true);
            let (line, estimate) = self.line(model, at, direction, &gradient).await?;
            self.lines.push(line);
            self.estimates.push(estimate);
        }
        Ok(())
    }

    /// Measures along a direction through a point, further where a doubt is left, and compares a gradient with it.
    pub(super) async fn line<M: Vjp>(
        &mut self,
        model: &mut M,
        at: usize,
        direction: Vec<f64>,
        gradient: &[f64],
    ) -> Result<(Line, Estimate), BoxError> {
        let (x, base) = (self.points[at].clone(), self.bases[at].clone());
        let mut line = Line::new(x, direction, base, &self.inputs, &self.outputs);
        self.forwards += line.measure(model, false, &self.inputs, &self.outputs).await?;
        let mut estimate = self.judge(&line, at, gradient);
        if estimate.verdict != Verdict::Agrees {
            self.forwards += line.measure(model, true, &self.inputs, &self.outputs).await?;
            estimate = self.judge(&line, at, gradient);
        }
        Ok((line, estimate))
    }

    /// Compares a gradient with a line, for the cotangent of a point.
    pub(super) fn judge(&self, line: &Line, at: usize, gradient: &[f64]) -> Estimate {
        let estimate = line.compare(&self.cotangents[at], gradient);
        let allowed = estimate.allowed + self.tolerance * estimate.scale;
        if estimate.verdict == Verdict::Differs && estimate.residual.abs() <= allowed {
            return Estimate { verdict: Verdict::Agrees, allowed, ..estimate };
        }
        estimate
    }

    /// Draws a direction in the coordinates that `wanted` lets through.
    pub(super) fn direction(&mut self, wanted: impl Fn(usize) -> bool) -> Vec<f64> {
        let Self { sizes, rng, .. } = self;
        let draw = |(at, size): (usize, &f64)| {
            let number = size * signed(rng);
            if wanted(at) { number } else { 0.0 }
        };
        sizes.iter().enumerate().map(draw).collect()
    }

    /// Tells whether the model still computes what it has computed in the beginning: one that learns meanwhile does not.
    pub(super) async fn is_steady<M: Vjp>(&mut self, model: &mut M) -> Result<bool, BoxError> {
        let values =
            self.points.iter().map(|point| self.inputs.write(point)).collect::<Result<Vec<_>, _>>()?;
        self.forwards += values.len();
        let outcomes = model.forwards(values).await;
        let same = |(outcome, base): (Result<Values, BoxError>, &Vec<f64>)| {
            outcome.is_ok_and(|values| self.outputs.read(&values).is_ok_and(|row| row == *base))
        };
        let steady = outcomes.into_iter().zip(&self.bases).all(same);
        if !steady {
            self.estimates.iter_mut().for_each(|estimate| estimate.verdict = Verdict::Moved);
        }
        Ok(steady)
    }

    /// Tells whether there is a gradient that does not agree.
    pub(super) fn is_doubtful(&self) -> bool {
        self.estimates.iter().any(|estimate| estimate.verdict != Verdict::Agrees)
    }

    /// Returns the first point whose gradient is wrong.
    pub(super) fn differs(&self) -> Option<usize> {
        self.estimates.iter().position(|estimate| estimate.verdict == Verdict::Differs)
    }

    pub(super) fn report(&self, check: &Gradcheck, findings: Vec<Finding>) -> GradcheckReport {
        let checked = self.estimates.iter().enumerate().map(|(at, estimate)| {
            let claimed = self.lines[at].claimed(&self.gradients[at]);
            let outcome = match estimate.verdict {
                Verdict::Agrees => Outcome::Agrees,
                Verdict::Differs => Outcome::Differs,
                unclear => {
                    Outcome::Unclear(self.lines[at].refusal().map_or_else(|| why(unclear), str::to_owned))
                }
            };
            Checked { claimed, measured: claimed + estimate.residual, allowed: estimate.allowed, outcome }
        });
        GradcheckReport {
            checked: checked.collect(),
            findings,
            forwards: self.forwards,
            gradients: self.asked,
            seed: check.seed,
        }
    }
}

fn why(verdict: Verdict) -> String {
    match verdict {
        Verdict::Kink => "the output has a kink here; check at another input",
        Verdict::Rough => "the output is too rough, or too flat, for its slope to show",
        Verdict::Moved => {
            "the same input does not give the same output again: the component learns meanwhile, or by chance"
        }
        _ => "the output has no value nearby",
    }
    .to_owned()
}

/// Draws a number of either sign whose size is between a half and one and a half: sums of them do not cancel out by chance.
pub(crate) fn signed(rng: &mut Rng) -> f64 {
    let size = 0.5 + rng.f64();
    if rng.bool() { size } else { -size }
}

/// Draws a gradient by the output that lets each number of it count alike.
pub(crate) fn cotangent(outputs: &Layout, base: &[f64], rng: &mut Rng) -> Vec<f64> {
    sizes(outputs, base).into_iter().map(|size| signed(rng) / size).collect()
}

/// Says how large the numbers of a row are: each as those of its column, or else of its port, or else 1.
pub(crate) fn sizes(layout: &Layout, row: &[f64]) -> Vec<f64> {
    let mut sizes = vec![1.0; layout.len()];
    for part in layout.parts() {
        let numbers = &row[part.range.clone()];
        let columns = part.shape.last().copied().unwrap_or(1).max(1);
        let overall = rms(numbers.iter().copied());
        for column in 0..columns {
            let own = rms(numbers.iter().copied().skip(column).step_by(columns));
            let size = [own, overall, 1.0].into_iter().find(|size| *size > 0.0 && size.is_finite());
            for at in (part.range.start + column..part.range.end).step_by(columns) {
                sizes[at] = size.unwrap_or(1.0);
            }
        }
    }
    sizes
}

fn is_finite(row: &[f64]) -> bool {
    row.iter().all(|number| number.is_finite())
}

fn rms(numbers: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut squares) = (0.0, 0.0);
    for number in numbers {
        count += 1.0;
        squares += number * number;
    }
    if count > 0.0 { f64::sqrt(squares / count) } else { 0.0 }
}
