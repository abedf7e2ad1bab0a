//! Instructions: how many the pieces of the message path take, counted by valgrind and held against a committed baseline.
//!
//! A clock tells something else each time on a machine that others use; a count does not. It is independent of the
//! machine, too, as far as it goes by what we leave out: only instructions of our own program count. Which `memcpy` the C library
//! chooses depends on the processor, and what `malloc` takes on its version, so these are counted by their calls.

mod baseline;
mod profile;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::checkout::Checkout;
use crate::outcome::Outcome;
use crate::{command, debian};
use baseline::{Baseline, Change, Machine};
use profile::Counts;

const BASELINE: &str = "xtask/instructions.toml";
const BENCH: &str = "instructions";
/// Crates that have a bench of this name.
const PACKAGES: [&str; 2] = ["swergio-broker", "swergio-client"];

/// Names a piece and what one run of it takes.
type Piece = (String, Counts);

/// Counts every piece and fails where one takes more than the baseline allows.
pub(crate) fn check(checkout: &Checkout) -> Result<Outcome> {
    if let Err(error) = find_valgrind() {
        return Ok(Outcome::Skipped(format!("{error:#}")));
    }
    let baseline = Baseline::parse(&checkout.read(BASELINE)?).with_context(|| BASELINE.to_owned())?;
    let machine = Machine::here()?;
    let pieces = count_all(checkout)?;
    let changes = baseline.changes(&pieces);
    println!("{}", heading());
    changes.iter().for_each(|change| println!("{change}"));
    if baseline.machine != machine {
        let note = format!("counted with {machine}, while the baseline is of {}", baseline.machine);
        println!("{note}: nothing is held against it; bless it there if that is what CI has now");
        return Ok(Outcome::Partly(note));
    }
    let worse: Vec<&str> = changes.iter().filter(|change| change.is_worse()).map(Change::name).collect();
    ensure!(
        worse.is_empty(),
        "{} take more than before: {}; find out why, or say that it is worth it: cargo xtask instructions --bless",
        worse.len(),
        worse.join("; ")
    );
    let better = changes.iter().filter(|change| change.is_better()).count();
    Ok(match better {
        0 => Outcome::Passed,
        _ => Outcome::Partly(format!(
            "{better} take less than before: keep it so with `cargo xtask instructions --bless`"
        )),
    })
}

/// Counts every piece and makes that the baseline.
pub(crate) fn bless(checkout: &Checkout) -> Result<Outcome> {
    find_valgrind()?;
    let machine = Machine::here()?;
    let pieces = count_all(checkout)?;
    let path = checkout.path(BASELINE);
    if let Ok(old) = checkout.read(BASELINE).and_then(|text| Baseline::parse(&text)) {
        println!("{}", heading());
        old.changes(&pieces).iter().for_each(|change| println!("{change}"));
    }
    std::fs::write(&path, Baseline { machine, pieces }.to_string())?;
    println!("written: {}", path.display());
    Ok(Outcome::Passed)
}

fn heading() -> String {
    format!(
        "{:<36} {:>12} {:>12} {:>8}  {:>6} {:>6}",
        "piece", "instructions", "before", "", "alloc", "copies"
    )
}

fn find_valgrind() -> Result<()> {
    if !command::works(Command::new("valgrind").arg("--version")) {
        debian::install(&["valgrind", "libc6-dbg"], "instructions are counted by valgrind")?;
    }
    ensure!(command::works(Command::new("valgrind").arg("--version")), "valgrind does not work here");
    Ok(())
}

fn count_all(checkout: &Checkout) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for program in build(checkout)? {
        let listed = command::output(&mut Command::new(&program))?;
        ensure!(!listed.is_empty(), "{} lists no pieces", program.display());
        for line in listed.lines() {
            let (times, name) = line.split_once(' ').context("a bench lists `TIMES NAME`")?;
            let counts = count(checkout, &program, name, times.parse()?)?;
            ensure!(counts.instructions > 0, "nothing was counted of {name}: is `counted` still called so?");
            pieces.push((name.to_owned(), counts));
        }
    }
    Ok(pieces)
}

fn count(checkout: &Checkout, program: &Path, name: &str, times: u64) -> Result<Counts> {
    let folder = checkout.target("callgrind");
    std::fs::create_dir_all(&folder)?;
    let out = folder.join(format!("{}.out", name.replace(['/', ' ', ','], "-")));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted*"]);
    valgrind.args(["--compress-strings=no", "--compress-pos=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", out.display())).arg(program).arg(name);
    command::output(&mut valgrind).with_context(|| format!("cannot count {name}"))?;
    Ok(Counts::read(&std::fs::read_to_string(&out)?, &program.to_string_lossy(), times))
}

/// Builds the benches as nothing else is built: with one unit of code generation, and without flags of the person's own.
fn build(checkout: &Checkout) -> Result<Vec<PathBuf>> {
    let mut build = checkout.cargo(["build", "--locked", "--quiet", "--bench", BENCH]);
    build.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    build.args(["--no-default-features", "--profile", "instructions", "--message-format", "json"]);
    build.env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_RUSTFLAGS");
    println!(
        "$ cargo build --bench {BENCH} --package {} --profile instructions",
        PACKAGES.join(" --package ")
    );
    let told = command::output(&mut build)?;
    let artifacts: Vec<Value> = told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let program = |name: &str| {
        let ours = |artifact: &&Value| {
            let of = artifact["package_id"].as_str().is_some_and(|id| id.contains(name));
            of && artifact["target"]["name"] == BENCH
        };
        let program = artifacts.iter().find(ours).and_then(|artifact| artifact["executable"].as_str());
        program.map(PathBuf::from).with_context(|| format!("cargo built no bench of {name}"))
    };
    PACKAGES.iter().map(|name| program(name)).collect()
}
