//! The published Python package beside ours: a broker, a Rust component and a Python one in a room.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::checkout::Checkout;
use crate::ci;
use crate::outcome::Outcome;
use crate::venv::Venv;

const PACKAGE: &str = "swergio==0.0.2";
const TARGET: &str = "python";

/// Installs the package into an environment of its own and runs every test target called `python`.
///
/// Those say `test = false` in their manifest, so that plain `cargo test` needs no Python. They find the
/// interpreter in the variable `SWERGIO_PYTHON`.
pub(crate) fn test(checkout: &Checkout) -> Result<Outcome> {
    let crates = crates_with_target(&checkout.metadata()?);
    ensure!(!crates.is_empty(), "no crate has a test target called {TARGET:?}");
    let venv = Venv::make(checkout, "swergio", PACKAGE)?;
    let mut run = checkout.cargo(["test", "--locked", "--test", TARGET]);
    for name in &crates {
        run.args(["--package", name]);
    }
    ci::tested(run.env("SWERGIO_PYTHON", venv.program("python")))
}

fn crates_with_target(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.filter(|package| package["source"].is_null());
    let has = ours.filter(|package| {
        let mut targets = package["targets"].as_array().into_iter().flatten();
        targets.any(|target| target["name"] == TARGET && target["kind"][0] == "test")
    });
    has.filter_map(|package| package["name"].as_str()).map(str::to_owned).collect()
}
