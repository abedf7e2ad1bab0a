//! Report: all figures of a bench as one JSON object.

use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use serde::Serialize;
use swergio_client::Body;

use super::figures::Figures;
use crate::output;

/// Counts up when a key changes its meaning or goes; new keys may come at any time.
const SCHEMA: u32 = 1;

/// Collects the figures of all plans.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    /// The version of the program that measured.
    version: &'static str,
    /// Where the broker listens; nothing where one was started for each result, on this machine.
    url: Option<String>,
    /// `linux`, `x86_64`.
    system: [&'static str; 2],
    /// Processors that this process may use.
    pub(super) processors: usize,
    pub(super) results: Vec<Figures>,
}

impl Report {
    pub(super) fn begin(url: Option<&str>) -> Self {
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            url: url.map(str::to_owned),
            system: [std::env::consts::OS, std::env::consts::ARCH],
            processors: available_parallelism().map_or(1, usize::from),
            results: Vec::new(),
        }
    }

    /// Says what it was measured on.
    pub(super) fn machine(&self) -> String {
        let [system, processor] = self.system;
        format!("{} processors, {system} on {processor}", self.processors)
    }

    /// Writes the report to a file, or to standard output for `-`.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut json = Body::of(self)?.to_json();
        if path.as_os_str() == "-" {
            return output::raw_line(&json);
        }
        json.push(b'\n');
        std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))
    }
}
