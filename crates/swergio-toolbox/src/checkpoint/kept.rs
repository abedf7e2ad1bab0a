//! Kept: a component whose weights are saved and restored, by command and by itself.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use swergio_client::{Client, Error, Kind};

use super::command::{self, Answer, Order, Wanted};
use super::folder::{Folder, LATEST};
use super::{Checkpoint, CheckpointFault};
use crate::step::check_moments;
use crate::weights::{Tensors, Weights, fit};
use crate::{BoxError, Differentiable, Pass};

/// Wraps a component so that its weights can be saved and restored while it is served. Clones share it: one is served, another
/// answers commands.
///
/// ```no_run
/// use swergio_toolbox::checkpoint::Kept;
/// # use swergio_toolbox::{Client, Component, Differentiable, weights::Weights};
///
/// # async fn run<N: Differentiable + Weights>(client: Client, net: N) -> Result<(), Box<dyn std::error::Error>> {
/// let net = Kept::new(net, "control", "checkpoints")?.every(25);
/// net.resume()?; // goes on where the last process ended, if there was one
/// net.answer(&client).await?;
/// Component::of("control", net).input("input").output("model").serve(&client).await?;
/// # Ok(()) }
/// ```
pub struct Kept<D> {
    learner: Arc<Mutex<Learning<D>>>,
    /// Held from the copy to the file, so that an older copy never replaces a newer one.
    saving: Arc<Mutex<()>>,
    folder: Folder,
    every: u64,
}

/// The component, and how much it has learned.
#[derive(Debug)]
struct Learning<D> {
    component: D,
    steps: u64,
}

impl<D> Kept<D> {
    /// Keeps a component's checkpoints in a folder, under the component's name.
    ///
    /// The name is the file's, and the one by which commands speak to it. Where a swarm runs several replicas, take [`replica_name`](super::replica_name): processes of
    /// one name would overwrite each other's file.
    ///
    /// # Errors
    /// [`CheckpointFault::Name`] when no file can have that name.
    pub fn new(component: D, name: &str, folder: impl Into<PathBuf>) -> Result<Self, CheckpointFault> {
        let learner = Arc::new(Mutex::new(Learning { component, steps: 0 }));
        Ok(Self { learner, saving: Arc::default(), folder: Folder::new(folder.into(), name)?, every: 0 })
    }

    /// Saves the component as `latest` after each so many gradients that it has learned from; 0 is never. Never.
    ///
    /// It is saved before the gradient by the input is sent, so that whoever has that gradient knows the step to be on the disk. When it
    /// cannot be saved that is told as a warning, and learning goes on.
    #[must_use]
    pub fn every(self, gradients: u64) -> Self {
        Self { every: gradients, ..self }
    }

    /// Counts the gradients that it has learned from, those before a restart included.
    pub fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// Looks at the component, or changes it, between two messages.
    pub fn with<R>(&self, look: impl FnOnce(&mut D) -> R) -> R {
        look(&mut self.lock().component)
    }

    fn lock(&self) -> MutexGuard<'_, Learning<D>> {
        // A component that panicked is served on; so it is kept on.
        self.learner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Weights> Kept<D> {
    /// Saves it under a name, and returns the file.
    ///
    /// # Errors
    /// [`CheckpointFault`]; an older checkpoint of that name is then as it was.
    pub fn save(&self, name: &str) -> Result<PathBuf, CheckpointFault> {
        let path = self.folder.path(name, "safetensors")?;
        let _saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let checkpoint = self.lock().checkpoint()?;
        checkpoint.write(&path)?;
        Ok(path)
    }

    /// Restores what was saved under a name, and returns the file.
    ///
    /// # Errors
    /// [`CheckpointFault`]; the running weights are then as they were.
    pub fn load(&self, name: &str) -> Result<PathBuf, CheckpointFault> {
        let path = self.folder.path(name, "safetensors")?;
        let missing = || CheckpointFault::file(&path)(std::io::ErrorKind::NotFound.into());
        let checkpoint = Checkpoint::read(&path)?.ok_or_else(missing)?;
        self.lock().restore(&checkpoint)?;
        Ok(path)
    }

    /// Restores what it saved by itself, if it ever did: true.
    ///
    /// # Errors
    /// [`CheckpointFault`] when there is such a file, and it cannot be restored.
    pub fn resume(&self) -> Result<bool, CheckpointFault> {
        let checkpoint = Checkpoint::read(self.folder.path(LATEST, "safetensors")?)?;
        checkpoint.map(|checkpoint| self.lock().restore(&checkpoint)).transpose().map(|done| done.is_some())
    }

    /// Replaces the weights, as evolution does; learning begins afresh.
    ///
    /// # Errors
    /// [`CheckpointFault`] when they are not those of such a component; the running weights are then as they were.
    pub fn take(&self, weights: &Tensors) -> Result<(), CheckpointFault> {
        let mut learner = self.lock();
        let (weights, steps) = (weights.clone(), learner.steps);
        learner.restore(&Checkpoint { weights, state: Tensors::new(), steps })
    }

    /// Answers `COMMAND/SAVEMODELWEIGHTS` and `COMMAND/LOADMODELWEIGHTS` from now on, those to the room `_command` and those to the client itself.
    ///
    /// # Errors
    /// `Closed` when the client is.
    pub async fn answer(&self, client: &Client) -> Result<(), Error>
    where
        D: Send + 'static,
    {
        let kinds = [Kind::SAVEMODELWEIGHTS, Kind::LOADMODELWEIGHTS];
        let (kept, name) = (self.clone(), self.folder.component().to_owned());
        command::answer(client, kinds, "WEIGHTS", name, move |order| kept.obey(order)).await
    }

    fn obey(&self, order: Order) -> Result<Answer, CheckpointFault> {
        let file = match order {
            Order::Save(wanted) => Some(self.save(wanted.as_deref().unwrap_or(LATEST))?),
            Order::Load(Wanted::Named(name)) => Some(self.load(name.as_deref().unwrap_or(LATEST))?),
            Order::Load(Wanted::These(body)) => {
                let weights: Tensors =
                    body.read().map_err(|fault| CheckpointFault::Component(fault.into()))?;
                self.take(&weights)?;
                None
            }
        };
        Ok(Answer { file, steps: Some(self.steps()) })
    }
}

impl<D: Weights> Learning<D> {
    fn checkpoint(&self) -> Result<Checkpoint, CheckpointFault> {
        let weights = self.component.weights().map_err(CheckpointFault::Component)?;
        Ok(Checkpoint { weights, state: self.component.state(), steps: self.steps })
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointFault> {
        let own = self.component.weights().map_err(CheckpointFault::Component)?;
        let weights = fit(&own, &checkpoint.weights)?;
        check_moments(&own, &checkpoint.state).map_err(|fault| CheckpointFault::Component(fault.into()))?;
        let old = self.component.state();
        self.component.set_state(&checkpoint.state).map_err(CheckpointFault::Component)?;
        if let Err(error) = self.component.set_weights(&weights) {
            self.component.set_state(&old).map_err(CheckpointFault::Component)?;
            return Err(CheckpointFault::Component(error));
        }
        self.steps = checkpoint.steps;
        Ok(())
    }
}

impl<D: Differentiable + Weights> Differentiable for Kept<D> {
    type Input = D::Input;
    type Output = D::Output;
    type Saved = D::Saved;

    fn forward(&mut self, input: D::Input, pass: &Pass) -> Result<(D::Output, D::Saved), BoxError> {
        self.lock().component.forward(input, pass)
    }

    fn infer(&mut self, input: D::Input, pass: &Pass) -> Result<D::Output, BoxError> {
        self.lock().component.infer(input, pass)
    }

    fn vjp(&mut self, saved: D::Saved, cotangent: D::Output, pass: &Pass) -> Result<D::Input, BoxError> {
        let mut learner = self.lock();
        let by_input = learner.component.vjp(saved, cotangent, pass)?;
        if pass.learns() {
            learner.steps += 1;
            let due = self.every > 0 && learner.steps.is_multiple_of(self.every);
            drop(learner);
            if due && let Err(fault) = self.save(LATEST) {
                tracing::warn!(component = self.folder.component(), %fault, "the checkpoint could not be saved");
            }
        }
        Ok(by_input)
    }

    fn vjp_batch(
        &mut self,
        saved: D::Saved,
        cotangents: Vec<D::Output>,
        pass: &Pass,
    ) -> Option<Result<Vec<D::Input>, BoxError>> {
        self.lock().component.vjp_batch(saved, cotangents, pass)
    }

    fn is_differentiable(&self) -> bool {
        self.lock().component.is_differentiable()
    }

    /// Counts what it has learned from, restarts included, so that older weights that were restored are seen to be older.
    fn weights_version(&self) -> Option<u64> {
        Some(self.steps())
    }

    fn saved_bytes(&self, saved: &D::Saved) -> Option<usize> {
        self.lock().component.saved_bytes(saved)
    }
}

impl<D> Clone for Kept<D> {
    fn clone(&self) -> Self {
        let (learner, saving) = (Arc::clone(&self.learner), Arc::clone(&self.saving));
        Self { learner, saving, folder: self.folder.clone(), every: self.every }
    }
}

impl<D> std::fmt::Debug for Kept<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("folder", &self.folder)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
