//! Function: two closures as a differentiable value.

use std::marker::PhantomData;

use crate::{BoxError, Differentiable, Pass, Value};

/// Holds a function and its vjp; [`function`] makes it.
pub struct Function<X, Y, F, G> {
    forward: F,
    vjp: G,
    types: PhantomData<fn(X) -> Y>,
}

/// Makes a pure function and its vjp one differentiable value: what the vjp needs is the input.
///
/// ```
/// use swergio_toolbox::{Gradcheck, function};
///
/// let mut cube = function(|x: &f64| x.powi(3), |x: &f64, g: f64| 3.0 * x * x * g);
/// assert!(Gradcheck::default().here(&mut cube, 2.0)?.passed());
/// # Ok::<(), swergio_toolbox::BoxError>(())
/// ```
pub fn function<X, Y, F, G>(forward: F, vjp: G) -> Function<X, Y, F, G>
where
    X: Value,
    Y: Value,
    F: Fn(&X) -> Y + Send + 'static,
    G: Fn(&X, Y) -> X + Send + 'static,
{
    Function { forward, vjp, types: PhantomData }
}

impl<X, Y, F, G> std::fmt::Debug for Function<X, Y, F, G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").finish_non_exhaustive()
    }
}

impl<X, Y, F, G> Differentiable for Function<X, Y, F, G>
where
    X: Value,
    Y: Value,
    F: Fn(&X) -> Y + Send + 'static,
    G: Fn(&X, Y) -> X + Send + 'static,
{
    type Input = X;
    type Output = Y;
    type Saved = X;

    fn forward(&mut self, input: X, _: &Pass) -> Result<(Y, X), BoxError> {
        Ok(((self.forward)(&input), input))
    }

    fn vjp(&mut self, input: X, cotangent: Y, _: &Pass) -> Result<X, BoxError> {
        Ok((self.vjp)(&input, cotangent))
    }
}
