//! Licences, bans and sources of all dependencies, and known holes where the list of them can be had.

use std::process::Stdio;

use anyhow::{Result, bail};

use crate::checkout::Checkout;
use crate::command;
use crate::outcome::Outcome;
use crate::tool;

/// Checks every crate that we pull in against `deny.toml`.
pub(crate) fn check(checkout: &Checkout) -> Result<Outcome> {
    let deny = tool::DENY.find(checkout)?;
    let mut settled = checkout.command(&deny);
    settled.args(["--all-features", "--locked", "check", "bans", "licenses", "sources"]);
    command::run(&mut settled)?;

    let mut advisories = checkout.command(&deny);
    advisories.args(["--all-features", "--locked", "check", "advisories"]);
    println!("$ cargo-deny --all-features --locked check advisories");
    let output = advisories.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Ok(Outcome::Passed);
    }
    if no_database(&said) {
        let reason = "advisories not checked: RustSec's database cannot be fetched here";
        println!("{reason}");
        return Ok(Outcome::Partly(reason.to_owned()));
    }
    println!("{said}");
    bail!("cargo-deny found advisories")
}

fn no_database(said: &str) -> bool {
    said.contains("failed to fetch advisory database")
}
