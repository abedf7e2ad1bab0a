//! Autobahn's WebSocket suite against the echo route, on the accept path that every connection takes.

mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use crate::autobahn::report::Report;
use crate::broker::Broker;
use crate::checkout::Checkout;
use crate::command;
use crate::outcome::Outcome;
use crate::venv::Venv;

const SUITE: &str = "autobahntestsuite==25.10.1";
const AGENT: &str = "swergio";
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Runs all cases but 12 and 13 (compression, which we do not offer) and fails when one of them failed.
pub(crate) fn run(checkout: &Checkout) -> Result<Outcome> {
    let Some(python) = python_27() else {
        let why = "the suite needs Python 2.7 (pyenv install 2.7.18, or name one in SWERGIO_PYTHON27)";
        return Ok(Outcome::Skipped(why.to_owned()));
    };
    let venv = Venv::make_27(checkout, "autobahn", &python, SUITE)?;
    let broker = Broker::start(checkout, ["--echo-route"])?;
    let folder = checkout.target("autobahn");
    let url = format!("ws://{}/echo", broker.address());
    fuzz(&venv, &folder, &url)?;

    let report = Report::read(&folder.join("reports/index.json"), AGENT)?;
    print!("{report}");
    println!("details: {}", folder.join("reports/index.html").display());
    report.verdict()?;
    Ok(Outcome::Passed)
}

fn fuzz(venv: &Venv, folder: &Path, url: &str) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let spec = json!({
        "outdir": "./reports",
        "servers": [{"agent": AGENT, "url": url}],
        "cases": ["*"],
        "exclude-cases": ["12.*", "13.*"],
        "exclude-agent-cases": {},
    });
    fs::write(folder.join("spec.json"), spec.to_string())?;
    let log = fs::File::create(folder.join("wstest.log"))?;
    let mut wstest = Command::new(venv.program("wstest"));
    wstest.args(["--mode", "fuzzingclient", "--spec", "spec.json", "--webport", "0"]);
    wstest.current_dir(folder).stdout(log.try_clone()?).stderr(log);
    command::run_within(&mut wstest, LIMIT).context("see wstest.log in target/autobahn")
}

/// Finds a Python 2.7 that runs: the one that is named, the one on the path, the newest of pyenv's.
fn python_27() -> Option<PathBuf> {
    let named = std::env::var_os("SWERGIO_PYTHON27").map(PathBuf::from);
    let candidates = named.into_iter().chain([PathBuf::from("python2.7")]).chain(pyenv());
    candidates.into_iter().find(|python| {
        let version = "import sys; sys.exit(sys.version_info[:2] != (2, 7))";
        command::works(Command::new(python).args(["-c", version]))
    })
}

fn pyenv() -> Vec<PathBuf> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv"));
    let Some(versions) = root.or(home).and_then(|root| fs::read_dir(root.join("versions")).ok()) else {
        return Vec::new();
    };
    let mut pythons: Vec<PathBuf> =
        versions.filter_map(|entry| Some(entry.ok()?.path().join("bin/python2.7"))).collect();
    pythons.sort();
    pythons.reverse();
    pythons
}
