//! The fuzz targets' committed corpus, replayed with the stable compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;
use crate::outcome::Outcome;
use crate::{command, debian};

const FOLDER: &str = "crates/swergio-proto/fuzz";

/// Returns the manifest of the fuzz targets, which are a workspace of their own.
pub(crate) fn manifest() -> &'static str {
    "crates/swergio-proto/fuzz/Cargo.toml"
}

/// Runs every target once over each file of its corpus; libFuzzer's own program does that when given files.
pub(crate) fn replay(checkout: &Checkout) -> Result<Outcome> {
    if !command::works(Command::new("c++").arg("--version")) {
        debian::install(&["g++"], "libFuzzer is C++ and there is no compiler for it")?;
    }
    let target = checkout.target("fuzz");
    let mut build = checkout.cargo(["build", "--locked", "--bins", "--manifest-path", manifest()]);
    command::run(build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", "--cfg fuzzing"))?;

    let mut inputs = 0;
    for folder in sorted(&checkout.path(FOLDER).join("corpus"))? {
        let name = folder.file_name().context("a corpus is a folder with its target's name")?;
        let files = sorted(&folder)?;
        ensure!(!files.is_empty(), "the corpus {} is empty", folder.display());
        inputs += files.len();
        println!("{}: {} inputs", name.to_string_lossy(), files.len());
        replay_files(&target.join("debug").join(name), &files)?;
    }
    ensure!(inputs > 0, "there is no corpus in {FOLDER}");
    println!("{inputs} inputs replayed");
    Ok(Outcome::Passed)
}

fn replay_files(program: &Path, files: &[PathBuf]) -> Result<()> {
    let ran = Command::new(program).args(files).output().with_context(|| program.display().to_string())?;
    if !ran.status.success() {
        println!("{}", String::from_utf8_lossy(&ran.stderr));
    }
    ensure!(ran.status.success(), "{}: {}", program.display(), ran.status);
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
