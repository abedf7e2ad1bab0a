//! Batched: several cotangents at once, for what can be saved more than once.

use crate::{BoxError, Differentiable, Pass};

/// Takes several cotangents at once by copying what was saved, for a component whose [`Saved`](Differentiable::Saved) can
/// be cloned.
///
/// A Jacobian then costs one round trip instead of one for each of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Batched<D>(pub D);

impl<D: Differentiable<Saved: Clone>> Differentiable for Batched<D> {
    type Input = D::Input;
    type Output = D::Output;
    type Saved = D::Saved;

    fn forward(&mut self, input: D::Input, pass: &Pass) -> Result<(D::Output, D::Saved), BoxError> {
        self.0.forward(input, pass)
    }

    fn infer(&mut self, input: D::Input, pass: &Pass) -> Result<D::Output, BoxError> {
        self.0.infer(input, pass)
    }

    fn vjp(&mut self, saved: D::Saved, cotangent: D::Output, pass: &Pass) -> Result<D::Input, BoxError> {
        self.0.vjp(saved, cotangent, pass)
    }

    fn vjp_batch(
        &mut self,
        saved: D::Saved,
        cotangents: Vec<D::Output>,
        pass: &Pass,
    ) -> Option<Result<Vec<D::Input>, BoxError>> {
        Some(cotangents.into_iter().map(|cotangent| self.0.vjp(saved.clone(), cotangent, pass)).collect())
    }

    fn is_differentiable(&self) -> bool {
        self.0.is_differentiable()
    }

    fn weights_version(&self) -> Option<u64> {
        self.0.weights_version()
    }

    fn saved_bytes(&self, saved: &D::Saved) -> Option<usize> {
        self.0.saved_bytes(saved)
    }
}
