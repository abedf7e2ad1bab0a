//! Course: what a trainer leads samples through, forward and back.

use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use swergio_client::{MessageId, ModelStatus};

use crate::{BoxError, Chain, ChainError, Differentiable, Hit, Pass, Value};

/// Takes inputs forward and gradients back: a [`Chain`] through rooms, or [`Local`].
pub trait Course: Clone + Send + Sync + 'static {
    /// What goes in.
    type Input: Send + Sync + 'static;
    /// What comes out.
    type Output: Send + Sync + 'static;
    /// The output, and the way back.
    type Hit: Send;
    /// Why a pass came to nothing.
    type Error: Error + Send + Sync + 'static;

    /// Takes an input forward.
    ///
    /// # Errors
    /// Why it came to nothing; nobody has learned from it.
    fn forward(
        &self,
        input: &Self::Input,
        status: ModelStatus,
    ) -> impl Future<Output = Result<Self::Hit, Self::Error>> + Send;

    /// Returns the output.
    fn output(hit: &Self::Hit) -> &Self::Output;

    /// Returns the ROOT_ID of the pass, where there are messages.
    fn root_id(hit: &Self::Hit) -> Option<String>;

    /// Takes the gradient by the output back, and waits until it has arrived.
    ///
    /// # Errors
    /// Why it came to nothing; some may have learned from it.
    fn backward(
        hit: Self::Hit,
        cotangent: Self::Output,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Tells whether it may go better when tried again.
    fn passing(error: &Self::Error) -> bool;
}

impl<X, Y> Course for Chain<X, Y>
where
    X: Value + Clone + Sync,
    Y: Value + Sync,
{
    type Input = X;
    type Output = Y;
    type Hit = Hit<X, Y>;
    type Error = ChainError;

    async fn forward(&self, input: &X, status: ModelStatus) -> Result<Hit<X, Y>, ChainError> {
        self.with_status(status).forward(input).await
    }

    fn output(hit: &Hit<X, Y>) -> &Y {
        hit.value()
    }

    fn root_id(hit: &Hit<X, Y>) -> Option<String> {
        Some(hit.id().as_str().to_owned())
    }

    async fn backward(hit: Hit<X, Y>, cotangent: Y) -> Result<(), ChainError> {
        hit.backward(cotangent).await.map(drop)
    }

    fn passing(error: &ChainError) -> bool {
        match error {
            ChainError::Unreadable(_) | ChainError::NotKept(_) => false,
            ChainError::Client(error) => error.kind() != swergio_client::ErrorKind::Closed,
            _ => true,
        }
    }
}

/// Trains a component in this process, without rooms: to try it, or to compare with.
pub struct Local<D> {
    component: Arc<Mutex<D>>,
    passes: Arc<AtomicU64>,
}

/// Holds what a component in this process returned as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LocalFault(BoxError);

/// Holds one output of a [`Local`] component.
pub struct LocalHit<D: Differentiable> {
    component: Arc<Mutex<D>>,
    pass: Pass,
    output: D::Output,
    saved: Option<D::Saved>,
}

impl<D: Differentiable> Local<D> {
    /// Takes a component.
    pub fn new(component: D) -> Self {
        Self::shared(Arc::new(Mutex::new(component)))
    }

    /// Takes a component that others look at, too.
    pub fn shared(component: Arc<Mutex<D>>) -> Self {
        Self { component, passes: Arc::default() }
    }
}

impl<D> Clone for Local<D> {
    fn clone(&self) -> Self {
        Self { component: Arc::clone(&self.component), passes: Arc::clone(&self.passes) }
    }
}

impl<D> std::fmt::Debug for Local<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("passes", &self.passes).finish_non_exhaustive()
    }
}

impl<D: Differentiable> std::fmt::Debug for LocalHit<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalHit").field("pass", &self.pass).finish_non_exhaustive()
    }
}

impl<D> Course for Local<D>
where
    D: Differentiable<Input: Clone + Sync, Output: Sync>,
{
    type Input = D::Input;
    type Output = D::Output;
    type Hit = LocalHit<D>;
    type Error = LocalFault;

    async fn forward(&self, input: &D::Input, status: ModelStatus) -> Result<LocalHit<D>, LocalFault> {
        let number = self.passes.fetch_add(1, Ordering::Relaxed);
        let pass = Pass { status, ..Pass::train(MessageId::from_u128(number.into())) };
        let input = input.clone();
        let mut component = self.component.lock().unwrap_or_else(PoisonError::into_inner);
        let (output, saved) = if pass.wants_gradient() {
            component.forward(input, &pass).map(|(output, saved)| (output, Some(saved)))
        } else {
            component.infer(input, &pass).map(|output| (output, None))
        }
        .map_err(LocalFault)?;
        drop(component);
        Ok(LocalHit { component: Arc::clone(&self.component), pass, output, saved })
    }

    fn output(hit: &LocalHit<D>) -> &D::Output {
        &hit.output
    }

    fn root_id(_: &LocalHit<D>) -> Option<String> {
        None
    }

    async fn backward(hit: LocalHit<D>, cotangent: D::Output) -> Result<(), LocalFault> {
        let LocalHit { component, pass, saved, .. } = hit;
        let saved = saved.ok_or_else(|| LocalFault("nothing is kept in a pass as VALIDATE".into()))?;
        let mut component = component.lock().unwrap_or_else(PoisonError::into_inner);
        component.vjp(saved, cotangent, &pass).map(drop).map_err(LocalFault)
    }

    fn passing(_: &LocalFault) -> bool {
        false
    }
}
