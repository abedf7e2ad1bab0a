//! Derive: what follows from a forward and a vjp alone: gradients of a loss, jvp, Jacobian, Hessian times vector.

mod jacobian;
mod layout;
mod quotient;
mod vjp;

use crate::{BoxError, Value, Values};

pub use jacobian::{Jacobian, jacobian, jacobian_by_row};
pub(crate) use layout::{Layout, Misfit, Part, epsilon, is_float};
pub use quotient::{Slope, hvp, jvp};
pub use vjp::{Question, Vjp};

/// Computes a loss of the output, and its gradient by the input: one forward and one vjp. Exact, as the vjp is.
///
/// `loss` returns the loss and its gradient by the output.
///
/// ```
/// use swergio_toolbox::{Pass, Tensor, function, gradient};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut square = function(|x: &f64| x * x, |x: &f64, g: f64| 2.0 * x * g);
/// let (loss, by_input) = gradient(&mut square, 3.0, |y: f64| Ok(((y - 10.0).powi(2), 2.0 * (y - 10.0)))).await?;
/// assert_eq!((loss, by_input), (1.0, -12.0));
/// # Ok::<(), swergio_toolbox::BoxError>(()) }).unwrap();
/// ```
///
/// # Errors
/// Whatever model or loss find wrong.
pub async fn gradient<M, X, Y>(
    model: &mut M,
    input: X,
    loss: impl FnOnce(Y) -> Result<(f64, Y), BoxError> + Send,
) -> Result<(f64, X), BoxError>
where
    M: Vjp,
    X: Value,
    Y: Value,
{
    let mut reached = f64::NAN;
    let answer = |output: &Values| {
        let (loss, cotangent) = loss(Y::from_values(output.clone())?)?;
        reached = loss;
        Ok(cotangent.into_values()?)
    };
    let by_input = model.turn(input.into_values()?, answer).await?;
    Ok((reached, X::from_values(by_input)?))
}
