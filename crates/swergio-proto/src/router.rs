//! Router: who sits where. Steps in, effects out.

use std::hash::BuildHasher;

use foldhash::fast::{FixedState, RandomState};
use indexmap::IndexMap;

use crate::{Address, Frame};

/// Identifies one connection's seats. Two connections of one name have two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeatId(pub u64);

/// Everything the router may cause. What is delivered, `F`, is a frame, or several that go the same way.
pub trait Effects<H, F: ?Sized = Frame> {
    /// Hand `what` to `to`.
    fn deliver(&mut self, to: &H, what: &F);

    /// The first member of `address` came, or the last one left.
    fn interest(&mut self, address: Address<'_>, present: bool);
}

/// Nobody but the broker chooses the numbers of seats, so that their hashes need no secret.
type Seats<H> = IndexMap<SeatId, H, FixedState>;
type Space<H> = IndexMap<Box<str>, Seats<H>, RandomState>;

/// Keeps the members of rooms and of names, and hands messages to them.
///
/// `H` is the handle that it keeps for a seat: an outbox in the broker, a number in the simulator, a string in
/// a test. It causes nothing itself: what it wants done it asks of the [`Effects`] that it is given.
///
/// ```
/// use swergio_proto::{Address, Effects, Frame, RoomName, Router, SeatId};
///
/// #[derive(Default)]
/// struct Heard(Vec<String>);
///
/// impl Effects<&str> for Heard {
///     fn deliver(&mut self, to: &&str, _: &Frame) {
///         self.0.push(to.to_string());
///     }
///     fn interest(&mut self, _: Address<'_>, _: bool) {}
/// }
///
/// let (lab, mut heard, mut router) = (RoomName::parse("lab")?, Heard::default(), Router::new());
/// for (seat, name) in [(1, "ada"), (2, "bob")] {
///     router.join(Address::room(&lab), SeatId(seat), name, &mut heard);
/// }
/// let frame = Frame::json(r#"{"TYPE": "DATA/TEXT"}"#);
/// assert_eq!(router.publish(Address::room(&lab), SeatId(1), &frame, &mut heard), 1);
/// assert_eq!(heard.0, ["bob"]);
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Debug)]
pub struct Router<H> {
    rooms: Space<H>,
    members: Space<H>,
}

impl<H> Default for Router<H> {
    fn default() -> Self {
        Self { rooms: Space::default(), members: Space::default() }
    }
}

impl<H> Router<H> {
    /// Makes a router that knows nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives `seat` a place at `address`. Returns whether it had none there.
    pub fn join(
        &mut self,
        address: Address<'_>,
        seat: SeatId,
        handle: H,
        effects: &mut impl Effects<H>,
    ) -> bool {
        let space = self.space_mut(address);
        if let Some(seats) = space.get_mut(address.name()) {
            return seats.insert(seat, handle).is_none();
        }
        space.insert(address.name().into(), Seats::from_iter([(seat, handle)]));
        effects.interest(address, true);
        true
    }

    /// Takes `seat`'s place at `address` away. Returns whether it had one.
    pub fn leave(&mut self, address: Address<'_>, seat: SeatId, effects: &mut impl Effects<H>) -> bool {
        let space = self.space_mut(address);
        let Some(seats) = space.get_mut(address.name()) else { return false };
        let had = seats.swap_remove(&seat).is_some();
        if seats.is_empty() {
            space.swap_remove(address.name());
            effects.interest(address, false);
        }
        had
    }

    /// Hands `what`, a frame or several, to everybody at `address`: in a room to all but `from`, by name to `from`
    /// as well.
    ///
    /// Returns how many seats it was handed to; none where nobody sits, which is no fault.
    pub fn publish<F: ?Sized>(
        &self,
        address: Address<'_>,
        from: SeatId,
        what: &F,
        effects: &mut impl Effects<H, F>,
    ) -> usize {
        let Some(seats) = self.space(address).get(address.name()) else { return 0 };
        let silent = address.is_room().then_some(from);
        let mut receivers = 0;
        for (_, handle) in seats.iter().filter(|(seat, _)| Some(**seat) != silent) {
            effects.deliver(handle, what);
            receivers += 1;
        }
        receivers
    }

    /// Tells whether anybody sits at `address`.
    pub fn knows(&self, address: Address<'_>) -> bool {
        self.space(address).contains_key(address.name())
    }

    /// Lists every room with its seats.
    pub fn rooms(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = (SeatId, &H)>)> {
        self.rooms.iter().map(|(name, seats)| (&**name, seats.iter().map(|(seat, handle)| (*seat, handle))))
    }

    /// Lists every member's name with its seats.
    pub fn members(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = (SeatId, &H)>)> {
        self.members.iter().map(|(name, seats)| (&**name, seats.iter().map(|(seat, handle)| (*seat, handle))))
    }

    fn space(&self, address: Address<'_>) -> &Space<H> {
        if address.is_room() { &self.rooms } else { &self.members }
    }

    fn space_mut(&mut self, address: Address<'_>) -> &mut Space<H> {
        if address.is_room() { &mut self.rooms } else { &mut self.members }
    }
}

impl Address<'_> {
    /// Chooses which of `shards` routers keeps this address, the same one throughout a process.
    pub fn shard(self, shards: usize) -> usize {
        (FixedState::default().hash_one(self) % shards.max(1) as u64) as usize
    }
}
