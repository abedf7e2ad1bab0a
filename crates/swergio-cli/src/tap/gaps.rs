//! Gaps: what explains that messages are missing, told as it happens, also while printing waits for a reader.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Error, anyhow};
use swergio_client::{Event, Events};
use tokio::sync::oneshot;

use crate::broker::refused;
use crate::output::note;

/// The close code of a connection that does not read fast enough.
const SLOW: u16 = 4000;

/// Tells of gaps on standard error, and counts them.
#[derive(Debug)]
pub(crate) struct Gaps {
    left_out: Arc<LeftOut>,
    refusal: oneshot::Receiver<Error>,
}

/// Counts the messages that found no place as nobody read what was printed.
#[derive(Debug, Default)]
struct LeftOut {
    count: AtomicU64,
    /// Whether more are being left out.
    more: AtomicBool,
}

impl Gaps {
    /// Begins to tell, under the name of a command.
    pub(crate) fn announce(command: &'static str, events: Events) -> Self {
        let left_out = Arc::new(LeftOut::default());
        let (tell, refusal) = oneshot::channel();
        tokio::spawn(announce(command, events, Arc::clone(&left_out), tell));
        Self { left_out, refusal }
    }

    /// Waits until the broker refuses something, as a room that it gave us before. Cancel-safe.
    pub(crate) async fn refusal(&mut self) -> Error {
        (&mut self.refusal).await.unwrap_or_else(|_| anyhow!("the connection is closed"))
    }
}

async fn announce(command: &str, mut events: Events, left_out: Arc<LeftOut>, tell: oneshot::Sender<Error>) {
    while let Some(event) = events.next().await {
        match event {
            Event::Disconnected { code, reason, retry_in: Some(wait) } => {
                let slow = if code == Some(SLOW) { ", as it does not keep up" } else { "" };
                note(format_args!("{command}: cut off{slow}: {reason}; back in {:.1} s", wait.as_secs_f64()));
            }
            Event::Welcomed(_) => note(format_args!("{command}: listening again")),
            Event::FellBehind { .. } => {
                left_out.more.store(true, Ordering::Relaxed);
                note(format_args!("{command}: what it prints is not read; messages are left out"));
            }
            Event::CaughtUp { missed, .. } => {
                left_out.count.fetch_add(missed, Ordering::Relaxed);
                left_out.more.store(false, Ordering::Relaxed);
                note(format_args!("{command}: {missed} messages were left out"));
            }
            Event::Malformed { reason } => {
                note(format_args!("{command}: left out what is no message: {reason}"));
            }
            Event::Rejected(rejection) => {
                let _ = tell.send(refused(&rejection));
                return;
            }
            // Why it has ended, the client says itself.
            Event::Closed => return std::future::pending().await,
            _ => {}
        }
    }
}

/// Ends the line of counts.
impl fmt::Display for Gaps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.left_out.count.load(Ordering::Relaxed), self.left_out.more.load(Ordering::Relaxed)) {
            (0, false) => Ok(()),
            (count, false) => write!(f, "; {count} left out"),
            (0, true) => f.write_str("; some left out"),
            (count, true) => write!(f, "; more than {count} left out"),
        }
    }
}
