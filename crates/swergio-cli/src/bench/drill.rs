//! Drill: sending and hearing until all is heard, once to warm up and once to measure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::crew::Crew;
use super::lane::Lane;
use super::latency::Latencies;
use super::mark::Epoch;
use super::plan::{Pace, Plan, Until};
use super::tally::Listener;

/// Silence after which what has not been heard is lost.
const STALL: Duration = Duration::from_secs(10);
/// The same when a member has been cut off, for which everybody else waits in vain.
const CUT_OFF: Duration = Duration::from_secs(1);
/// Time between two looks at how far everybody is.
const GLANCE: Duration = Duration::from_millis(20);

/// Tells what one part of a run came to.
#[derive(Debug)]
pub(super) struct Span {
    /// Messages that were sent.
    pub(super) sent: u64,
    /// Messages that receivers heard, each once a receiver.
    pub(super) heard: u64,
    /// From the first message sent to the last heard.
    pub(super) took: Duration,
    /// How much later than they were due messages were sent, where they were due at an hour.
    pub(super) late: Option<Latencies>,
}

/// Sends on all lanes as the plan says, and waits until everything is heard or nothing more comes.
pub(super) async fn drill(
    crew: &Crew,
    plan: &Plan,
    until: Until,
    look: impl Fn(u64, Duration),
) -> Result<Span> {
    let (sent_before, heard_before, begin) = (crew.sent(), crew.tally.heard(), crew.epoch.now());
    let halt = Arc::new(AtomicBool::new(false));
    let mut senders = set_off(crew, plan, until, &halt);
    let (mut late, mut last_change, mut last_heard) = (None, begin, heard_before);
    loop {
        sleep(GLANCE).await;
        while let Some(ended) = senders.try_join_next() {
            late = ended.context("a sender came to grief")??;
        }
        let (sent, heard, now) = (crew.sent(), crew.tally.heard(), crew.epoch.now());
        look(heard - heard_before, now - begin);
        let all = heard >= sent * plan.receivers() as u64;
        if all && senders.is_empty() {
            break;
        }
        if all || heard != last_heard {
            (last_change, last_heard) = (now, heard);
        }
        let silence = now - last_change;
        if silence > STALL || silence > CUT_OFF && crew.is_broken() {
            halt.store(true, Ordering::Relaxed);
            break;
        }
    }
    Ok(Span {
        sent: crew.sent() - sent_before,
        heard: crew.tally.heard() - heard_before,
        took: crew.tally.last().saturating_sub(begin),
        late,
    })
}

type Sending = Result<Option<Latencies>>;

/// Begins to send. The senders end by themselves, or with the set.
fn set_off(crew: &Crew, plan: &Plan, until: Until, halt: &Arc<AtomicBool>) -> JoinSet<Sending> {
    let (epoch, mut senders) = (crew.epoch, JoinSet::new());
    match plan.pace {
        Pace::Rate(rate) => {
            let (lanes, halt) = (crew.lanes.clone(), Arc::clone(halt));
            let keep_time = move || keep_time(&lanes, rate, until, epoch, &halt).map(Some);
            senders.spawn_blocking(keep_time);
        }
        Pace::Window(_) if plan.is_one_by_one() => {
            for (lane, listener) in crew.lanes.iter().zip(&crew.waiting) {
                senders.spawn(bounce(Arc::clone(lane), Arc::clone(listener), until, epoch));
            }
        }
        Pace::Window(_) => {
            for lane in &crew.lanes {
                let lane = Arc::clone(lane);
                senders.spawn(async move { Ok(lane.fill(until, epoch).await.map(|()| None)?) });
            }
        }
    }
    senders
}

/// Sends a message and waits for it to come back, again and again.
async fn bounce(lane: Arc<Lane>, listener: Arc<Mutex<Listener>>, until: Until, epoch: Epoch) -> Sending {
    let mut listener = listener.lock().await;
    let (begin, mut sent) = (epoch.now(), 0);
    while !until.is_over(sent, epoch.now() - begin) {
        lane.send(epoch.now()).await?;
        sent += 1;
        if !listener.hear_one().await {
            break;
        }
    }
    Ok(None)
}

/// Sends on all lanes in turn, each message at its hour and marked with it: a message that could not be sent in time,
/// because those before it were held up, counts from when it was due. This thread does nothing else, as its sleep
/// is finer than that of the runtime's timers.
fn keep_time(
    lanes: &[Arc<Lane>],
    rate: f64,
    until: Until,
    epoch: Epoch,
    halt: &AtomicBool,
) -> Result<Latencies> {
    let (runtime, begin) = (Handle::current(), epoch.now());
    let mut late = Latencies::new();
    for (number, lane) in (0u64..).zip(lanes.iter().cycle()) {
        let from_begin = Duration::from_secs_f64(number as f64 / rate);
        let due = begin + from_begin;
        if until.is_over(number / lanes.len() as u64, from_begin) || halt.load(Ordering::Relaxed) {
            break;
        }
        std::thread::sleep(due.saturating_sub(epoch.now()));
        late.record(epoch.now().saturating_sub(due));
        runtime
            .block_on(async { timeout(STALL, lane.send(due)).await })
            .context("the broker takes nothing")??;
    }
    Ok(late)
}
