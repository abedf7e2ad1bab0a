//! Cotangents: several gradients in one message, along a leading axis.

use swergio_client::{Body, Envelope, Tensor};

use crate::{PassFault, Values};

/// The field that says how many there are.
pub(crate) const FIELD: &str = "COTANGENTS";

/// Reads how many cotangents a gradient brings. None for one, the usual, which has no leading axis.
pub(super) fn count(message: &Envelope, most: usize) -> Result<Option<usize>, PassFault> {
    let Some(body) = message.field(FIELD) else { return Ok(None) };
    let count = body.read::<usize>().ok().filter(|count| (1..=most).contains(count));
    count.map(Some).ok_or_else(|| {
        PassFault::new("COTANGENTS", "this is no number of cotangents that may come at once")
            .declared_received(format!("1 to {most}"), shown(body))
    })
}

fn shown(body: &Body) -> String {
    String::from_utf8_lossy(&body.to_json()).into_owned()
}

/// Parts values along their leading axis; the bytes are shared.
pub(crate) fn part(values: &Values, count: usize) -> Vec<Values> {
    (0..count)
        .map(|at| match values {
            Values::One(tensor) => Values::One(row(tensor, at, count)),
            Values::Named(named) => Values::Named(
                named.iter().map(|(name, tensor)| (name.clone(), row(tensor, at, count))).collect(),
            ),
        })
        .collect()
}

fn row(tensor: &Tensor, at: usize, count: usize) -> Tensor {
    let size = tensor.data().len() / count;
    let data = tensor.data().slice(at * size..(at + 1) * size);
    Tensor::new(tensor.dtype(), &tensor.shape()[1..], data).expect("a leading axis parts a tensor evenly")
}

/// Puts values that are all of one form together, along a new leading axis. None when there are none or they differ.
pub(crate) fn join(all: &[Values]) -> Option<Values> {
    let stack = |at: usize, name: &str| {
        let row =
            |values| Values::iter(values).nth(at).filter(|(other, _)| *other == name).map(|(_, row)| row);
        stacked(&all.iter().map(row).collect::<Option<Vec<&Tensor>>>()?)
    };
    match all.first()? {
        Values::One(_) => stack(0, "").map(Values::One),
        Values::Named(named) => {
            let names = named.iter().enumerate();
            names
                .map(|(at, (name, _))| Some((name.clone(), stack(at, name)?)))
                .collect::<Option<_>>()
                .map(Values::Named)
        }
    }
}

fn stacked(rows: &[&Tensor]) -> Option<Tensor> {
    let first = rows.first()?;
    let alike = rows.iter().all(|row| row.shape() == first.shape() && row.dtype() == first.dtype());
    let mut data = Vec::with_capacity(rows.len() * first.data().len());
    rows.iter().for_each(|row| data.extend_from_slice(row.data()));
    let shape: Vec<usize> = [rows.len()].into_iter().chain(first.shape().iter().copied()).collect();
    if alike { Tensor::new(first.dtype(), shape, data).ok() } else { None }
}
