//! Stack: single values made into a batch, and a batch taken apart.

use swergio_client::Tensor;

use super::SpaceFault;
use crate::Values;

/// Stacks values of the same names, dtypes and shapes along a new first dimension.
///
/// # Errors
/// [`SpaceFault`] when there is none, or two differ.
pub fn stack(values: &[Values]) -> Result<Values, SpaceFault> {
    let first = values.first().ok_or_else(|| SpaceFault::new("MISSING", "", "one value or more", "none"))?;
    let stacked = |name: &str| -> Result<Tensor, SpaceFault> {
        let parts: Vec<&Tensor> = values
            .iter()
            .filter_map(|value| value.iter().find(|(key, _)| *key == name))
            .map(|(_, part)| part)
            .collect();
        stack_tensors(name, values.len(), &parts)
    };
    match first {
        Values::One(_) => stacked("").map(Values::One),
        Values::Named(named) => {
            let tensors = named.iter().map(|(name, _)| stacked(name).map(|tensor| (name.clone(), tensor)));
            tensors.collect::<Result<_, _>>().map(Values::Named)
        }
    }
}

/// Takes one value out of a batch, without copying its numbers. None when the batch has no such row.
pub fn row(batch: &Values, index: usize) -> Option<Values> {
    let cut = |tensor: &Tensor| -> Option<Tensor> {
        let (count, shape) = tensor.shape().split_first()?;
        let size = tensor.data().len().checked_div(*count).filter(|_| index < *count)?;
        let data = tensor.data().slice(index * size..(index + 1) * size);
        Some(Tensor::new(tensor.dtype(), shape, data).expect("a row has its share of the bytes"))
    };
    match batch {
        Values::One(tensor) => cut(tensor).map(Values::One),
        Values::Named(named) => {
            let rows = named.iter().map(|(name, tensor)| Some((name.clone(), cut(tensor)?)));
            rows.collect::<Option<_>>().map(Values::Named)
        }
    }
}

/// Counts the rows of a batch: the first dimension of each of its tensors. None when they differ, or one has no dimension.
pub fn rows(batch: &Values) -> Option<usize> {
    let mut counts = batch.iter().map(|(_, tensor)| tensor.shape().first().copied());
    let first = counts.next()??;
    counts.all(|count| count == Some(first)).then_some(first)
}

fn stack_tensors(name: &str, count: usize, parts: &[&Tensor]) -> Result<Tensor, SpaceFault> {
    let first = parts.first().filter(|_| parts.len() == count);
    let first = first.ok_or_else(|| SpaceFault::new("MISSING", name, "a value in each", "not in all"))?;
    let mut data = Vec::with_capacity(first.data().len() * count);
    for part in parts {
        if (part.dtype(), part.shape()) != (first.dtype(), first.shape()) {
            return Err(SpaceFault::new("SHAPE", name, first.to_string(), part.to_string()));
        }
        data.extend_from_slice(part.data());
    }
    let shape: Vec<usize> = std::iter::once(count).chain(first.shape().iter().copied()).collect();
    Ok(Tensor::new(first.dtype(), shape, data).expect("the parts have the bytes of the whole"))
}
