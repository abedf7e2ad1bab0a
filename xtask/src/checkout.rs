//! The checkout that the checks look at: its root, its target folder, its files, its crates.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command;

/// Knows where the project lies on this machine.
pub(crate) struct Checkout {
    root: PathBuf,
    target: PathBuf,
}

impl Checkout {
    /// Finds the checkout that `cargo xtask` runs in.
    pub(crate) fn find() -> Result<Self> {
        // Not env!: checkouts may share a target folder, and with it this very program.
        let xtask = std::env::var_os("CARGO_MANIFEST_DIR").context("call it as `cargo xtask`")?;
        let root = Path::new(&xtask).parent().context("xtask lies one level below the root")?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Ok(Self { root: root.to_owned(), target })
    }

    /// Returns a path below the root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Returns a path below cargo's target folder, where everything that a check installs or writes goes.
    pub(crate) fn target(&self, below: &str) -> PathBuf {
        self.target.join(below)
    }

    /// Begins a command that runs at the root and builds into our target folder.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// Begins a cargo command: the same cargo that runs us, at the root.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments);
        command
    }

    /// Asks cargo for the crates, their dependencies and the resolved graph, with every feature on.
    pub(crate) fn metadata(&self) -> Result<Value> {
        let text = command::output(&mut self.cargo([
            "metadata",
            "--format-version=1",
            "--all-features",
            "--locked",
        ]))
        .context("cargo metadata failed; is Cargo.lock up to date and committed?")?;
        serde_json::from_str(&text).context("cargo metadata printed something else than JSON")
    }

    /// Lists the files that git tracks or would track, relative to the root, in order.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let mut git = self.command("git");
        git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let listed = command::output(&mut git)?;
        let mut files: Vec<String> =
            listed.lines().filter(|file| self.path(file).is_file()).map(str::to_owned).collect();
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// Reads a text file below the root.
    pub(crate) fn read(&self, below: &str) -> Result<String> {
        std::fs::read_to_string(self.path(below)).with_context(|| format!("cannot read {below}"))
    }
}
