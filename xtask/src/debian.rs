//! Debian's packages: installed where we may, named where we may not.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command;

/// Installs packages, or fails with a sentence that tells the reader to.
///
/// It installs only on a machine that has `apt-get`, as root; a developer's own machine is left alone.
pub(crate) fn install(packages: &[&str], because: &str) -> Result<()> {
    let names = packages.join(" ");
    if !may_install() {
        bail!("{because}; please install {names} (Debian: sudo apt-get install {names})");
    }
    println!("{because}: installing {names}");
    command::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages);
    command::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn may_install() -> bool {
    let root = command::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    root && command::works(Command::new("apt-get").arg("--version"))
}
