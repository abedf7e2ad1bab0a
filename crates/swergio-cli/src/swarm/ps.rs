//! Ps: where each process of a swarm stands.

use std::time::Duration;

use anyhow::Result;
use swergio_client::Body;
use swergio_toolbox::swarm::{Report, State, Status};

use super::{Which, verdict};
use crate::line::plain;
use crate::{Verdict, output};

/// Show where each process of the swarm stands.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The columns: UP is how long the process has been running, RST how often it was started again, CPU the share of one \
processor that it and its descendants have used since then, MEM what they hold in memory (shared pages counted for each), ROOMS the rooms that \
connections of its name sit in.

Exit status: 0; 1 when no swarm runs here.")]
pub(super) struct Ps {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    which: Which,
}

const TITLES: [&str; 8] = ["NAME", "STATE", "PID", "UP", "RST", "CPU", "MEM", "ROOMS"];

impl Ps {
    pub(super) async fn run(&self) -> Result<Verdict> {
        let report = match self.which.remote() {
            Ok(remote) => remote.report().await,
            Err(error) => Err(error),
        };
        match report {
            Ok(report) if self.json => output::raw_line(&Body::of(&report)?.to_json())?,
            Ok(report) => output::print(&table(&report))?,
            Err(error) => return verdict(Err(error)),
        }
        Ok(Verdict::Yes)
    }
}

/// Writes a line for each process.
pub(super) fn table(report: &Report) -> String {
    let mut rows = vec![TITLES.map(str::to_owned)];
    rows.extend(report.components.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; TITLES.len()] = std::array::from_fn(width);
    let line = |row: &[String; TITLES.len()]| {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| match column {
            // Numbers stand at the right.
            2..=6 => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

fn row(status: &Status) -> [String; TITLES.len()] {
    let or_none = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
    let share = status.cpu.zip(status.uptime).filter(|(_, up)| !up.is_zero());
    [
        plain(&status.name),
        state(status),
        or_none(status.pid.map(|pid| pid.to_string())),
        or_none(status.uptime.map(time)),
        status.restarts.to_string(),
        or_none(share.map(|(cpu, up)| format!("{:.0}%", 100.0 * cpu.as_secs_f64() / up.as_secs_f64()))),
        or_none(status.memory.map(bytes)),
        status.rooms.iter().map(|room| plain(room)).collect::<Vec<_>>().join(", "),
    ]
}

/// Says where it stands and, where it is down, why.
fn state(status: &Status) -> String {
    match (&status.state, &status.last) {
        (State::Failed | State::Backoff, Some(last)) => format!("{}: {last}", status.state),
        (state, _) => state.to_string(),
    }
}

fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86400, seconds / 3600 % 24),
    }
}

fn bytes(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1000.0 { format!("{mib:.0}M") } else { format!("{:.1}G", mib / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        Body::from_json(text.as_bytes()).unwrap().read().unwrap()
    }

    #[test]
    fn a_table_has_what_one_looks_for() {
        let text = r#"{"pid": 1, "url": "ws://127.0.0.1:8080", "components": [
            {"name": "broker", "state": "up", "pid": 17, "guard": 16, "uptime": 125.0, "restarts": 0, "rooms": [],
             "cpu": 12.5, "memory": 31457280, "last": null},
            {"name": "model", "state": "failed", "pid": null, "guard": null, "uptime": null, "restarts": 10,
             "rooms": ["input", "model"], "cpu": null, "memory": null, "last": {"code": 3}}]}"#;
        assert_eq!(
            table(&report(text)),
            "NAME    STATE                         PID     UP  RST  CPU  MEM  ROOMS\n\
             broker  up                             17  2m05s    0  10%  30M\n\
             model   failed: exited with status 3    -      -   10    -    -  input, model\n"
        );
    }

    #[test]
    fn times_and_sizes_are_short() {
        let times = [0, 59, 60, 3599, 3600, 90_061].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(times, ["0s", "59s", "1m00s", "59m59s", "1h00m", "1d01h"]);
        assert_eq!([bytes(0), bytes(5 << 20), bytes(3 << 30)], ["0M", "5M", "3.0G"]);
    }
}
