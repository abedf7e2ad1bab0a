//! Jacobian: every output by every input, exact, from one vjp for each output.

use swergio_client::Tensor;

use super::{Layout, Question, Vjp};
use crate::{BoxError, PassFault, Value, Values};

/// Numbers that a Jacobian has at most: 1 GiB of doubles.
const MOST: usize = 1 << 27;
/// Questions that are asked at once.
const AT_ONCE: usize = 64;

/// Holds the derivative of every output number by every input number.
#[derive(Clone, Debug)]
pub struct Jacobian {
    inputs: Layout,
    outputs: Layout,
    /// The batch, where it was taken row by row.
    batch: Option<usize>,
    /// One row for each output, or for each output of a batch row and each of these.
    numbers: Vec<f64>,
}

/// Computes the Jacobian at an input: one forward, and a forward and a vjp for each number of the output. Exact, as the vjp is.
///
/// ```
/// use swergio_toolbox::{Tensor, function, jacobian};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let row = |numbers: &[f64]| Tensor::from_f64([numbers.len()], numbers).unwrap();
/// let mut product = function(
///     move |x: &Tensor| { let x = x.to_f64_vec(); row(&[x[0] * x[1]]) },
///     move |x: &Tensor, g: Tensor| { let (x, g) = (x.to_f64_vec(), g.to_f64_vec()[0]); row(&[g * x[1], g * x[0]]) },
/// );
/// let j = jacobian(&mut product, row(&[3.0, 5.0])).await?;
/// assert_eq!(j.block("", "").unwrap().to_f64_vec(), [5.0, 3.0]);
/// # Ok::<(), swergio_toolbox::BoxError>(()) }).unwrap();
/// ```
///
/// # Errors
/// Whatever the model finds wrong; when there would be more than 2²⁷ numbers.
pub async fn jacobian<M: Vjp>(model: &mut M, input: impl Value) -> Result<Jacobian, BoxError> {
    let (input, inputs, outputs) = begin(model, input).await?;
    bounded(inputs.len(), outputs.len())?;
    let one_hot = |at: usize| (0..outputs.len()).map(|j| if j == at { 1.0 } else { 0.0 }).collect::<Vec<_>>();
    let numbers = rows(model, &input, &inputs, &outputs, outputs.len(), one_hot).await?;
    Ok(Jacobian { inputs, outputs, batch: None, numbers })
}

/// Computes the Jacobian of each row of a batch: the first dimension of every tensor counts samples, and no sample's output
/// depends on another's input, which is taken on trust. It takes as many vjp as one sample has output numbers.
///
/// # Errors
/// As [`jacobian`]; when the tensors have not all the same first dimension.
pub async fn jacobian_by_row<M: Vjp>(model: &mut M, input: impl Value) -> Result<Jacobian, BoxError> {
    let (input, inputs, outputs) = begin(model, input).await?;
    let mut firsts = inputs.parts().iter().chain(outputs.parts()).map(|part| part.shape.first().copied());
    let batch = firsts.next().flatten().ok_or("a batch has a first dimension")?;
    if firsts.any(|first| first != Some(batch)) {
        return Err("the tensors of a batch have the same first dimension, its samples".into());
    }
    let each = outputs.len() / batch.max(1);
    bounded(inputs.len(), each)?;
    let column = |at: usize| {
        (0..outputs.len()).map(|j| f64::from(u8::from(within(&outputs, j, batch) == at))).collect()
    };
    let numbers = rows(model, &input, &inputs, &outputs, each, column).await?;
    Ok(Jacobian { inputs, outputs, batch: Some(batch), numbers })
}

/// Returns which number of its sample a coordinate is.
fn within(layout: &Layout, coordinate: usize, batch: usize) -> usize {
    let part = layout.part_of(coordinate);
    part.range.start / batch + (coordinate - part.range.start) % (part.range.len() / batch)
}

async fn begin<M: Vjp>(model: &mut M, input: impl Value) -> Result<(Values, Layout, Layout), BoxError> {
    let input = input.into_values()?;
    let output = model.forwards(vec![input.clone()]).await.pop().ok_or("the model returned nothing")??;
    let layouts = (Layout::of(&input), Layout::of(&output));
    Ok((input, layouts.0, layouts.1))
}

fn bounded(inputs: usize, outputs: usize) -> Result<(), BoxError> {
    match inputs.checked_mul(outputs) {
        Some(numbers) if numbers <= MOST => Ok(()),
        _ => Err(format!(
            "a Jacobian of {outputs} × {inputs} numbers is more than the {MOST} that fit; use jvp or gradient"
        )
        .into()),
    }
}

async fn rows<M: Vjp>(
    model: &mut M,
    input: &Values,
    inputs: &Layout,
    outputs: &Layout,
    count: usize,
    cotangent: impl Fn(usize) -> Vec<f64>,
) -> Result<Vec<f64>, BoxError> {
    let mut numbers = Vec::with_capacity(count * inputs.len());
    for first in (0..count).step_by(AT_ONCE) {
        let some = first..count.min(first + AT_ONCE);
        let question = |at| Ok(Question { input: input.clone(), cotangent: outputs.write(&cotangent(at))? });
        for answer in model.pull(some.map(question).collect::<Result<_, BoxError>>()?).await {
            numbers.extend(inputs.read(&answer?)?);
        }
    }
    Ok(numbers)
}

impl Jacobian {
    /// Returns the derivative of one output port by one input port; a port of a value without names is `""`.
    ///
    /// The shape is that of the output followed by that of the input, or row by row: samples, one sample's output, one sample's
    /// input. None when there is no such port, or it has no floats.
    pub fn block(&self, output: &str, input: &str) -> Option<Tensor> {
        let outputs =
            self.outputs.parts().iter().find(|part| part.name == output && !part.range.is_empty())?;
        let inputs = self.inputs.parts().iter().find(|part| part.name == input && !part.range.is_empty())?;
        let n = self.inputs.len();
        let (shape, numbers): (Vec<usize>, Vec<f64>) = match self.batch {
            None => {
                let row = |j: usize| &self.numbers[j * n..][inputs.range.clone()];
                (
                    [&outputs.shape[..], &inputs.shape[..]].concat(),
                    outputs.range.clone().flat_map(row).copied().collect(),
                )
            }
            Some(batch) => {
                let (own, theirs) = (outputs.range.len() / batch, inputs.range.len() / batch);
                let first = outputs.range.start / batch;
                let entry = |sample: usize, j: usize| {
                    &self.numbers[(first + j) * n + inputs.range.start + sample * theirs..][..theirs]
                };
                let all = (0..batch).flat_map(|sample| (0..own).flat_map(move |j| entry(sample, j)));
                ([&outputs.shape[..], &inputs.shape[1..]].concat(), all.copied().collect())
            }
        };
        Tensor::from_f64(shape, &numbers).map_err(|fault| PassFault::unreadable(&fault)).ok()
    }
}
