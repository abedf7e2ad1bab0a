//! Presence: what listeners to the room `_presence` are told about who comes and goes.

use std::iter::once;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use swergio_proto::{Address, Effects, MemberName, Notice, PresenceState, RoomName, SeatId};

use super::{Hub, OURSELVES, Shard, lock};
use crate::dialect::Dialect;
use crate::dues::Dues;
use crate::outbox::{Outbox, Pushed};
use crate::packet::Packet;

impl Hub {
    /// Tells all listeners some notices, which are made only if anybody listens.
    pub(super) fn tell_presence<'n, N: IntoIterator<Item = Notice<'n>>>(&self, notices: impl FnOnce() -> N) {
        if !self.presence.load(Ordering::Relaxed) {
            return;
        }
        let notices: Vec<Notice<'n>> = notices().into_iter().collect();
        let mut train = Train::of(self);
        self.shard(Address::presence()).publish(Address::presence(), OURSELVES, &notices[..], &mut train);
        train.dues.settle(&self.meter);
    }

    /// Tells a new listener who is there. Each room is told under its lock, so that nobody leaves in between.
    pub(super) fn tell_who_is_there(&self, listener: &Arc<Outbox>) {
        if !listener.dialect.takes_notices() {
            return;
        }
        for shard in &self.shards {
            let mut dues = self.tell_who_is_in(&lock(shard), listener);
            dues.settle(&self.meter);
        }
    }

    /// Tells a new listener who is there under the names and in the rooms of one shard.
    fn tell_who_is_in(&self, shard: &Shard, listener: &Arc<Outbox>) -> Dues {
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
        let mut train = Train::of(self);
        train.deliver(listener, &notices);
        train.dues
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

/// Hands out notices that belong together as one packet. One member may sit in a thousand rooms, and there may be
/// a hundred thousand: each by itself would fill the outbox of a listener before it can read the first.
struct Train<'t> {
    hub: &'t Hub,
    coupled: [Option<Arc<Packet>>; Dialect::COUNT],
    dues: Dues,
}

impl<'t> Train<'t> {
    fn of(hub: &'t Hub) -> Self {
        Self { hub, coupled: Default::default(), dues: Dues::default() }
    }
}

impl Effects<Arc<Outbox>, [Notice<'_>]> for Train<'_> {
    fn deliver(&mut self, to: &Arc<Outbox>, notices: &[Notice<'_>]) {
        let dialect = to.dialect;
        if !dialect.takes_notices() || notices.is_empty() {
            return;
        }
        let packet = self.coupled[dialect.index()].get_or_insert_with(|| {
            let frames = notices.iter().map(|notice| notice.encode(dialect.codec()));
            Packet::train(frames, dialect, &self.hub.ledger)
        });
        let pushed = to.push(packet);
        if matches!(pushed, Pushed::Ring | Pushed::Overflow) {
            self.dues.bell(to);
        }
        if matches!(pushed, Pushed::Ring | Pushed::Waits) {
            self.dues.delivered(notices.len());
        }
    }

    fn interest(&mut self, _: Address<'_>, _: bool) {}
}
