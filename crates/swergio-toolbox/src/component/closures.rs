//! Closures: a forward, and a vector-Jacobian product, that are closures.

use std::fmt;
use std::marker::PhantomData;

use crate::{BoxError, Differentiable, Pass, Value};

/// Computes forward by a closure, and has no gradients.
pub struct Forward<F, X, Y, S> {
    forward: F,
    types: PhantomData<fn(X) -> (Y, S)>,
}

/// Computes forward and back by two closures.
pub struct Closures<F, G, X, Y, S> {
    forward: F,
    vjp: G,
    types: PhantomData<fn(X) -> (Y, S)>,
}

impl<F, X, Y, S> Forward<F, X, Y, S> {
    pub(super) fn new(forward: F) -> Self {
        Self { forward, types: PhantomData }
    }

    pub(super) fn with_vjp<G>(self, vjp: G) -> Closures<F, G, X, Y, S> {
        Closures { forward: self.forward, vjp, types: PhantomData }
    }
}

impl<F, X, Y, S> Differentiable for Forward<F, X, Y, S>
where
    F: FnMut(X, &Pass) -> Result<(Y, S), BoxError> + Send + 'static,
    X: Value,
    Y: Value,
    S: Send + 'static,
{
    type Input = X;
    type Output = Y;
    type Saved = S;

    fn forward(&mut self, input: X, pass: &Pass) -> Result<(Y, S), BoxError> {
        (self.forward)(input, pass)
    }

    fn vjp(&mut self, _: S, _: Y, _: &Pass) -> Result<X, BoxError> {
        Err("it has no vector-Jacobian product".into())
    }

    fn is_differentiable(&self) -> bool {
        false
    }
}

impl<F, G, X, Y, S> Differentiable for Closures<F, G, X, Y, S>
where
    F: FnMut(X, &Pass) -> Result<(Y, S), BoxError> + Send + 'static,
    G: FnMut(S, Y, &Pass) -> Result<X, BoxError> + Send + 'static,
    X: Value,
    Y: Value,
    S: Send + 'static,
{
    type Input = X;
    type Output = Y;
    type Saved = S;

    fn forward(&mut self, input: X, pass: &Pass) -> Result<(Y, S), BoxError> {
        (self.forward)(input, pass)
    }

    fn vjp(&mut self, saved: S, cotangent: Y, pass: &Pass) -> Result<X, BoxError> {
        (self.vjp)(saved, cotangent, pass)
    }
}

impl<F, X, Y, S> fmt::Debug for Forward<F, X, Y, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward").finish_non_exhaustive()
    }
}

impl<F, G, X, Y, S> fmt::Debug for Closures<F, G, X, Y, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closures").finish_non_exhaustive()
    }
}

impl<F: Clone, X, Y, S> Clone for Forward<F, X, Y, S> {
    fn clone(&self) -> Self {
        Self::new(self.forward.clone())
    }
}

impl<F: Clone, G: Clone, X, Y, S> Clone for Closures<F, G, X, Y, S> {
    fn clone(&self) -> Self {
        Self { forward: self.forward.clone(), vjp: self.vjp.clone(), types: PhantomData }
    }
}
