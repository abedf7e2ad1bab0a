//! Broker: this same program once more, as a broker in a process of its own whose memory can be measured.

use std::net::SocketAddr;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use clap::Parser;
use swergio_broker::cli::{Args, run};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child as Process, Command};

/// Tells this program that it is the broker.
const ASKED: &str = "SWERGIO_STOPPED_READER_SERVES";

/// Serves, when this process was started as the broker; returns its exit code then.
pub(crate) fn serve_if_asked() -> Result<Option<i32>> {
    if std::env::var_os(ASKED).is_none() {
        return Ok(None);
    }
    let code = run(&Args::parse())?;
    Ok(Some(i32::from(code != ExitCode::SUCCESS)))
}

/// Owns the broker's process; dropping it ends the process.
pub(crate) struct Child {
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Child {
    /// Starts a broker whose readers may have `outbox` bytes waiting, and waits until it listens.
    pub(crate) async fn start(outbox: usize) -> Result<Self> {
        let bound = format!("outbox_bytes={outbox}");
        let mut process = Command::new(std::env::current_exe()?)
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "--limit", "linger=60", "--limit", &bound])
            .env(ASKED, "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let told = process.stdout.take().context("stdout was asked to be a pipe")?;
        let line =
            BufReader::new(told).lines().next_line().await?.context("the broker says where it listens")?;
        let Some(address) = line.strip_prefix("listening on ") else { bail!("the broker says {line:?}") };
        Ok(Self { process, address: address.parse()? })
    }

    /// Reads a figure of the process's memory, in bytes: `VmRSS` now, `VmHWM` at its peak.
    pub(crate) fn memory(&self, figure: &str) -> Result<usize> {
        let id = self.process.id().context("the broker ended by itself")?;
        let status =
            std::fs::read_to_string(format!("/proc/{id}/status")).context("this needs Linux's /proc")?;
        let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
        let kib: usize = line.context("the figure is there")?.trim().trim_end_matches(" kB").parse()?;
        Ok(kib << 10)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }
}
