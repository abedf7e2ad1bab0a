//! Watch: what the room `_watch` is told of everybody's messages: all of them counted, a share of them shown.

mod digest;
mod flow;
mod ring;
mod summary;
mod ticker;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use swergio_proto::{Frame, Head, Kind, Limits, Route, SeatId};

use self::flow::Flows;
pub(crate) use self::ticker::begin;
use crate::link::Heard;

/// Kinds that are rare and that nobody should miss: shown as long as there is room, whatever the share.
const ALWAYS: &[&str] = &[
    "LOG/KPI",
    "LOG/RUN",
    "LOG/AUDIT",
    "DATA/QUERY",
    "DATA/FEEDBACK",
    "DATA/FAULT",
    "COMMAND/PORTS",
    "COMMAND/MISMATCH",
];

/// Collects what members note down, until the ticker takes it.
#[derive(Debug)]
pub(crate) struct Watch {
    open: AtomicBool,
    /// Passes whose hash is at most this are shown.
    bar: AtomicU64,
    notes: Mutex<Notes>,
    running: AtomicBool,
}

/// Holds what was noted down: counts of all messages, and the frames of those to be shown.
#[derive(Debug)]
pub(crate) struct Notes {
    flows: Flows,
    sightings: Vec<Sighting>,
    bytes: usize,
    /// Messages that should have been shown, and for which there was no room.
    missed: u64,
    most_sightings: usize,
    most_bytes: usize,
}

/// Is one message on its way through the broker.
#[derive(Debug)]
pub(crate) struct Sighting {
    frame: Frame,
    /// The sender, by the name that it registered.
    from: String,
    session: SeatId,
    /// Seconds since 1970.
    time: f64,
}

impl Watch {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            open: AtomicBool::new(false),
            bar: AtomicU64::new(u64::MAX),
            notes: Mutex::new(Notes::new(limits)),
            running: AtomicBool::new(false),
        }
    }

    /// Tells whether anybody sits in `_watch`, without taking a lock.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes note of whether anybody sits in `_watch`.
    pub(crate) fn opened(&self, open: bool) {
        self.open.store(open, Ordering::Relaxed);
    }

    /// Takes over what a member has noted down.
    pub(crate) fn collect(&self, notes: &mut Notes) {
        if !notes.is_empty() {
            self.lock().absorb(notes);
        }
    }

    /// Tells whether the pass that a message belongs to is shown. All messages of a pass are, or none.
    fn shows(&self, head: &Head<'_>, kind: &Kind<'_>) -> bool {
        if ALWAYS.contains(&kind.as_str()) {
            return true;
        }
        let bar = self.bar.load(Ordering::Relaxed);
        let pass = head.root_id.text().or_else(|| head.id.text()).unwrap_or_default();
        bar == u64::MAX || hash(pass) <= bar
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            flows: Flows::new(limits.watch_flows),
            sightings: Vec::new(),
            bytes: 0,
            missed: 0,
            most_sightings: limits.watch_samples,
            most_bytes: limits.watch_bytes,
        }
    }

    /// Notes down one message of the member `from`.
    pub(crate) fn note(
        &mut self,
        watch: &Watch,
        heard: &Heard<'_>,
        head: &Head<'_>,
        route: &Route<'_>,
        from: (&str, SeatId),
    ) {
        let Ok(kind) = head.kind() else { return };
        for to in [route.room, route.member].into_iter().flatten() {
            self.flows.count(from.0, to, &kind, 1, heard.len() as u64);
        }
        // What the broker consumes itself is told to `_presence`.
        let goes = route.room.is_some() || route.member.is_some();
        if goes && watch.shows(head, &kind) {
            self.show(heard.len(), || Sighting {
                frame: heard.frame(),
                from: from.0.to_owned(),
                session: from.1,
                time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()),
            });
        }
    }

    /// Keeps a sighting of so many bytes, which is made only if there is room for it.
    fn show(&mut self, bytes: usize, sighting: impl FnOnce() -> Sighting) {
        let crowded = self.bytes + bytes > self.most_bytes && self.bytes > 0;
        if self.sightings.len() >= self.most_sightings || crowded {
            self.missed += 1;
            return;
        }
        self.bytes += bytes;
        self.sightings.push(sighting());
    }

    fn absorb(&mut self, other: &mut Self) {
        self.flows.absorb(&mut other.flows);
        self.missed += std::mem::take(&mut other.missed);
        other.bytes = 0;
        for sighting in other.sightings.drain(..) {
            self.show(sighting.frame.len(), || sighting);
        }
    }

    fn is_empty(&self) -> bool {
        self.flows.is_empty() && self.sightings.is_empty() && self.missed == 0
    }
}

/// Gives a pass its place between 0 and `u64::MAX`, the same one whenever it is asked.
fn hash(pass: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    pass.hash(&mut hasher);
    hasher.finish()
}
