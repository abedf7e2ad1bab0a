//! Explain: what can be said of a gradient from its numbers and one line, without asking again.

use super::fault::{factor_sentence, is_usual};
use super::masks::{self, Shuffle};
use super::suspicion::not_finite;
use super::{Finding, GradientFault};
use crate::Values;
use crate::derive::{Layout, Misfit, is_float};

/// Reads a gradient that has the form of its input, or says why it has not.
pub(crate) fn readable(inputs: &Layout, values: &Values) -> Result<Vec<f64>, Finding> {
    let row = inputs.read(values).map_err(|misfit| misshapen(&misfit))?;
    match dtype_mismatch(inputs, values).or_else(|| not_finite(inputs, &row)) {
        Some(finding) => Err(finding),
        None => Ok(row),
    }
}

fn misshapen(misfit: &Misfit) -> Finding {
    let (Misfit::Shape { port, .. } | Misfit::Missing { port } | Misfit::Unknown { port }) = misfit;
    let help = match misfit {
        Misfit::Missing { .. } => " (if it is declared as not differentiable, hold it)",
        _ => "",
    };
    let sentence = format!("the gradient by the input is not shaped like the input: {misfit}{help}");
    Finding::new(GradientFault::Shape, sentence).on_port(port)
}

/// Finds a gradient of less precision than its input. More is fine: JSON has lists of doubles, and integers among them.
fn dtype_mismatch(inputs: &Layout, values: &Values) -> Option<Finding> {
    values.iter().find_map(|(name, tensor)| {
        let part = inputs.parts().iter().find(|part| part.name == name || name.is_empty())?;
        let coarser = tensor.dtype().size() < part.dtype.size();
        let (wanted, came) = (part.dtype, tensor.dtype());
        let sentence = || format!("the input is {wanted}, its gradient {came}: send it as {wanted}");
        (is_float(wanted) && coarser).then(|| Finding::new(GradientFault::Dtype, sentence()).on_port(name))
    })
}

/// Finds the way in which numbers of a gradient have got into each other's places, if that makes it right.
pub(crate) fn shuffled(
    inputs: &Layout,
    gradient: &[f64],
    is_right: impl Fn(&[f64]) -> bool,
) -> Option<(GradientFault, String)> {
    let floats = inputs.parts().iter().filter(|part| !part.range.is_empty());
    let all = floats.flat_map(|part| masks::shuffles(part, gradient));
    let mut right = all.filter(|(_, _, other)| is_right(other));
    right.next().map(|(kind, sentence, _)| (of_shuffle(kind), sentence))
}

pub(super) fn of_shuffle(kind: Shuffle) -> GradientFault {
    match kind {
        Shuffle::Transposed => GradientFault::Transposed,
        Shuffle::Columns => GradientFault::Columns,
        Shuffle::Rows => GradientFault::Rows,
    }
}

/// Finds a sign or a factor in what a gradient claims over what was measured. One line alone shows only the usual ones; `again`
/// says that it has been the same before.
pub(crate) fn of_ratio(
    ratio: f64,
    again: bool,
    inputs: &Layout,
    outputs: usize,
) -> Option<(GradientFault, String)> {
    let exactly = |other: f64| (ratio / other - 1.0).abs() < 1e-7;
    if exactly(-1.0) {
        return Some((
            GradientFault::Sign,
            "the gradient points the other way: its sign is flipped".to_owned(),
        ));
    }
    let samples = inputs.parts().first().and_then(|part| part.shape.first().copied()).unwrap_or(1);
    let counts = [(samples, "samples"), (outputs, "outputs"), (inputs.len(), "inputs")];
    let counted = counts
        .iter()
        .any(|(count, _)| *count > 1 && (exactly(*count as f64) || exactly(1.0 / *count as f64)));
    let told = again || counted || is_usual(ratio);
    (told && ratio.is_finite()).then(|| (GradientFault::Factor(ratio), factor_sentence(ratio, &counts)))
}
