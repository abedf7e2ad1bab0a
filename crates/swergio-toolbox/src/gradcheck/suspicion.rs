//! Suspicion: what can be wrong with a gradient whose slope is right, or cannot be taken.

use swergio_client::Dtype;

use super::evidence::Evidence;
use super::{Finding, GradientFault};
use crate::derive::epsilon;
use crate::slope::{Verdict, is_f32};

/// Numbers that must be short before a precision is read off them.
const TELLING: usize = 8;

/// Finds numbers that are not finite in the gradient of a point whose output is.
pub(super) fn not_finite(evidence: &Evidence, gradient: &[f64]) -> Option<Finding> {
    let bad = gradient.iter().position(|number| !number.is_finite())?;
    if evidence.bases.iter().flatten().any(|number| !number.is_finite()) {
        return None;
    }
    let part = evidence.inputs.part_of(bad);
    let count = gradient.iter().filter(|number| !number.is_finite()).count();
    let sentence =
        format!("{count} of {} numbers are not finite, the first is {}", gradient.len(), gradient[bad]);
    let finding = Finding::new(GradientFault::NotFinite, sentence).on_port(&part.name);
    Some(if part.shape.is_empty() { finding } else { finding.at(format!("{:?}", part.place(bad))) })
}

/// What 32 bits explain of a difference.
const ROUNDING: f64 = 1e-4;

/// Finds gradients that went through 32 bits, of inputs and outputs that did not.
///
/// The questions have digits to the last bit, so that no right gradient is that short by itself, unless it is zero.
pub(super) fn low_precision(evidence: &Evidence) -> Option<Finding> {
    let doubles = |layout: &crate::derive::Layout| layout.parts().iter().all(|part| part.dtype == Dtype::F64);
    let seen = evidence.lines.iter().map(crate::slope::Line::epsilon).fold(0.0, f64::max);
    if !doubles(&evidence.inputs) || !doubles(&evidence.outputs) || seen >= epsilon(Dtype::F32) {
        return None;
    }
    let slight = |estimate: &crate::slope::Estimate| estimate.residual.abs() <= ROUNDING * estimate.scale;
    if !evidence.estimates.iter().filter(|estimate| estimate.verdict == Verdict::Differs).all(slight) {
        return None;
    }
    let telling = || evidence.gradients.iter().flatten().filter(|number| **number != 0.0);
    let short = telling().count() >= TELLING && telling().all(|number| is_f32(*number));
    short.then(|| {
        let sentence = "input and output have 64 bits of precision, the gradient 32: it is computed in f32 on its way back";
        Finding::new(GradientFault::Dtype, sentence)
    })
}
