//! Ticker: four times a second, tells everybody in `_watch` what was noted down.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;
use swergio_proto::{Codec, Envelope, Fault, Frame, Kind, RoomName, SeatId, WATCH};
use tokio::time::{MissedTickBehavior, interval};

use super::digest::sample;
use super::flow::Flow;
use super::ring::{Gap, Ring};
use super::{Notes, Sighting};
use crate::broker::Inner;
use crate::dues::Dues;
use crate::fanout::push;
use crate::outbox::Outbox;
use crate::packet::Packet;

/// Time between two ticks.
const SPAN: Duration = Duration::from_millis(250);
/// Bytes that may wait for a viewer before it is told more.
const BACKLOG: usize = 256 << 10;
/// Connections with the most waiting that are named in a tick.
const MOST_SLOW: usize = 32;
/// Frames that must wait for a connection to be named as slow.
const SLOW_FRAMES: usize = 64;

/// Holds what all viewers are told at one time, spelt once for each codec that one of them speaks.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) number: u64,
    told: Vec<Envelope>,
    bytes: usize,
    spelt: [OnceLock<Vec<Frame>>; 2],
}

impl PartialEq for Tick {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Tick {
    pub(super) fn of(number: u64, told: Vec<Envelope>) -> Self {
        let mut tick = Self { number, told, bytes: 0, spelt: Default::default() };
        tick.bytes = tick.frames(Codec::MsgPack).iter().map(Frame::len).sum();
        tick
    }

    /// Counts its messages.
    pub(super) fn len(&self) -> usize {
        self.told.len()
    }

    /// Counts its bytes as MessagePack.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn frames(&self, codec: Codec) -> &[Frame] {
        self.spelt[usize::from(codec == Codec::MsgPack)]
            .get_or_init(|| self.told.iter().filter_map(|told| told.encode(codec).ok()).collect())
    }
}

/// Begins to tick, unless somebody has. It ends by itself when nobody watches any more.
pub(crate) fn begin(broker: &Arc<Inner>) {
    if !broker.hub.watch.running.swap(true, Ordering::AcqRel) {
        tokio::spawn(run(Arc::downgrade(broker)));
    }
}

async fn run(broker: Weak<Inner>) {
    let mut clock = interval(SPAN);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock.tick().await;
    let mut ticker = Ticker::default();
    loop {
        clock.tick().await;
        let Some(broker) = broker.upgrade() else { return };
        if broker.hub.watch.is_open() {
            ticker.tick(&broker);
            continue;
        }
        let watch = &broker.hub.watch;
        *watch.lock() = Notes::new(&broker.config.limits);
        watch.running.store(false, Ordering::Release);
        // Somebody who came just now has found it running, and begun nothing.
        if !watch.is_open() || watch.running.swap(true, Ordering::AcqRel) {
            return;
        }
    }
}

#[derive(Debug, Default)]
struct Ticker {
    number: u64,
    rings: IndexMap<SeatId, Ring>,
}

/// Names a connection for which much waits.
#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Slow {
    name: String,
    session: u64,
    frames: usize,
    bytes: usize,
}

impl Ticker {
    fn tick(&mut self, broker: &Arc<Inner>) {
        let limits = &broker.config.limits;
        let notes = std::mem::replace(&mut *broker.hub.watch.lock(), Notes::new(limits));
        let told = match tell(self.number, notes, broker) {
            Ok(told) => told,
            Err(fault) => return tracing::error!(%fault, "what is told to _watch cannot be spelt"),
        };
        let tick = Arc::new(Tick::of(self.number, told));
        self.number += 1;
        let viewers = broker.hub.viewers();
        self.rings.retain(|seat, _| viewers.iter().any(|viewer| viewer.seat == *seat));
        let mut dues = Dues::default();
        for viewer in viewers {
            let ring = self.rings.entry(viewer.seat).or_insert_with(|| Ring::new(limits.watch_bytes));
            ring.keep(&tick);
            if viewer.bytes() < BACKLOG {
                let (gap, ticks) = ring.take();
                hand(&viewer, gap, ticks.iter(), broker, &mut dues);
            }
        }
        dues.settle(&broker.hub.meter);
    }
}

/// Hands a viewer what its ring kept, as one packet.
fn hand<'t>(
    viewer: &Arc<Outbox>,
    gap: Option<Gap>,
    ticks: impl Iterator<Item = &'t Arc<Tick>>,
    broker: &Inner,
    dues: &mut Dues,
) {
    let codec = viewer.dialect.codec();
    let gap = gap.and_then(|gap| gap_told(gap).ok()?.encode(codec).ok());
    let frames = gap.into_iter().chain(ticks.flat_map(|tick| tick.frames(codec).iter().cloned()));
    push(viewer, &Packet::train(frames, viewer.dialect, &broker.hub.ledger), dues);
}

/// Makes of the notes one `LOG/TRAFFIC` and a `LOG/SAMPLE` for each message to be shown.
fn tell(number: u64, notes: Notes, broker: &Arc<Inner>) -> Result<Vec<Envelope>, Fault> {
    let Notes { mut flows, sightings, missed, .. } = notes;
    let (flows, others) = flows.take();
    let share = adapt(broker, &flows, others, sightings.len());
    let traffic = into_watch(Kind::TRAFFIC)?
        .with_field("TICK", &number)?
        .with_field("SPAN", &SPAN.as_secs_f64())?
        .with_field("SHARE", &share)?
        .with_field("FLOWS", &flows)?
        .with_field("OTHERS", &others)?
        .with_field("MISSED", &missed)?
        .with_field("SLOW", &slow(broker))?;
    // The sample nests one deeper than what it shows, which was checked at the door.
    let nesting = broker.rules.limits.nesting + 1;
    let shown = sightings.iter().filter_map(|sighting: &Sighting| sample(sighting, nesting).ok());
    Ok(std::iter::once(traffic).chain(shown).collect())
}

/// By how much the share that is wanted may differ from the one in force; half of what a tick may show is kept free for
/// that.
const LOWER: f64 = 0.7;
const HIGHER: f64 = 1.4;

/// Chooses which share of the passes is shown from now on, and returns the share of this tick.
fn adapt(broker: &Inner, flows: &[Flow], others: u64, shown: usize) -> f64 {
    let watch = &broker.hub.watch;
    let bar = watch.bar.load(Ordering::Relaxed) as f64 / u64::MAX as f64;
    let messages = flows.iter().map(|flow| flow.messages).sum::<u64>() + others;
    let most = broker.config.limits.watch_samples as f64 / 2.0;
    let wanted = if messages == 0 { 1.0 } else { (most / messages as f64).min(1.0) };
    // Down at once, up by and by: a burst must not come twice.
    // Not for little: passes that are under way when the share changes are shown in part.
    let next = if wanted < LOWER * bar {
        wanted
    } else if wanted >= 1.0 || wanted > HIGHER * bar {
        (bar * 2.0).min(wanted).max(f64::EPSILON)
    } else {
        bar
    };
    let next = if next >= 1.0 { u64::MAX } else { (next * u64::MAX as f64) as u64 };
    watch.bar.store(next, Ordering::Relaxed);
    tracing::trace!(messages, shown, "told _watch");
    bar
}

fn slow(broker: &Inner) -> Vec<Slow> {
    let mut slow: Vec<Slow> = broker
        .hub
        .backlogs(SLOW_FRAMES)
        .into_iter()
        .map(|(name, seat, frames, bytes)| Slow { name, session: seat.0, frames, bytes })
        .collect();
    slow.sort_by_key(|slow| std::cmp::Reverse(slow.bytes));
    slow.truncate(MOST_SLOW);
    slow
}

fn gap_told(gap: Gap) -> Result<Envelope, Fault> {
    into_watch(Kind::GAP)?
        .with_field("ROOM", WATCH)?
        .with_field("FROM", &gap.from)?
        .with_field("TO", &gap.to)?
        .with_field("COUNT", &gap.count)
}

fn into_watch(kind: Kind<'static>) -> Result<Envelope, Fault> {
    Ok(Envelope::new(kind).with_to_room(RoomName::parse(WATCH)?))
}
