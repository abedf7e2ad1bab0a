//! The console: its source is checked, builds into what is committed, and works in a real browser before a real broker.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::broker::Broker;
use crate::checkout::Checkout;
use crate::outcome::Outcome;
use crate::{command, debian};

/// Where its source is, and what it builds into.
const WEB: &str = "crates/swergio-console/web";
const DIST: &str = "crates/swergio-console/dist";
/// The oldest Node that runs the tools.
const NODE: &str = "20";
/// Where Debian's Chromium is, unless CHROMIUM says otherwise.
const CHROMIUM: &str = "/usr/bin/chromium";
/// Time that the browser's tests may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Checks types, runs the unit tests, builds, compares with what is committed, and plays the console in a browser.
pub(crate) fn check(checkout: &Checkout) -> Result<Outcome> {
    if !command::works(Command::new("npm").arg("--version")) {
        return Ok(Outcome::Skipped(format!("npm is not here; install Node.js {NODE} or newer")));
    }
    let web = checkout.path(WEB);
    // An npm or a registry that cannot bring them says nothing about the console.
    if let Err(error) = npm(&web, &["ci", "--no-fund", "--no-audit", "--loglevel=error"]) {
        return Ok(Outcome::Skipped(format!("its tools could not be installed: {error:#}")));
    }
    npm(&web, &["run", "--silent", "test"])?;
    npm(&web, &["run", "--silent", "build"])?;
    let mut status = checkout.command("git");
    let changed = command::output(status.args(["status", "--porcelain", "--", DIST]))?;
    ensure!(
        changed.trim().is_empty(),
        "{DIST} is not what its source builds into; it is now: commit it\n{changed}"
    );
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| CHROMIUM.to_owned());
    if !Path::new(&chromium).exists()
        && let Err(error) = debian::install(&["chromium"], "the console is tested in a browser")
    {
        return Ok(Outcome::Partly(format!("not played in a browser: {error:#}")));
    }
    let broker = Broker::start(checkout, ["--log", "warn"])?;
    let ailing = ["build", "--locked", "--workspace", "--example", "ailing"];
    command::run(&mut checkout.cargo(ailing))?;
    let programs = checkout.target("debug");
    let mut play = Command::new("npm");
    play.args(["run", "--silent", "e2e"]).current_dir(&web).env("CHROMIUM", chromium);
    play.env("SWERGIO_BROKER", programs.join("swergio-broker")).env("TREBUCHET", programs.join("trebuchet"));
    play.env("AILING", programs.join("examples").join("ailing")).env("MELODY", programs.join("melody"));
    command::run_within(play.env("BROKER", format!("http://{}/", broker.address())), LIMIT)?;
    Ok(Outcome::Passed)
}

fn npm(web: &Path, words: &[&str]) -> Result<()> {
    command::run(Command::new("npm").args(words).current_dir(web))
}
