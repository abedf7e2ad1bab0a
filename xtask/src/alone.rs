//! Each published crate by itself, as its users build it: without what the others of the workspace switch on.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::checkout::Checkout;
use crate::command;
use crate::outcome::Outcome;

/// Checks every published crate with no feature and with all of them.
pub(crate) fn check(checkout: &Checkout) -> Result<Outcome> {
    let crates = published(&checkout.metadata()?);
    ensure!(!crates.is_empty(), "no crate is published");
    for name in crates {
        for features in ["--no-default-features", "--all-features"] {
            command::run(&mut checkout.cargo([
                "check",
                "--locked",
                "--quiet",
                "--package",
                &name,
                features,
            ]))?;
        }
    }
    Ok(Outcome::Passed)
}

/// Lists our crates but those that say `publish = false`.
fn published(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let ours = packages.filter(|package| package["source"].is_null() && package["publish"].is_null());
    ours.filter_map(|package| package["name"].as_str()).map(str::to_owned).collect()
}
