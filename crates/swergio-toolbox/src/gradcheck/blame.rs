//! Blame: which of the usual mistakes explains a gradient that is wrong, and in which part of the input it is.

use super::evidence::Evidence;
use super::explain::{of_ratio, of_shuffle, shuffled};
use super::fault::{factor_sentence, is_usual};
use super::masks::{self, Slice};
use super::{Finding, Gradcheck, GradientFault};
use crate::derive::Part;
use crate::slope::{Estimate, Line, Verdict, vjp_rounding};
use crate::{BoxError, Vjp};

/// Random directions beside the first in which an explanation must hold.
const WITNESSES: usize = 3;
/// How much smaller a question is that a clipped gradient would answer right.
const TINY: f64 = 1.0 / 65_536.0;
/// Two slopes, or factors, that are as near are the same in 64 bits: by far more than rounding, by far less than a mistake.
const SAME: f64 = 1e-4;

/// Less than this is imprecision, not a factor.
const SLIGHT: f64 = 1e-6;

/// Says how near two slopes, or factors, are that are the same in a precision.
fn same(epsilon: f64) -> f64 {
    f64::max(SAME, 4.0 * vjp_rounding(epsilon))
}

/// Explains the first gradient that is wrong.
pub(super) async fn blame<M: Vjp>(
    check: &Gradcheck,
    model: &mut M,
    evidence: &mut Evidence,
) -> Result<Vec<Finding>, BoxError> {
    let at = evidence.differs().expect("blame is for a gradient that differs");
    if let Some(finding) = mistaken_sample(evidence, at) {
        return Ok(vec![finding]);
    }
    if let Some(finding) = asked_again(model, evidence, at).await? {
        return Ok(vec![finding]);
    }
    let gradient = evidence.gradients[at].clone();
    if gradient.iter().all(|number| *number == 0.0) {
        let sentence = "the gradient is zero, and the output depends on the input";
        return Ok(vec![Finding::new(GradientFault::Zero, sentence)]);
    }
    if let Some(finding) = disproportionate(model, evidence, at).await? {
        return Ok(vec![finding]);
    }
    let mut lines = vec![evidence.lines[at].clone()];
    for _ in 0..WITNESSES {
        let direction = evidence.direction(|_| true);
        lines.push(evidence.line(model, at, direction, &gradient).await?.0);
    }
    if let Some(finding) = whole(evidence, at, &lines) {
        return Ok(vec![finding]);
    }
    let mut findings = Vec::new();
    for part in evidence.inputs.parts().to_vec() {
        if !part.range.is_empty() && evidence.forwards < check.forwards {
            findings.extend(port(check, model, evidence, at, &part, &lines).await?);
        }
    }
    if findings.is_empty() {
        findings.push(Finding::new(
            GradientFault::Wrong,
            "the gradient differs, and no part of it alone explains that",
        ));
    }
    if findings.iter().any(|finding| finding.fault == GradientFault::Wrong)
        && let Some(finding) = unused(check, model, evidence, at).await?
    {
        findings.insert(0, finding);
    }
    Ok(findings)
}

/// Explains a gradient that is wrong as far as that can be done without asking again.
pub(super) fn unasked(evidence: &Evidence) -> Option<Finding> {
    let at = evidence.differs()?;
    let (line, gradient) = (&evidence.lines[at], &evidence.gradients[at]);
    if gradient.iter().all(|number| *number == 0.0) {
        let sentence = "the gradient is zero, and the output depends on the input";
        return Some(Finding::new(GradientFault::Zero, sentence));
    }
    let claimed = line.claimed(gradient);
    let ratio = claimed / (claimed + evidence.estimates[at].residual);
    let is_right = |other: &[f64]| evidence.judge(line, at, other).verdict == Verdict::Agrees;
    let (fault, sentence) = shuffled(&evidence.inputs, gradient, is_right)
        .or_else(|| of_ratio(ratio, false, &evidence.inputs, evidence.outputs.len()))
        .unwrap_or_else(|| {
            (GradientFault::Wrong, "the gradient differs: a term is missing, or wrong".to_owned())
        });
    Some(Finding::new(fault, sentence))
}

/// Finds that the gradient is right for another sample, or another question.
fn mistaken_sample(evidence: &Evidence, at: usize) -> Option<Finding> {
    let gradient = &evidence.gradients[at];
    let agrees = |line: usize, cotangent: usize| {
        let estimate = evidence.lines[line].compare(&evidence.cotangents[cotangent], gradient);
        estimate.verdict == Verdict::Agrees && estimate.scale > 0.0
    };
    let others = || (0..evidence.lines.len()).filter(|other| *other != at);
    if others().any(|other| agrees(other, at)) {
        let sentence = "the gradient is taken at the input of another sample that was under way: keep what a forward saves \
                        by the ID of its message";
        return Some(Finding::new(GradientFault::Stale, sentence));
    }
    if others().any(|other| agrees(other, other) || agrees(at, other)) {
        let sentence = "the gradient answers another question than the one that was asked: look it up by the ID of its \
                        message, and send it before the next one comes";
        return Some(Finding::new(GradientFault::Delayed, sentence));
    }
    None
}

/// Asks the same question twice more, with nothing else under way.
async fn asked_again<M: Vjp>(
    model: &mut M,
    evidence: &mut Evidence,
    at: usize,
) -> Result<Option<Finding>, BoxError> {
    let mut rows = Vec::new();
    for _ in 0..2 {
        let question = evidence.question(at)?;
        evidence.asked += 1;
        match model.pull(vec![question]).await.pop() {
            Some(Ok(values)) => rows.push(evidence.inputs.read(&values)?),
            Some(Err(error)) => return Ok(Some(Finding::new(GradientFault::Refused, error.to_string()))),
            None => return Ok(None),
        }
    }
    let right = |row: &[f64]| evidence.judge(&evidence.lines[at], at, row).verdict == Verdict::Agrees;
    let finding = match (right(&rows[0]), right(&rows[1])) {
        (true, true) => Some(Finding::new(
            GradientFault::Stale,
            "the gradient is right when it is asked for alone, and wrong when several samples are under way",
        )),
        (false, true) => Some(Finding::new(
            GradientFault::Delayed,
            "the gradient comes one question late: the answer to the one before",
        )),
        _ if apart(&rows[0], &rows[1]) > vjp_rounding(evidence.lines[at].epsilon()) => {
            let sentence = format!(
                "the same question is answered differently each time, by {:.1e} of the gradient: is there chance in the \
                 way back, or does it learn from a probe?",
                apart(&rows[0], &rows[1])
            );
            Some(Finding::new(GradientFault::Noise, sentence))
        }
        _ => None,
    };
    Ok(finding)
}

/// Measures how far two rows are apart, beside their size.
fn apart(one: &[f64], other: &[f64]) -> f64 {
    let size = one.iter().fold(0.0, |most, number| f64::max(most, number.abs()));
    let most = one.iter().zip(other).fold(0.0, |most, (a, b)| f64::max(most, (a - b).abs()));
    if size > 0.0 { most / size } else { most }
}

/// Finds that the whole gradient has a wrong sign or factor.
fn whole(evidence: &Evidence, at: usize, lines: &[Line]) -> Option<Finding> {
    let ratio = |line: &Line| {
        let (claimed, slope) =
            (line.claimed(&evidence.gradients[at]), evidence.judge(line, at, &evidence.gradients[at]));
        claimed / (claimed + slope.residual)
    };
    let same = same(lines[0].epsilon());
    let factor = steady(lines.iter().map(ratio), same).filter(|factor| (factor - 1.0).abs() > SLIGHT)?;
    let scaled: Vec<f64> = evidence.gradients[at].iter().map(|number| number / factor).collect();
    explains(evidence, at, lines, &scaled).then(|| of_factor(evidence, factor))
}

fn of_factor(evidence: &Evidence, factor: f64) -> Finding {
    if is_flipped(factor) {
        return Finding::new(GradientFault::Sign, "the gradient points the other way: its sign is flipped");
    }
    let first =
        |layout: &crate::derive::Layout| layout.parts().first().and_then(|part| part.shape.first().copied());
    let counts = [
        (first(&evidence.outputs).unwrap_or(1), "samples"),
        (evidence.outputs.len(), "outputs"),
        (evidence.inputs.len(), "inputs"),
    ];
    Finding::new(GradientFault::Factor(factor), factor_sentence(factor, &counts))
}

fn is_flipped(factor: f64) -> bool {
    (factor + 1.0).abs() < SAME
}

/// Returns the number that all are, if they are one.
fn steady(mut ratios: impl Iterator<Item = f64>, same: f64) -> Option<f64> {
    let first = ratios.next()?;
    let near = |ratio: f64| (ratio / first - 1.0).abs() < same;
    (first.is_finite() && first != 0.0 && ratios.all(near)).then_some(first)
}

/// Tells whether a gradient that is changed in some way is right on every line.
fn explains(evidence: &Evidence, at: usize, lines: &[Line], gradient: &[f64]) -> bool {
    // Nearly right is right enough for an explanation: a mistake is seldom alone.
    let near =
        |estimate: Estimate| estimate.residual.abs() <= f64::max(estimate.allowed, SAME * estimate.scale);
    lines.iter().all(|line| near(evidence.judge(line, at, gradient)))
}

/// Asks a much smaller question: of a vjp, which is linear, the answer shrinks alike.
async fn disproportionate<M: Vjp>(
    model: &mut M,
    evidence: &mut Evidence,
    at: usize,
) -> Result<Option<Finding>, BoxError> {
    let mut question = evidence.question(at)?;
    let smaller: Vec<f64> = evidence.cotangents[at].iter().map(|number| number * TINY).collect();
    question.cotangent = evidence.outputs.write(&smaller)?;
    evidence.asked += 1;
    let Some(Ok(values)) = model.pull(vec![question]).await.pop() else { return Ok(None) };
    let grown: Vec<f64> = evidence.inputs.read(&values)?.iter().map(|number| number / TINY).collect();
    let difference = apart(&grown, &evidence.gradients[at]);
    let same = same(evidence.lines[at].epsilon());
    Ok((difference > same).then(|| {
        let gradient = &evidence.gradients[at];
        let most = gradient.iter().fold(0.0, |most, number| f64::max(most, number.abs()));
        let length = gradient.iter().map(|number| number * number).sum::<f64>().sqrt();
        let right = explains(evidence, at, &evidence.lines[at..=at], &grown);
        let shortened = steady(gradient.iter().zip(&grown).map(|(cut, whole)| cut / whole), same).is_some();
        let sentence = match (right, shortened) {
            (true, true) => format!("the gradient is cut to the length {length:.3e}; shorter ones are right"),
            (true, false) => {
                format!("the gradient is cut where its numbers are beyond {most:.3e}; smaller ones are right")
            }
            (false, _) => "the gradient is not proportional to the gradient by the output".to_owned(),
        };
        Finding::new(GradientFault::Clipped, sentence)
    }))
}

/// Explains what is wrong at one port.
async fn port<M: Vjp>(
    check: &Gradcheck,
    model: &mut M,
    evidence: &mut Evidence,
    at: usize,
    part: &Part,
    lines: &[Line],
) -> Result<Vec<Finding>, BoxError> {
    let gradient = evidence.gradients[at].clone();
    let all = Slice { name: None, coordinates: part.range.clone().collect() };
    let Some(whole) = slice(model, evidence, at, part, &all).await? else { return Ok(Vec::new()) };
    if whole.fault != GradientFault::Wrong {
        return Ok(vec![whole]);
    }
    for (kind, sentence, other) in masks::shuffles(part, &gradient) {
        if explains(evidence, at, lines, &other) {
            return Ok(vec![Finding::new(of_shuffle(kind), sentence).on_port(&part.name)]);
        }
    }
    for slices in [masks::columns(part), masks::rows(part)] {
        let (count, mut findings) = (slices.len(), Vec::new());
        for one in &slices {
            if evidence.forwards < check.forwards {
                findings.extend(slice(model, evidence, at, part, one).await?);
            }
        }
        let telling = findings.iter().any(|finding| finding.fault != GradientFault::Wrong);
        if !findings.is_empty() && (telling || findings.len() < count) {
            return Ok(findings);
        }
    }
    Ok(vec![whole])
}

/// Compares the gradient in a part of the input alone.
async fn slice<M: Vjp>(
    model: &mut M,
    evidence: &mut Evidence,
    at: usize,
    part: &Part,
    slice: &Slice,
) -> Result<Option<Finding>, BoxError> {
    let gradient = evidence.gradients[at].clone();
    let (mut ratios, mut wrong) = (Vec::new(), false);
    for _ in 0..WITNESSES {
        let direction = evidence.direction(|coordinate| slice.coordinates.binary_search(&coordinate).is_ok());
        let (line, estimate) = evidence.line(model, at, direction, &gradient).await?;
        match estimate.verdict {
            Verdict::Agrees if !wrong => return Ok(None),
            verdict => wrong |= verdict == Verdict::Differs,
        }
        let claimed = line.claimed(&gradient);
        ratios.push(claimed / (claimed + estimate.residual));
    }
    if !wrong {
        return Ok(None);
    }
    let finding = if slice.coordinates.iter().all(|at| gradient[*at] == 0.0) {
        Finding::new(GradientFault::Detached, "the gradient is zero here, and the output depends on it")
    } else if let Some(factor) = steady(ratios.into_iter(), same(evidence.lines[at].epsilon()))
        && (slice.coordinates.len() > 1 || is_flipped(factor) || is_usual(factor))
    {
        of_factor(evidence, factor)
    } else {
        Finding::new(GradientFault::Wrong, "the gradient differs here: a term is missing, or wrong")
    };
    let finding = finding.on_port(&part.name);
    Ok(Some(match &slice.name {
        Some(name) => finding.at(name.clone()),
        None => finding,
    }))
}

/// Finds columns of the output whose gradient goes nowhere.
async fn unused<M: Vjp>(
    check: &Gradcheck,
    model: &mut M,
    evidence: &mut Evidence,
    at: usize,
) -> Result<Option<Finding>, BoxError> {
    for part in evidence.outputs.parts().to_vec() {
        for slice in masks::columns(&part).into_iter().chain(masks::rows(&part)) {
            if evidence.forwards >= check.forwards {
                return Ok(None);
            }
            let mut only = vec![0.0; evidence.outputs.len()];
            for at_output in &slice.coordinates {
                only[*at_output] = evidence.cotangents[at][*at_output];
            }
            let mut question = evidence.question(at)?;
            question.cotangent = evidence.outputs.write(&only)?;
            evidence.asked += 1;
            let Some(Ok(values)) = model.pull(vec![question]).await.pop() else { continue };
            let row = evidence.inputs.read(&values)?;
            let slope = evidence.lines[at].slope(&only);
            if row.iter().all(|number| *number == 0.0) && slope.residual.abs() > slope.allowed {
                let name = slice.name.unwrap_or_default();
                let port =
                    if part.name.is_empty() { String::new() } else { format!(" of port {:?}", part.name) };
                let sentence = format!("the gradient by {name}{port} of the output is not used");
                return Ok(Some(Finding::new(GradientFault::Dropped, sentence)));
            }
        }
    }
    Ok(None)
}
