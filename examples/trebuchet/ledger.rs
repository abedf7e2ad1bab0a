//! Ledger: a component whose lessons are written down, so that nobody need believe that none is learned twice.

use std::fs::{File, OpenOptions, create_dir_all};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use swergio_toolbox::weights::{Tensors, Weights};
use swergio_toolbox::{BoxError, Differentiable, Pass};

/// Notes in `learned.log` the ROOT_ID of each pass that a component has learned from.
#[derive(Debug)]
pub(crate) struct Ledger<D> {
    component: D,
    file: File,
}

impl<D> Ledger<D> {
    /// Opens the file in a folder; what stands there stays.
    pub(crate) fn open(component: D, folder: &Path) -> Result<Self> {
        create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = OpenOptions::new().create(true).append(true).open(folder.join("learned.log"))?;
        Ok(Self { component, file })
    }
}

impl<D: Differentiable> Differentiable for Ledger<D> {
    type Input = D::Input;
    type Output = D::Output;
    type Saved = D::Saved;

    fn forward(&mut self, input: D::Input, pass: &Pass) -> Result<(D::Output, D::Saved), BoxError> {
        self.component.forward(input, pass)
    }

    fn infer(&mut self, input: D::Input, pass: &Pass) -> Result<D::Output, BoxError> {
        self.component.infer(input, pass)
    }

    fn vjp(&mut self, saved: D::Saved, cotangent: D::Output, pass: &Pass) -> Result<D::Input, BoxError> {
        let by_input = self.component.vjp(saved, cotangent, pass)?;
        if pass.learns() {
            let root = pass.root_id.as_deref().unwrap_or(pass.id.as_str());
            self.file.write_all(format!("{root}\n").as_bytes())?;
        }
        Ok(by_input)
    }

    fn weights_version(&self) -> Option<u64> {
        self.component.weights_version()
    }
}

impl<D: Weights> Weights for Ledger<D> {
    fn weights(&self) -> Result<Tensors, BoxError> {
        self.component.weights()
    }

    fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError> {
        self.component.set_weights(weights)
    }

    fn state(&self) -> Tensors {
        self.component.state()
    }

    fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
        self.component.set_state(state)
    }
}
