//! Check: whether the tensors of a message are as their ports are declared.

use std::ops::RangeInclusive;

use swergio_client::{Body, Dtype, Tensor};

use super::parts::{Origin, Part, Parts, values};
use super::{Dim, Port};
use crate::{PassFault, Values};

/// Remembers how long the named dimensions are in one pass, and which port said so.
#[derive(Debug, Default)]
pub(crate) struct Bindings(Vec<(String, usize, String)>);

/// Takes in a `DATA` by the declared ports, or whatever it is where none are.
pub(crate) fn admit(
    ports: &[Port],
    body: Option<&Body>,
    bindings: &mut Bindings,
) -> Result<Values, PassFault> {
    check(ports, Parts::read(body)?, bindings)
}

/// Checks what the component's own code returned by what it has declared.
pub(crate) fn admit_own(ports: &[Port], own: Values, bindings: &mut Bindings) -> Result<Values, PassFault> {
    check(ports, Parts::of(own), bindings)
}

fn check(ports: &[Port], parts: Parts, bindings: &mut Bindings) -> Result<Values, PassFault> {
    if ports.is_empty() {
        let (any, bare) = (Port::any(), !parts.named);
        let checked = parts.parts.into_iter().map(|part| one(&any, part, bindings));
        return Ok(values(checked.collect::<Result<_, _>>()?, bare));
    }
    let parts = parts.in_order(ports.iter().map(Port::name))?;
    let checked = ports.iter().zip(parts).map(|(port, part)| one(port, part, bindings));
    Ok(values(checked.collect::<Result<_, _>>()?, true))
}

fn one(port: &Port, part: Part, bindings: &mut Bindings) -> Result<(String, Tensor), PassFault> {
    let about = |fault: PassFault| fault.on_port(part.name.as_str());
    let tensor = settle_dtype(port, &part).map_err(about)?;
    if let Some(shape) = &port.shape {
        bindings.bind(port, shape, tensor.shape()).map_err(about)?;
    }
    check_columns(port, tensor.shape()).map_err(about)?;
    check_nan(port, &tensor, "PORT_NAN").map_err(about)?;
    check_range(port, &tensor).map_err(about)?;
    Ok((part.name, tensor))
}

/// Gives numbers that came without a dtype the declared one, and floats where gradients are wanted by them.
fn settle_dtype(port: &Port, part: &Part) -> Result<Tensor, PassFault> {
    let tensor = &part.tensor;
    let wanted = match (port.dtype, part.origin) {
        (Some(declared), _) => declared,
        (None, Origin::Lists) if port.is_differentiable() && tensor.dtype() != Dtype::Bool => Dtype::F64,
        (None, _) => return Ok(tensor.clone()),
    };
    part.taken_as(wanted).ok_or_else(|| {
        PassFault::new("PORT_DTYPE", "the tensor is of another dtype than its port")
            .declared_received(port, format!("{}{:?}", tensor.dtype(), tensor.shape()))
            .help(format!("send it as {wanted} ({:?})", wanted.name()))
    })
}

impl Bindings {
    /// Checks a shape, and binds the named dimensions that are not bound yet.
    fn bind(&mut self, port: &Port, dims: &[Dim], shape: &[usize]) -> Result<(), PassFault> {
        let fits = dims.len() == shape.len()
            && dims.iter().zip(shape).all(|(dim, length)| match dim {
                Dim::Fixed(wanted) => wanted == length,
                Dim::Named(name) => self.bound(name, *length, port),
            });
        if fits {
            return Ok(());
        }
        Err(PassFault::new("PORT_SHAPE", "the tensor has another shape than its port")
            .declared_received(self.shown(port, dims), format!("{shape:?}"))
            .help("nothing is broadcast or filled up: send it in the declared shape"))
    }

    fn bound(&mut self, name: &str, length: usize, port: &Port) -> bool {
        match self.0.iter().find(|(bound, ..)| bound == name) {
            Some((_, bound, _)) => *bound == length,
            None => {
                self.0.push((name.to_owned(), length, port.name.clone()));
                true
            }
        }
    }

    /// Shows the dimensions of a port, and what those with a name stand for by another port's word.
    fn shown(&self, port: &Port, dims: &[Dim]) -> String {
        let bound = |name: &String| self.0.iter().find(|(bound, _, by)| bound == name && *by != port.name);
        let shown = dims.iter().map(|dim| match dim {
            Dim::Named(name) => match bound(name) {
                Some((_, length, by)) => format!("{name} = {length} as in {by:?}"),
                None => name.clone(),
            },
            Dim::Fixed(length) => length.to_string(),
        });
        format!("[{}]", shown.collect::<Vec<_>>().join(", "))
    }
}

fn check_columns(port: &Port, shape: &[usize]) -> Result<(), PassFault> {
    let wanted = port.columns.len();
    if wanted == 0 || shape.last() == Some(&wanted) {
        return Ok(());
    }
    let names: Vec<&str> = port.columns.iter().map(|column| column.name.as_str()).collect();
    Err(PassFault::new("PORT_SHAPE", "the last dimension has not one place for each column")
        .declared_received(format!("the {wanted} columns {names:?}"), format!("{shape:?}")))
}

/// Refuses NaN where it is not allowed.
pub(super) fn check_nan(port: &Port, tensor: &Tensor, code: &'static str) -> Result<(), PassFault> {
    if port.nan || !tensor.has_nan() {
        return Ok(());
    }
    let at = tensor.to_f64_vec().iter().position(|number| number.is_nan()).unwrap_or_default();
    Err(PassFault::new(code, "NaN is not passed on")
        .declared_received(
            "numbers",
            format!("NaN at {:?} of {:?}", place(at, tensor.shape()), tensor.shape()),
        )
        .help("look where it began; a port that means it says allow_nan"))
}

/// Finds the first number that is out of its port's or its column's range.
fn check_range(port: &Port, tensor: &Tensor) -> Result<(), PassFault> {
    let ranged = port.columns.iter().any(|column| column.range.is_some());
    if port.range.is_none() && !ranged {
        return Ok(());
    }
    let whole = f64::NEG_INFINITY..=f64::INFINITY;
    let count = port.columns.len().max(1);
    for (at, number) in tensor.to_f64_vec().into_iter().enumerate() {
        let column = port.columns.get(at % count);
        let range = column.and_then(|column| column.range.as_ref()).or(port.range.as_ref()).unwrap_or(&whole);
        let fits = range.contains(&number) || number.is_nan() && port.nan;
        if !fits {
            let name = column.map_or(String::new(), |column| format!(" ({})", column.name));
            let unit = column.and_then(|column| column.unit.as_ref()).or(port.unit.as_ref());
            let unit = unit.map_or(String::new(), |unit| format!(" {unit}"));
            return Err(PassFault::new("PORT_RANGE", "a number is out of the declared range")
                .declared_received(
                    format!("{}{unit}{name}", shown(range)),
                    format!("{number} at {:?}", place(at, tensor.shape())),
                )
                .help("bound it before it is sent"));
        }
    }
    Ok(())
}

fn shown(range: &RangeInclusive<f64>) -> String {
    format!("{} to {}", range.start(), range.end())
}

/// Finds the indices of the number `at` in C order.
fn place(at: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = at;
    let mut indices: Vec<usize> = shape
        .iter()
        .rev()
        .map(|length| {
            let length = (*length).max(1);
            let index = rest % length;
            rest /= length;
            index
        })
        .collect();
    indices.reverse();
    indices
}
