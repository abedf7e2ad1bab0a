//! Idle: what a broker needs for connections that say nothing, and whether it still reaches them all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use tokio::time::sleep;

use super::crew::Crew;
use super::drill::{Span, drill};
use super::plan::{Plan, Until};
use super::progress::Progress;
use super::venue::Venue;

/// Time that a broker has to come to rest before its memory is looked at.
const REST: Duration = Duration::from_millis(500);

/// Tells what idle connections cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Idle {
    pub(super) connections: usize,
    /// Seconds until all were connected and seated.
    pub(super) connect_seconds: f64,
    /// Resident bytes of the broker for each connection, when all sit there.
    pub(super) bytes_at_rest: Option<f64>,
    /// The same after one message to all of them.
    pub(super) bytes_after_broadcast: Option<f64>,
}

/// Connects everybody, rests, says one thing to all, and rests again.
pub(super) async fn idle(venue: &Arc<Venue>, plan: &Plan, progress: &Progress) -> Result<(Crew, Span, Idle)> {
    let memory = || venue.used().map(|used| used.memory as f64);
    let (before, begin) = (memory(), Instant::now());
    let crew = Crew::gather(venue, plan, |seated| progress.seated(seated)).await?;
    let connect_seconds = begin.elapsed().as_secs_f64();
    let connections = plan.connections();
    let each = |now: Option<f64>| Some((now? - before?).max(0.0) / connections as f64);
    let rest = match plan.until {
        Until::Time(time) => time.max(REST),
        Until::Messages(_) => REST,
    };
    progress.resting();
    sleep(rest).await;
    let bytes_at_rest = each(memory());
    let span = drill(&crew, plan, Until::Messages(1), |_, _| {}).await?;
    sleep(REST).await;
    let bytes_after_broadcast = each(memory());
    Ok((crew, span, Idle { connections, connect_seconds, bytes_at_rest, bytes_after_broadcast }))
}
