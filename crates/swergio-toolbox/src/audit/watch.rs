//! Watch: one pass through one component, with all that was heard of it and measured beside it.

use std::time::Instant;

use fastrand::Rng;
use swergio_client::MessageId;

use crate::derive::Layout;
use crate::gradcheck::{self, GradientFault};
use crate::slope::{Estimate, Line, Verdict};
use crate::{BoxError, Values};

/// Holds one pass through one component.
pub(super) struct Watch {
    /// Which component.
    pub(super) part: usize,
    pub(super) since: Instant,
    pub(super) root_id: Option<String>,
    /// The ID of the input.
    pub(super) id: MessageId,
    pub(super) input: Values,
    pub(super) output: Option<(MessageId, Values)>,
    pub(super) cotangent: Option<Values>,
    pub(super) gradient: Option<(Option<String>, Values)>,
    /// Whether the component may have learnt from another pass between its forward and its gradient.
    pub(super) overlapped: bool,
    inputs: Layout,
    points: Vec<Values>,
    steps: Vec<f64>,
    direction: Vec<f64>,
    answers: Vec<Option<Result<Values, BoxError>>>,
}

/// What is left of a pass that was judged: enough to know whose gradient a later one is.
pub(super) struct Judged {
    pub(super) line: Line,
    pub(super) cotangent: Vec<f64>,
    /// What was claimed over what was measured.
    pub(super) ratio: f64,
}

/// Says what came of a watch.
pub(super) enum Outcome {
    /// The gradient is right.
    Right(Judged),
    /// It cannot be told.
    Unclear,
    /// The same input gave another output.
    Moved,
    /// The component was given what is no gradient by its output.
    Misled,
    /// The gradient is wrong.
    Wrong(Wrong),
}

/// A gradient that is wrong.
pub(super) struct Wrong {
    pub(super) fault: GradientFault,
    pub(super) sentence: String,
    pub(super) estimate: Option<(f64, Estimate)>,
    pub(super) judged: Option<Judged>,
}

impl Watch {
    /// Begins to watch a pass; its points are to be sent through the component at once. None when there is nothing to
    /// differentiate by.
    pub(super) fn begin(
        part: usize,
        since: Instant,
        id: MessageId,
        root_id: Option<String>,
        input: Values,
        rng: &mut Rng,
    ) -> Option<Self> {
        let inputs = Layout::of(&input);
        let x = inputs.read(&input).ok().filter(|x| !x.is_empty() && x.iter().all(|x| x.is_finite()))?;
        let direction: Vec<f64> =
            gradcheck::sizes(&inputs, &x).iter().map(|size| size * gradcheck::signed(rng)).collect();
        // The step follows from the input alone: the output is not known yet.
        let line = Line::new(x, direction.clone(), Vec::new(), &inputs, &inputs);
        let steps: Vec<f64> = [line.steps(false), line.steps(true)].concat();
        let mut points = vec![input.clone()];
        points.extend(line.points(&steps, &inputs).ok()?);
        points.push(input.clone());
        let answers = points.iter().map(|_| None).collect();
        Some(Self {
            part,
            since,
            root_id,
            id,
            input,
            output: None,
            cotangent: None,
            gradient: None,
            overlapped: false,
            inputs,
            points,
            steps,
            direction,
            answers,
        })
    }

    /// Lists what is to be sent through the component: the input, points near it, and the input again.
    pub(super) fn points(&self) -> &[Values] {
        &self.points
    }

    /// Takes in what came out for one of the points.
    pub(super) fn answer(&mut self, at: usize, answer: Result<Values, BoxError>) {
        self.answers[at].get_or_insert(answer);
    }

    pub(super) fn is_complete(&self) -> bool {
        self.output.is_some()
            && self.cotangent.is_some()
            && self.gradient.is_some()
            && self.answers.iter().all(Option::is_some)
    }

    /// Judges the gradient that flowed, beside the passes of the component that were judged last.
    pub(super) fn judge(mut self, before: &[Judged]) -> Outcome {
        let (Some((_, output)), Some(cotangent), Some((_, gradient))) =
            (&self.output, &self.cotangent, &self.gradient)
        else {
            return Outcome::Unclear;
        };
        let outputs = Layout::of(output);
        let (Ok(base), Ok(c)) = (outputs.read(output), outputs.read(cotangent)) else {
            return Outcome::Misled;
        };
        if c.iter().chain(&base).any(|number| !number.is_finite()) {
            return Outcome::Misled;
        }
        let g = match gradcheck::readable(&self.inputs, gradient) {
            Ok(g) => g,
            Err(finding) => return Outcome::Wrong(Wrong::plain(finding.fault, finding.sentence)),
        };
        let mut answers: Vec<_> = self.answers.drain(..).flatten().collect();
        let (last, first) = (answers.pop(), answers.remove(0));
        let same = |again: Result<Values, BoxError>| again.is_ok_and(|again| again == *output);
        if !same(first) || !last.is_some_and(same) {
            return Outcome::Moved;
        }
        let x = self.inputs.read(&self.input).expect("the input was read when the watch began");
        let mut line = Line::new(x, self.direction, base, &self.inputs, &outputs);
        let ends = self.points.len() - 1;
        line.take(&self.steps, &self.points[1..ends], answers, &self.inputs, &outputs);
        decide(line, c, &g, &self.inputs, self.overlapped, before)
    }
}

/// Compares the gradient with the line.
fn decide(
    line: Line,
    c: Vec<f64>,
    g: &[f64],
    inputs: &Layout,
    overlapped: bool,
    before: &[Judged],
) -> Outcome {
    let estimate = line.compare(&c, g);
    let claimed = line.claimed(g);
    let measured = claimed + estimate.residual;
    if gradcheck::is_short(inputs, &line, &estimate, g) && gradcheck::is_long(&c) {
        return Outcome::Wrong(Wrong::plain(GradientFault::Dtype, gradcheck::SHORT.to_owned()));
    }
    match estimate.verdict {
        Verdict::Differs => {}
        Verdict::Agrees => return Outcome::Right(Judged { line, cotangent: c, ratio: 1.0 }),
        _ => return Outcome::Unclear,
    }
    let ratio = claimed / measured;
    if overlapped {
        return Outcome::Moved;
    }
    let (fault, sentence) = explain(&line, &c, g, ratio, inputs, before);
    let judged = Some(Judged { line, cotangent: c, ratio });
    Outcome::Wrong(Wrong { fault, sentence, estimate: Some((claimed, estimate)), judged })
}

/// Finds the mistake that explains a gradient which is wrong.
fn explain(
    line: &Line,
    c: &[f64],
    g: &[f64],
    ratio: f64,
    inputs: &Layout,
    before: &[Judged],
) -> (GradientFault, String) {
    if g.iter().all(|number| *number == 0.0) {
        return (GradientFault::Zero, "the gradient is zero, and the output depends on the input".to_owned());
    }
    let agrees = |line: &Line, c: &[f64], g: &[f64]| {
        let estimate = line.compare(c, g);
        estimate.verdict == Verdict::Agrees && estimate.scale > 0.0
    };
    let fits = |line: &Line, c: &[f64]| c.len() == line.outputs() && line.inputs() == g.len();
    if before.iter().any(|other| fits(&other.line, c) && agrees(&other.line, c, g)) {
        let sentence = "the gradient is taken at the input of another pass: keep what a forward saves by the ID of its message";
        return (GradientFault::Stale, sentence.to_owned());
    }
    let other_question = |other: &Judged| {
        fits(&other.line, &other.cotangent) && agrees(&other.line, &other.cotangent, g)
            || fits(line, &other.cotangent) && agrees(line, &other.cotangent, g)
    };
    if before.iter().any(other_question) {
        return (GradientFault::Delayed, "the gradient belongs to an earlier pass: it comes late".to_owned());
    }
    if let Some(shuffled) = gradcheck::shuffled(inputs, g, |other| agrees(line, c, other)) {
        return shuffled;
    }
    let seen_before = before.iter().filter(|other| (other.ratio / ratio - 1.0).abs() < 1e-6).count();
    gradcheck::of_ratio(ratio, seen_before > 0, inputs, c.len()).unwrap_or_else(|| {
        (GradientFault::Wrong, "the gradient that flowed is not the slope of the output".to_owned())
    })
}

impl Wrong {
    fn plain(fault: GradientFault, sentence: String) -> Self {
        Self { fault, sentence, estimate: None, judged: None }
    }
}
