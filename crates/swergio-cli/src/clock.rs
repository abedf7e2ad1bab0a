//! Clock: the hour on the wall, and when it is time to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::sleep;

/// Time that an ending command has to print its last line, should nobody read what it prints.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// The exit status of a program that Ctrl-C has ended.
const INTERRUPTED: i32 = 130;

/// Returns the local time, `14:03:22.123`.
pub(crate) fn now() -> String {
    jiff::ZonedDateTime::now().strftime("%H:%M:%S%.3f").to_string()
}

/// Tells when Ctrl-C or SIGTERM came, or a time is over.
#[derive(Debug)]
pub(crate) struct Stop(Arc<Notify>);

impl Stop {
    pub(crate) fn after(time: Option<Duration>) -> Result<Self> {
        let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let told = Arc::new(Notify::new());
        tokio::spawn(watch(signals, time, Arc::clone(&told)));
        Ok(Self(told))
    }

    /// Waits until it is time. Cancel-safe.
    pub(crate) async fn wait(&self) {
        self.0.notified().await;
    }
}

/// Tells when it is time; and ends the process when that is of no use, as printing waits for a reader that does
/// not read.
async fn watch((mut interrupt, mut terminate): (Signal, Signal), time: Option<Duration>, told: Arc<Notify>) {
    let over = async {
        match time {
            Some(time) => sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = over => {}
    }
    told.notify_one();
    tokio::select! {
        _ = interrupt.recv() => {}
        () = sleep(LAST_WORDS) => {}
    }
    std::process::exit(INTERRUPTED);
}

/// Reads a time in seconds, as `1.5`.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|_| "not a time that can be waited for".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_has_milliseconds() {
        let now = now();
        let shape: String = now.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "00:00:00.000", "{now}");
    }

    #[test]
    fn a_time_is_a_number_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["", "soon", "-1", "inf", "nan", "1e300"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
