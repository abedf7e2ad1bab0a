//! Venue: the broker that is measured, a running one or one that we start for it, and what it uses.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use swergio_client::{Bounds, Client, ErrorKind, Options, Reconnect};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::plan::Plan;
use super::process::{Process, Used};
use crate::broker::explain;

/// Time that a broker of ours has to listen, and to end.
const READY: Duration = Duration::from_secs(20);
/// Bytes of a message besides its payload, amply.
const ENVELOPE: usize = 64 << 10;
/// Messages that wait for a member of ours; a window is always below it.
const INBOX: usize = 1 << 16;
/// Events that wait for us; we look when something went wrong.
const EVENTS: usize = 16;

/// Chooses the broker to measure.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Broker")]
pub(super) struct Target {
    /// The broker to measure: ws://host:port or host:port [default: one that is started for it].
    #[arg(long, short, global = true, env = "SWERGIO_URL")]
    url: Option<String>,
    /// The secret to show, where the broker wants one.
    #[arg(long, global = true, env = "SWERGIO_TOKEN", value_name = "SECRET", hide_env_values = true)]
    token: Option<String>,
    /// The process of a broker on this machine, to tell what it uses; one that is started here is known.
    #[arg(long, global = true, value_name = "ID")]
    pid: Option<u32>,
}

impl Target {
    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

/// Says which broker is measured.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.url, self.pid) {
            (None, _) => {
                f.write_str("a broker on this machine, started anew for each line; --url names another")
            }
            (Some(url), Some(pid)) => write!(f, "{url}, process {pid} here"),
            (Some(url), None) => {
                write!(f, "{url}; its CPU time and memory are shown with --pid, if it is on this machine")
            }
        }
    }
}

/// Holds the broker while it is measured.
#[derive(Debug)]
pub(super) struct Venue {
    url: String,
    token: Option<String>,
    process: Option<Process>,
    child: Option<Child>,
}

impl Venue {
    /// Finds the broker; where none is named, starts one that takes messages as large as the plan's.
    pub(super) async fn open(target: &Target, plan: &Plan) -> Result<Self> {
        let token = target.token.clone();
        if let Some(url) = target.url.clone() {
            let process = target.pid.map(Process::of);
            if process.as_ref().is_some_and(|process| process.used().is_none()) {
                bail!("there is no process {} here: see --pid", target.pid.unwrap_or_default());
            }
            return Ok(Self { url, token, process, child: None });
        }
        let (child, url) = timeout(READY, start(plan.size)).await.context("the broker did not start")??;
        let process = child.id().map(Process::of);
        Ok(Self { url, token, process, child: Some(child) })
    }

    /// Returns what the broker has used; nothing where its process is not known.
    pub(super) fn used(&self) -> Option<Used> {
        self.process.as_ref()?.used()
    }

    /// Connects a member, as the components of users connect, but one that does not come back when it is cut off.
    pub(super) async fn connect(&self, name: &str, plan: &Plan) -> Result<Client> {
        let message_bytes = Bounds::default().message_bytes.max(plan.size.saturating_add(ENVELOPE));
        let bounds = Bounds { inbox: INBOX, events: EVENTS, message_bytes, ..Bounds::default() };
        let options = Options { token: self.token.clone(), bounds, ..Options::new(self.url.as_str()) };
        let options = options.name(name).codec(plan.codec.codec()).reconnect(Reconnect::never());
        options.connect().await.map_err(|error| match error.kind() {
            ErrorKind::Refused => explain(error).context("see --token, or the broker's limits"),
            _ => explain(error).context(format!("cannot connect to {}", self.url)),
        })
    }

    /// Ends the broker, if it is ours.
    pub(super) async fn close(mut self) {
        let Some(mut child) = self.child.take() else { return };
        let id = child.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            // Should it have ended by itself, that is what we want.
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        if timeout(READY, child.wait()).await.is_err() {
            let _ = child.kill().await;
        }
    }
}

/// Starts this very program as a broker on a free port of the loopback, and returns its URL.
async fn start(largest: usize) -> Result<(Child, String)> {
    let program = std::env::current_exe().context("cannot find this program to start a broker")?;
    let message = Bounds::default().message_bytes.max(largest.saturating_add(ENVELOPE));
    let mut serve = Command::new(program);
    // What configures the user's own broker does not configure this one.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SWERGIO_")) {
        serve.env_remove(name);
    }
    serve.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn"]);
    serve.args([
        "--limit",
        &format!("message_bytes={message}"),
        "--limit",
        &format!("outbox_bytes={}", 2 * message),
    ]);
    serve.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = serve.spawn().context("cannot start a broker")?;
    let told = child.stdout.take().context("a pipe was asked for")?;
    let mut lines = BufReader::new(told).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.strip_prefix("listening on ") {
            return Ok((child, format!("ws://{address}")));
        }
    }
    bail!("the broker ended before it listened; see above")
}
