//! Differentiable: a forward and its vector-Jacobian product, as a value.

use crate::{Pass, Value};

/// Holds whatever error a component's own code returns.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Computes an output from an input and, later, the gradient by the input from the gradient by the output.
///
/// What [`vjp`](Self::vjp) needs of the forward is the type [`Saved`](Self::Saved), which is moved there: it is used once at
/// most, belongs to one sample, and is dropped by the tape when no gradient comes.
///
/// ```
/// use swergio_toolbox::{BoxError, Differentiable, Pass};
///
/// /// y = w x, and w learns by plain gradient descent.
/// struct Gain {
///     weight: f64,
///     rate: f64,
/// }
///
/// impl Differentiable for Gain {
///     type Input = f64;
///     type Output = f64;
///     type Saved = f64;
///
///     fn forward(&mut self, x: f64, _: &Pass) -> Result<(f64, f64), BoxError> {
///         Ok((self.weight * x, x))
///     }
///
///     fn vjp(&mut self, x: f64, cotangent: f64, pass: &Pass) -> Result<f64, BoxError> {
///         let by_input = self.weight * cotangent;
///         if pass.learns() {
///             self.weight -= self.rate * x * cotangent;
///         }
///         Ok(by_input)
///     }
/// }
/// ```
pub trait Differentiable: Send + 'static {
    /// What comes in.
    type Input: Value;
    /// What goes out.
    type Output: Value;
    /// What is kept of a forward until its gradient comes.
    type Saved: Send + 'static;

    /// Computes the output, and what [`vjp`](Self::vjp) will need.
    ///
    /// # Errors
    /// Whatever the component finds wrong with the input. The sender is told, the component lives on.
    fn forward(&mut self, input: Self::Input, pass: &Pass) -> Result<(Self::Output, Self::Saved), BoxError>;

    /// Computes the output only, for a pass that wants no gradient.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn infer(&mut self, input: Self::Input, pass: &Pass) -> Result<Self::Output, BoxError> {
        self.forward(input, pass).map(|(output, _)| output)
    }

    /// Computes the gradient by the input, which has the input's shape, from `cotangent`, the gradient by the output, which has
    /// the output's. May change the component's weights if [`Pass::learns`].
    ///
    /// # Errors
    /// Whatever the component finds wrong with the gradient.
    fn vjp(
        &mut self,
        saved: Self::Saved,
        cotangent: Self::Output,
        pass: &Pass,
    ) -> Result<Self::Input, BoxError>;

    /// Computes the gradients from several cotangents for one forward, as a Jacobian asks for. None when the component does
    /// not do that, which whoever asked is told.
    ///
    /// Asked of passes as `PROBE` only, so weights stay. [`Batched`](crate::Batched) does it for whatever can clone what it
    /// saved.
    fn vjp_batch(
        &mut self,
        saved: Self::Saved,
        cotangents: Vec<Self::Output>,
        pass: &Pass,
    ) -> Option<Result<Vec<Self::Input>, BoxError>> {
        let _ = (saved, cotangents, pass);
        None
    }

    /// Tells whether there is a vector-Jacobian product. If not, nothing is saved, and whoever sends a gradient is told.
    fn is_differentiable(&self) -> bool {
        true
    }

    /// Tells which weights it computes with now, where it updates itself: a number that grows with each step of learning, and is a
    /// smaller one again after older weights were restored. None where there are no weights, or nobody counts them.
    ///
    /// What goes out says it as `WEIGHTS_VERSION` (R94), by which whoever watches notices weights that are stale.
    fn weights_version(&self) -> Option<u64> {
        None
    }

    /// Counts the bytes of what was saved, where the component knows. Otherwise input and output together are counted.
    fn saved_bytes(&self, saved: &Self::Saved) -> Option<usize> {
        let _ = saved;
        None
    }
}
