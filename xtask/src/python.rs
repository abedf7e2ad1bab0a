//! The published Python package beside ours: a broker, a Rust component and a Python one in a room.

use anyhow::Result;

use crate::checkout::Checkout;
use crate::ci;
use crate::outcome::Outcome;
use crate::venv::Venv;

/// The published package, what reads PyTorch's weights without PyTorch, and whose poles CartPole's agents balance, too.
const PACKAGES: &str = "swergio==0.0.2\nnumpy==2.2.6\nsafetensors==0.8.0\ngymnasium==1.4.0";

/// Installs the packages into an environment of its own and runs every test target called `python`.
///
/// Those say `test = false` in their manifest, so that plain `cargo test` needs no Python. They find the
/// interpreter in the variable `SWERGIO_PYTHON`.
pub(crate) fn test(checkout: &Checkout) -> Result<Outcome> {
    let venv = Venv::make(checkout, "swergio", PACKAGES)?;
    // So the dependencies are built with the same features as for the other tests: once.
    let mut run = checkout.cargo(["test", "--locked", "--workspace", "--all-features", "--test", "python"]);
    ci::tested(run.env("SWERGIO_PYTHON", venv.program("python")))
}
