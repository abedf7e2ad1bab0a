//! Presence: what listeners to the room `_presence` are told about who comes and goes.

use std::iter::once;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use swergio_proto::{Address, Effects, Frame, MemberName, Notice, PresenceState, RoomName, SeatId};

use super::{Hub, OURSELVES, Shard, lock, ring};
use crate::outbox::{Outbox, Pushed};
use crate::packet::{Dialect, Packet};

impl Hub {
    /// Tells all listeners some notices, which are made only if anybody listens.
    pub(super) fn tell_presence<'n, N: IntoIterator<Item = Notice<'n>>>(&self, notices: impl FnOnce() -> N) {
        if !self.presence.load(Ordering::Relaxed) {
            return;
        }
        let notices: Vec<Notice<'n>> = notices().into_iter().collect();
        let mut train = Train::of(self, &notices);
        self.shard(Address::presence()).publish(Address::presence(), OURSELVES, &nothing(), &mut train);
        ring(&mut train.bells);
    }

    /// Tells a new listener who is there. Each room is told under its lock, so that nobody leaves in between.
    pub(super) fn tell_who_is_there(&self, listener: &Arc<Outbox>) {
        if !listener.dialect.takes_notices() {
            return;
        }
        for shard in &self.shards {
            let mut bells = self.tell_who_is_in(&lock(shard), listener);
            ring(&mut bells);
        }
    }

    /// Tells a new listener who is there under the names and in the rooms of one shard.
    fn tell_who_is_in(&self, shard: &Shard, listener: &Arc<Outbox>) -> Vec<Arc<Outbox>> {
        let seated: Vec<(MemberName, SeatId, &str)> = shard
            .rooms()
            .flat_map(|(room, seats)| seats.map(move |(seat, _)| (seat, room)))
            .filter_map(|(seat, room)| Some((self.name_of(seat)?, seat, room)))
            .collect();
        let members = shard.members().flat_map(|(name, seats)| seats.map(move |(seat, _)| (name, seat)));
        let notices: Vec<Notice<'_>> = members
            .map(|(name, seat)| joined(name, seat, None))
            .chain(seated.iter().map(|(name, seat, room)| joined(name.as_str(), *seat, Some(*room))))
            .collect();
        let mut train = Train::of(self, &notices);
        train.deliver(listener, &nothing());
        train.bells
    }

    fn name_of(&self, seat: SeatId) -> Option<MemberName> {
        lock(&self.present).get(&seat)?.name.clone()
    }
}

/// Says that a member joined a room, or came.
pub(super) fn joined<'n>(name: &'n str, seat: SeatId, room: Option<&'n str>) -> Notice<'n> {
    Notice::Presence { name, session: seat.0, room, state: PresenceState::Joined }
}

/// Says that a member left a room, or went.
pub(super) fn left<'n>(name: &'n str, seat: SeatId, room: Option<&'n str>) -> Notice<'n> {
    Notice::Presence { name, session: seat.0, room, state: PresenceState::Left }
}

/// Says that a member came, and in which rooms it is.
pub(super) fn coming<'n, 'r: 'n>(
    name: &'n MemberName,
    seat: SeatId,
    rooms: impl Iterator<Item = &'r RoomName>,
) -> impl Iterator<Item = Notice<'n>> {
    once(joined(name.as_str(), seat, None))
        .chain(rooms.map(move |room| joined(name.as_str(), seat, Some(room.as_str()))))
}

/// Says which rooms a member left, and that it went.
pub(super) fn leaving<'n, 'r: 'n>(
    name: &'n MemberName,
    seat: SeatId,
    rooms: impl Iterator<Item = &'r RoomName>,
) -> impl Iterator<Item = Notice<'n>> {
    rooms.map(move |room| left(name.as_str(), seat, Some(room.as_str()))).chain(once(left(
        name.as_str(),
        seat,
        None,
    )))
}

/// What the router hands round in place of the notices, which each listener is told in its own codec.
fn nothing() -> Frame {
    Frame::json("")
}

/// Hands out notices that belong together as one packet. One member may sit in a thousand rooms, and there may be
/// a hundred thousand: each by itself would fill the outbox of a listener before it can read the first.
struct Train<'t> {
    hub: &'t Hub,
    notices: &'t [Notice<'t>],
    coupled: [Option<Arc<Packet>>; Dialect::COUNT],
    bells: Vec<Arc<Outbox>>,
}

impl<'t> Train<'t> {
    fn of(hub: &'t Hub, notices: &'t [Notice<'t>]) -> Self {
        Self { hub, notices, coupled: Default::default(), bells: Vec::new() }
    }
}

impl Effects<Arc<Outbox>> for Train<'_> {
    fn deliver(&mut self, to: &Arc<Outbox>, _: &Frame) {
        let dialect = to.dialect;
        if !dialect.takes_notices() || self.notices.is_empty() {
            return;
        }
        let packet = self.coupled[dialect.index()].get_or_insert_with(|| {
            let frames = self.notices.iter().map(|notice| notice.encode(dialect.codec()));
            Packet::train(frames, dialect, &self.hub.ledger)
        });
        let pushed = to.push(packet);
        if matches!(pushed, Pushed::Ring | Pushed::Overflow) {
            self.bells.push(Arc::clone(to));
        }
        if matches!(pushed, Pushed::Ring | Pushed::Waits) {
            self.hub.meter.delivered(self.notices.len());
        }
    }

    fn interest(&mut self, _: Address<'_>, _: bool) {}
}
