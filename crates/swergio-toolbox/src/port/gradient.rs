//! Gradients: whether they are as the values that they are the gradients of.

use swergio_client::{Body, Dtype, Tensor};

use super::Port;
use super::check::check_nan;
use super::parts::{Origin, Part, Parts, values};
use crate::{PassFault, Values};

/// Remembers the form of one value, which its gradient must have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    name: String,
    shape: Vec<usize>,
    dtype: Dtype,
}

/// Remembers the form of the differentiable values, and whether they are one without a name.
pub(crate) fn expected(ports: &[Port], values: &Values) -> Vec<Expected> {
    let differentiable = |place: usize| ports.get(place).is_none_or(Port::is_differentiable);
    let form = |(name, tensor): (&str, &Tensor)| Expected {
        name: name.to_owned(),
        shape: tensor.shape().to_vec(),
        dtype: tensor.dtype(),
    };
    values
        .iter()
        .enumerate()
        .filter(|(place, _)| differentiable(*place))
        .map(|(_, value)| form(value))
        .collect()
}

/// Takes in the `DATA` of a gradient; with `cotangents`, of so many, along a leading axis of each tensor.
pub(crate) fn admit_gradient(
    ports: &[Port],
    expected: &[Expected],
    body: Option<&Body>,
    cotangents: Option<usize>,
) -> Result<Values, PassFault> {
    check(ports, expected, Parts::read(body)?, cotangents)
}

/// Checks a gradient that the component's own code returned, and leaves out what is not differentiable.
pub(crate) fn admit_own_gradient(
    ports: &[Port],
    expected: &[Expected],
    own: Values,
    cotangents: Option<usize>,
) -> Result<Values, PassFault> {
    let mut parts = Parts::of(own);
    let dropped = |name: &str| ports.iter().any(|port| port.name == name && !port.is_differentiable());
    match (parts.named, expected.is_empty()) {
        (true, _) => parts.parts.retain(|part| !dropped(&part.name)),
        (false, true) => return Ok(Values::Named(Vec::new())),
        (false, false) => {}
    }
    check(ports, expected, parts, cotangents)
}

fn check(
    ports: &[Port],
    expected: &[Expected],
    parts: Parts,
    cotangents: Option<usize>,
) -> Result<Values, PassFault> {
    if let Some(part) = parts.parts.iter().find(|part| refused(ports, part, expected)) {
        return Err(PassFault::new("NOT_DIFFERENTIABLE", "a gradient came for a port that has none")
            .on_port(part.name.as_str())
            .help("leave it out of the gradient"));
    }
    let bare = expected.len() == 1 && expected[0].name.is_empty() || ports.len() == 1;
    let parts = parts.in_order(expected.iter().map(|form| form.name.as_str()))?;
    let any = Port::any();
    let checked = expected.iter().zip(parts).map(|(form, part)| {
        let port = ports.iter().find(|port| port.name == form.name);
        let port = port.or(if ports.len() == 1 { ports.first() } else { None }).unwrap_or(&any);
        one(port, form, part, cotangents)
    });
    Ok(values(checked.collect::<Result<_, _>>()?, bare))
}

/// Tells whether a gradient came for what has none.
fn refused(ports: &[Port], part: &Part, expected: &[Expected]) -> bool {
    match ports {
        [only] if part.name.is_empty() => !only.is_differentiable(),
        _ => {
            ports.iter().any(|port| port.name == part.name && !port.is_differentiable())
                && expected.iter().all(|form| form.name != part.name)
        }
    }
}

fn one(
    port: &Port,
    form: &Expected,
    part: Part,
    cotangents: Option<usize>,
) -> Result<(String, Tensor), PassFault> {
    let name = part.name.clone();
    let about = |fault: PassFault| fault.on_port(if name.is_empty() { port.name() } else { &name });
    let shape: Vec<usize> = cotangents.into_iter().chain(form.shape.iter().copied()).collect();
    let tensor = &part.tensor;
    if tensor.shape() != shape && !part.is_the_number(&shape) {
        return Err(about(
            PassFault::new("GRADIENT_SHAPE", "the gradient has another shape than its value")
                .declared_received(format!("{shape:?}"), format!("{:?}", tensor.shape()))
                .help(
                    "a gradient has the shape of what it is the gradient of: nothing is broadcast or summed",
                ),
        ));
    }
    // What has no dtype of floats itself has a gradient in whatever floats it comes.
    let wanted = match (form.dtype.is_float(), tensor.dtype().is_float()) {
        (true, _) => form.dtype,
        (false, true) => tensor.dtype(),
        (false, false) => Dtype::F64,
    };
    let Some(taken) = part.taken_as(wanted) else {
        return Err(about(
            PassFault::new("GRADIENT_DTYPE", "the gradient is of another dtype than its value")
                .declared_received(wanted, tensor.dtype())
                .help(format!("send it as {wanted} ({:?})", wanted.name())),
        ));
    };
    check_nan(port, &taken, "GRADIENT_NAN").map_err(about)?;
    let shaped = taken.reshape(shape).expect("it has the shape, or both hold one number");
    Ok((part.name, shaped))
}

impl Part {
    /// Tells whether it is the component's own gradient by the only number that there is, which code may write as `f64`.
    fn is_the_number(&self, shape: &[usize]) -> bool {
        self.origin == Origin::Own && self.tensor.len() == 1 && shape.iter().product::<usize>() == 1
    }
}
