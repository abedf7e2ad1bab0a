//! Hub: the routers behind their locks, and everybody's outbox. The only shared state of a broker.

mod presence;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use swergio_proto::{Address, Effects, Fault, Frame, Limits, MemberName, Notice, RoomName, Router, SeatId};

use self::presence::{coming, joined, leaving, left};
use crate::dialect::Dialect;
use crate::dues::Dues;
use crate::fanout::{Fanout, push};
use crate::meter::Meter;
use crate::outbox::Outbox;
use crate::packet::{Ledger, Packet};
use crate::parcel::Parcel;
use crate::spares::Spares;
use crate::watch::Watch;

/// Routers that share the addresses, so that rooms seldom wait for one another's lock.
const SHARDS: usize = 16;
/// The seat that the broker itself speaks from; nobody sits there.
const OURSELVES: SeatId = SeatId(0);

type Shard = Router<Arc<Outbox>>;

#[derive(Debug)]
pub(crate) struct Hub {
    shards: [Mutex<Shard>; SHARDS],
    present: Mutex<IndexMap<SeatId, Present>>,
    rooms: AtomicUsize,
    max_rooms: usize,
    logging: AtomicBool,
    presence: AtomicBool,
    pub(crate) watch: Watch,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) spares: Arc<Spares>,
    pub(crate) meter: Meter,
}

#[derive(Clone, Debug)]
struct Present {
    outbox: Arc<Outbox>,
    name: Option<MemberName>,
}

impl Hub {
    pub(crate) fn new(limits: &Limits, meter: Meter) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            present: Mutex::default(),
            rooms: AtomicUsize::new(0),
            max_rooms: limits.rooms,
            logging: AtomicBool::new(false),
            presence: AtomicBool::new(false),
            watch: Watch::new(limits),
            ledger: Arc::default(),
            spares: Arc::new(Spares::new(limits.spare_bytes)),
            meter,
        }
    }

    /// Takes note of a connection. Returns `false`, without doing so, when there are `most` already.
    pub(crate) fn enter(&self, outbox: &Arc<Outbox>, most: usize) -> bool {
        let mut present = lock(&self.present);
        if present.len() >= most {
            return false;
        }
        present.insert(outbox.seat, Present { outbox: Arc::clone(outbox), name: None });
        true
    }

    /// Takes away all seats of a connection that is ending: its rooms and its name.
    pub(crate) fn vacate<'r>(&self, outbox: &Outbox, rooms: impl Iterator<Item = &'r RoomName> + Clone) {
        let name = lock(&self.present).get_mut(&outbox.seat).and_then(|present| present.name.take());
        let Some(name) = name else { return };
        for room in rooms.clone() {
            self.unseat(Address::room(room), outbox.seat);
        }
        self.unseat(Address::member(&name), outbox.seat);
        self.tell_presence(|| leaving(&name, outbox.seat, rooms));
    }

    /// Forgets a connection that has ended.
    pub(crate) fn exit(&self, seat: SeatId) {
        lock(&self.present).swap_remove(&seat);
    }

    /// Gives a connection its name, in place of the one that it had.
    pub(crate) fn register<'r>(
        &self,
        name: &MemberName,
        was: Option<&MemberName>,
        outbox: &Arc<Outbox>,
        rooms: impl Iterator<Item = &'r RoomName> + Clone,
    ) {
        if let Some(present) = lock(&self.present).get_mut(&outbox.seat) {
            present.name = Some(name.clone());
        }
        if let Some(was) = was {
            self.unseat(Address::member(was), outbox.seat);
            self.tell_presence(|| leaving(was, outbox.seat, rooms.clone()));
        }
        self.seat(Address::member(name), outbox);
        self.tell_presence(|| coming(name, outbox.seat, rooms));
    }

    /// Gives a member its seat in a room; a listener to `_presence` is first told who is there.
    pub(crate) fn join(&self, room: &RoomName, name: &MemberName, outbox: &Arc<Outbox>) -> Result<(), Fault> {
        let address = Address::room(room);
        if self.rooms.load(Ordering::Relaxed) >= self.max_rooms && !self.shard(address).knows(address) {
            return Err(Fault::RoomLimit { limit: self.max_rooms, scope: "on this broker" });
        }
        self.seat(address, outbox);
        if address == Address::presence() {
            self.tell_who_is_there(outbox);
        }
        self.tell_presence(|| [joined(name.as_str(), outbox.seat, Some(room.as_str()))]);
        Ok(())
    }

    pub(crate) fn leave(&self, room: &RoomName, name: &MemberName, seat: SeatId) {
        self.unseat(Address::room(room), seat);
        self.tell_presence(|| [left(name.as_str(), seat, Some(room.as_str()))]);
    }

    /// Hands a parcel to everybody at `address` and returns into how many outboxes it went.
    pub(crate) fn publish(
        &self,
        address: Address<'_>,
        from: SeatId,
        parcel: &Parcel<'_>,
        fanout: &mut Fanout<'_>,
    ) -> usize {
        let before = fanout.receivers();
        self.shard(address).publish(address, from, parcel, fanout);
        fanout.hand_to_strangers(parcel);
        fanout.receivers() - before
    }

    /// Tells whether anybody sits in `_logging`, without taking a lock.
    pub(crate) fn hears_logs(&self) -> bool {
        self.logging.load(Ordering::Relaxed)
    }

    /// Hands a log entry to everybody in `_logging`, the sender of what is logged included.
    pub(crate) fn publish_log(&self, entry: &Frame, fanout: &mut Fanout<'_>) {
        self.publish_ours(Address::logging(), entry, fanout);
    }

    fn publish_ours(&self, address: Address<'_>, frame: &Frame, fanout: &mut Fanout<'_>) {
        let dialect = Dialect::web_socket(frame.codec());
        let parcel = Parcel::one(frame, dialect, Packet::seal(frame, dialect, &self.ledger));
        self.publish(address, OURSELVES, &parcel, fanout);
    }

    /// Lists the outboxes of those who sit in `_watch` and understand what is told there.
    pub(crate) fn viewers(&self) -> Vec<Arc<Outbox>> {
        let mut viewers = Viewers::default();
        self.shard(Address::watch()).publish(Address::watch(), OURSELVES, &(), &mut viewers);
        viewers.0
    }

    /// Lists the connections for which at least so many frames wait: their names, numbers, frames and bytes.
    pub(crate) fn backlogs(&self, frames: usize) -> Vec<(String, SeatId, usize, usize)> {
        let present = lock(&self.present);
        let waiting = present.iter().filter_map(|(seat, present)| {
            let (waiting, bytes) = present.outbox.waiting();
            let name = present.name.as_ref()?.as_str().to_owned();
            (waiting >= frames).then_some((name, *seat, waiting, bytes))
        });
        waiting.collect()
    }

    /// Lists every connection's outbox.
    pub(crate) fn outboxes(&self) -> Vec<Arc<Outbox>> {
        lock(&self.present).values().map(|present| Arc::clone(&present.outbox)).collect()
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.present).len()
    }

    /// Closes the readers with the most waiting until all outboxes together will be within `most` bytes.
    ///
    /// What a closed reader's task is writing is given back only when that task has its turn: until then it
    /// stands for its share, so that nobody else is closed for it.
    pub(crate) fn shed(&self, most: usize) {
        let mut excess = self.ledger.bytes().saturating_sub(most);
        if excess == 0 {
            return;
        }
        let mut outboxes: Vec<(usize, Arc<Outbox>)> =
            self.outboxes().into_iter().map(|outbox| (outbox.bytes(), outbox)).collect();
        outboxes.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (bytes, outbox) in outboxes {
            if excess == 0 || bytes == 0 {
                return;
            }
            outbox.close(Fault::Slow);
            excess = excess.saturating_sub(bytes);
        }
    }

    fn seat(&self, address: Address<'_>, outbox: &Arc<Outbox>) {
        let mut census = Census(self);
        self.shard(address).join(address, outbox.seat, Arc::clone(outbox), &mut census);
    }

    fn unseat(&self, address: Address<'_>, seat: SeatId) {
        self.shard(address).leave(address, seat, &mut Census(self));
    }

    fn shard(&self, address: Address<'_>) -> MutexGuard<'_, Shard> {
        lock(&self.shards[address.shard(SHARDS)])
    }

    /// Tells one connection something of the broker's own, if it understands that.
    pub(crate) fn notify(&self, listener: &Arc<Outbox>, notice: &Notice<'_>, dues: &mut Dues) {
        if listener.dialect.takes_notices() {
            let frame = notice.encode(listener.dialect.codec());
            push(listener, &Packet::seal(&frame, listener.dialect, &self.ledger), dues);
        }
    }
}

/// Gathers who would be told.
#[derive(Default)]
struct Viewers(Vec<Arc<Outbox>>);

impl Effects<Arc<Outbox>, ()> for Viewers {
    fn deliver(&mut self, to: &Arc<Outbox>, (): &()) {
        if to.dialect.takes_notices() {
            self.0.push(Arc::clone(to));
        }
    }

    fn interest(&mut self, _: Address<'_>, _: bool) {}
}

/// Counts rooms as they come and go, and notes who listens to the rooms of ours.
struct Census<'a>(&'a Hub);

impl Effects<Arc<Outbox>> for Census<'_> {
    fn deliver(&mut self, _: &Arc<Outbox>, _: &Frame) {}

    fn interest(&mut self, address: Address<'_>, present: bool) {
        if !address.is_room() {
            return;
        }
        if present {
            self.0.rooms.fetch_add(1, Ordering::Relaxed);
        } else {
            self.0.rooms.fetch_sub(1, Ordering::Relaxed);
        }
        self.0.meter.room(present);
        if address == Address::logging() {
            self.0.logging.store(present, Ordering::Relaxed);
        }
        if address == Address::watch() {
            self.0.watch.opened(present);
        }
        if address == Address::presence() {
            self.0.presence.store(present, Ordering::Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
