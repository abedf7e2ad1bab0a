//! File: a `swarm.yaml` read into a plan, upstream's keys and ours.

mod component;
mod raw;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_saphyr::Location;

use super::{BrokerPlan, Folder, Plan, SwarmError, SwarmLimits};
use raw::{Raw, RawBroker};

/// Reads a file, with all that it says checked.
pub(super) fn read(path: &Path) -> Result<Plan, SwarmError> {
    let most = SwarmLimits::default().file_bytes;
    let failed = |error: std::io::Error| SwarmError::File(format!("{}: {error}", path.display()));
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text)).map_err(failed)?;
    if text.len() as u64 > most {
        return Err(SwarmError::File(format!("{}: more than {most} bytes", path.display())));
    }
    let folder = std::path::absolute(path).map_err(failed)?;
    parse(&text, &Place { name: path.to_owned(), base: folder.parent().unwrap_or(Path::new("/")).to_owned() })
        .map(|plan| plan.folder(Folder::of(path)))
}

/// Says where a text comes from.
struct Place {
    /// The file, as it was named.
    name: PathBuf,
    /// The folder that relative paths start at.
    base: PathBuf,
}

impl Place {
    /// Tells what is wrong, and where.
    fn wrong(&self, at: Location, what: impl std::fmt::Display) -> SwarmError {
        SwarmError::File(format!("{}:{}:{}: {what}", self.name.display(), at.line(), at.column()))
    }
}

fn parse(text: &str, place: &Place) -> Result<Plan, SwarmError> {
    let raw: Raw = serde_saphyr::from_str(text).map_err(|error| {
        let told = error.without_snippet();
        let at = told.location().unwrap_or(Location::UNKNOWN);
        place.wrong(at, plainly(&told.to_string()))
    })?;
    let settings = raw.settings.unwrap_or_default();
    let mut plan = Plan { url: settings.url.clone(), broker: raw.broker.map(broker), ..Plan::default() };
    let mut delayed = None;
    for (name, component) in raw.components.map(|components| components.0).unwrap_or_default() {
        let at = name.defined;
        let explicit = component.depends_on.is_some();
        let mut launch = component::launch(&name.value, component, &settings, place)
            .map_err(|told| place.wrong(at, told))?;
        // As upstream has it: whoever comes later in the file waits out the delay of whoever came before.
        if let (Some(before), false) = (&delayed, explicit) {
            launch.needs.push(String::clone(before));
        }
        if matches!(launch.ready, super::Ready::After(_)) {
            delayed = Some(launch.name.clone());
        }
        plan.launches.push(launch);
        plan.check().map_err(|told| place.wrong(at, told))?;
    }
    plan.clone().settle().map_err(|told| SwarmError::File(format!("{}: {told}", place.name.display())))?;
    Ok(plan)
}

fn broker(raw: RawBroker) -> BrokerPlan {
    let broker = BrokerPlan::new(raw.listen.unwrap_or_else(|| "127.0.0.1:8080".to_owned()));
    let broker = match raw.command {
        Some(words) => broker.command(words.0),
        None => broker,
    };
    broker.args(raw.args.unwrap_or_default().0)
}

/// Leaves out where it was, which is told before.
fn plainly(told: &str) -> &str {
    told.rsplit_once(" at line ").map_or(told, |(what, _)| what)
}

#[cfg(test)]
mod tests;
