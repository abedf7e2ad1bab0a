//! Suspicion: what can be wrong with a gradient whose slope is right, or cannot be taken.

use swergio_client::Dtype;

use super::evidence::Evidence;
use super::{Finding, GradientFault};
use crate::derive::{Layout, epsilon};
use crate::slope::{Estimate, Line, Verdict, is_f32};

/// Numbers that must be short before a precision is read off them.
const TELLING: usize = 8;

/// Finds numbers that are not finite in a gradient.
pub(super) fn not_finite(inputs: &Layout, gradient: &[f64]) -> Option<Finding> {
    let bad = gradient.iter().position(|number| !number.is_finite())?;
    let part = inputs.part_of(bad);
    let count = gradient.iter().filter(|number| !number.is_finite()).count();
    let sentence =
        format!("{count} of {} numbers are not finite, the first is {}", gradient.len(), gradient[bad]);
    let finding = Finding::new(GradientFault::NotFinite, sentence).on_port(&part.name);
    Some(if part.shape.is_empty() { finding } else { finding.at(format!("{:?}", part.place(bad))) })
}

/// What 32 bits explain of a difference.
const ROUNDING: f64 = 1e-4;
/// Says what is wrong with a gradient of which that is so.
pub(crate) const SHORT: &str =
    "input and output have 64 bits of precision, the gradient 32: it is computed in f32 on its way back";

/// Finds gradients that went through 32 bits, of inputs and outputs that did not.
pub(super) fn low_precision(evidence: &Evidence) -> Option<Finding> {
    let lines = evidence.lines.iter().zip(&evidence.estimates).zip(&evidence.gradients);
    let mut all =
        lines.map(|((line, estimate), gradient)| is_short(&evidence.inputs, line, estimate, gradient));
    all.all(|short| short).then(|| Finding::new(GradientFault::Dtype, SHORT))
}

/// Tells whether a gradient, nearly right, is one of doubles that 32 bits can hold. Where the question has digits to the last bit
/// no right one is, unless it is zero.
pub(crate) fn is_short(inputs: &Layout, line: &Line, estimate: &Estimate, gradient: &[f64]) -> bool {
    let doubles = inputs.parts().iter().all(|part| part.dtype == Dtype::F64);
    let slight = estimate.verdict != Verdict::Differs || estimate.residual.abs() <= ROUNDING * estimate.scale;
    let telling = || gradient.iter().filter(|number| **number != 0.0);
    doubles
        && slight
        && line.epsilon() < epsilon(Dtype::F32)
        && telling().count() >= TELLING
        && telling().all(|number| is_f32(*number))
}

/// Tells whether every number of a question has more digits than 32 bits hold.
pub(crate) fn is_long(question: &[f64]) -> bool {
    question.iter().all(|number| !is_f32(*number))
}
