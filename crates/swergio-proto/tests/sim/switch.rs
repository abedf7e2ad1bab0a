//! Switch: what the world wants of a router, so that a flawed one can take the place of the real one.

use std::collections::BTreeSet;

use swergio_proto::{Address, Effects, Frame, Router, SeatId};

use crate::outcome::Place;

/// Is an address with its seats, and the number of the connection that each stands for.
pub(crate) type Listing<'s> = (Place<'s>, Vec<(SeatId, usize)>);

pub(crate) trait Switch {
    fn join(&mut self, to: Address<'_>, seat: SeatId, listener: usize, ears: &mut Ears);
    fn leave(&mut self, from: Address<'_>, seat: SeatId, ears: &mut Ears);
    fn publish(&mut self, to: Address<'_>, from: SeatId, frame: &Frame, ears: &mut Ears) -> usize;
    fn knows(&self, address: Address<'_>) -> bool;
    fn list(&self) -> Vec<Listing<'_>>;
}

impl Switch for Router<usize> {
    fn join(&mut self, to: Address<'_>, seat: SeatId, listener: usize, ears: &mut Ears) {
        Self::join(self, to, seat, listener, ears);
    }

    fn leave(&mut self, from: Address<'_>, seat: SeatId, ears: &mut Ears) {
        Self::leave(self, from, seat, ears);
    }

    fn publish(&mut self, to: Address<'_>, from: SeatId, frame: &Frame, ears: &mut Ears) -> usize {
        Self::publish(self, to, from, frame, ears)
    }

    fn knows(&self, address: Address<'_>) -> bool {
        Self::knows(self, address)
    }

    fn list(&self) -> Vec<Listing<'_>> {
        fn seat((seat, listener): (SeatId, &usize)) -> (SeatId, usize) {
            (seat, *listener)
        }
        let rooms = self.rooms().map(|(name, seats)| ((true, name), seats.map(seat).collect()));
        let members = self.members().map(|(name, seats)| ((false, name), seats.map(seat).collect()));
        rooms.chain(members).collect()
    }
}

/// Remembers what the switch wanted done.
#[derive(Debug, Default)]
pub(crate) struct Ears {
    /// What was said since the last look, and to whom.
    pub(crate) heard: Vec<(usize, Frame)>,
    pub(crate) wanted: BTreeSet<(bool, String)>,
    /// What the switch said of interest that made no sense.
    pub(crate) nonsense: Option<String>,
}

impl Ears {
    pub(crate) fn wants(&self, address: Address<'_>) -> bool {
        self.wanted.iter().any(|(is_room, name)| *is_room == address.is_room() && name == address.name())
    }

    pub(crate) fn rooms(&self) -> usize {
        self.wanted.iter().filter(|(is_room, _)| *is_room).count()
    }
}

impl Effects<usize> for Ears {
    fn deliver(&mut self, to: &usize, frame: &Frame) {
        self.heard.push((*to, frame.clone()));
    }

    fn interest(&mut self, address: Address<'_>, present: bool) {
        let key = (address.is_room(), address.name().to_owned());
        let changed = if present { self.wanted.insert(key) } else { self.wanted.remove(&key) };
        if !changed {
            self.nonsense = Some(format!("interest in {address:?} became {present} again"));
        }
    }
}
