//! A Python environment under the target folder: made once, made anew when what it should hold changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::{command, debian};

/// Holds installed Python packages.
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// Makes `target/venv/NAME` with Python 3 and the packages that `requirements` lists, one pip line each.
    pub(crate) fn make(checkout: &Checkout, name: &str, requirements: &str) -> Result<Self> {
        let venv = Self { folder: checkout.target("venv").join(name) };
        venv.unless_made(requirements, |folder| {
            create(folder)?;
            venv.install(requirements)
        })?;
        Ok(venv)
    }

    /// Makes `target/venv/NAME` for the Python 2.7 at `python`, by way of the last virtualenv that can.
    pub(crate) fn make_27(
        checkout: &Checkout,
        name: &str,
        python: &Path,
        requirements: &str,
    ) -> Result<Self> {
        let maker = Self::make(checkout, "virtualenv", "virtualenv==20.21.1")?;
        let venv = Self { folder: checkout.target("venv").join(name) };
        venv.unless_made(requirements, |folder| {
            let mut make = Command::new(maker.program("virtualenv"));
            command::run(make.args(["--quiet", "--python"]).arg(python).arg(folder))?;
            venv.install(requirements)
        })?;
        Ok(venv)
    }

    /// Returns the path of an installed program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    fn install(&self, requirements: &str) -> Result<()> {
        let list = self.folder.join("requirements.txt");
        fs::write(&list, requirements)?;
        let mut pip = Command::new(self.program("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&list);
        command::run(&mut pip)
    }

    fn unless_made(&self, requirements: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let stamp = self.folder.join("complete.txt");
        if fs::read_to_string(&stamp).is_ok_and(|made_for| made_for == requirements) {
            return Ok(());
        }
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)?;
        }
        make(&self.folder).with_context(|| format!("cannot make {}", self.folder.display()))?;
        fs::write(stamp, requirements)?;
        Ok(())
    }
}

fn create(folder: &Path) -> Result<()> {
    if !command::works(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        debian::install(&["python3", "python3-venv"], "Python 3 with venv is missing")?;
    }
    command::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
}
