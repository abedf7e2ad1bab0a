//! Mutants: routers with one flaw each, every one of which a play must find.

use std::collections::BTreeSet;

use swergio_proto::{Address, Effects, Frame, SeatId};

use crate::script::Script;
use crate::switch::{Ears, Listing, Switch};
use crate::{SEEDS, play};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// The sender hears what it says into a room of its own.
    Echo,
    /// The first receiver is told twice.
    DoubleDelivery,
    /// An address stays when the last one has left it.
    LeakedRoom,
    /// Nobody is told that an address is wanted which was wanted before.
    LostInterest,
    /// Nobody is told that an address is wanted no more.
    LastingInterest,
    /// Of two frames of one line the second is told first.
    WrongOrder,
    /// A frame is told when the next one is.
    HeldBack,
    /// The neighbour is told instead.
    WrongReceiver,
    /// Whoever writes to its own name does not hear it.
    DeafToOneself,
    /// Of several of one name only the first is told.
    OtherHolderMissed,
    /// A room and a member of one name are one place.
    OneSpace,
    /// When one leaves, all are gone.
    EverybodyLeaves,
    /// When one leaves, it is another who goes.
    AnotherLeaves,
    /// A name is kept when its holder takes another or ends.
    StaleName,
    /// Who sits there already is forgotten when somebody comes.
    Ousted,
    /// The sender is counted as a receiver.
    Miscounted,
}

/// Is a router by linear search, with a flaw or with none.
#[derive(Default)]
struct Mutant {
    flaw: Option<Flaw>,
    addresses: Vec<Entry>,
    once_wanted: BTreeSet<(bool, String)>,
    held: Vec<(usize, Frame)>,
}

struct Entry {
    is_room: bool,
    name: String,
    seats: Vec<(SeatId, usize)>,
}

impl Mutant {
    fn with(flaw: Flaw) -> Self {
        Self { flaw: Some(flaw), ..Self::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn find(&self, address: Address<'_>) -> Option<usize> {
        let one = self.is(Flaw::OneSpace);
        self.addresses
            .iter()
            .position(|entry| entry.name == address.name() && (one || entry.is_room == address.is_room()))
    }

    /// Lists those who are told.
    fn receivers(&self, to: Address<'_>, from: SeatId) -> Vec<usize> {
        let Some(at) = self.find(to) else { return Vec::new() };
        let (seats, room) = (&self.addresses[at].seats, to.is_room());
        let silent = room && !self.is(Flaw::Echo) || !room && self.is(Flaw::DeafToOneself);
        let neighbour = usize::from(self.is(Flaw::WrongReceiver));
        let most = if self.is(Flaw::OtherHolderMissed) && !room { 1 } else { seats.len() };
        (0..most)
            .filter(|seat| !silent || seats[*seat].0 != from)
            .map(|seat| seats[(seat + neighbour) % seats.len()].1)
            .collect()
    }
}

impl Switch for Mutant {
    fn join(&mut self, to: Address<'_>, seat: SeatId, listener: usize, ears: &mut Ears) {
        if let Some(at) = self.find(to) {
            if self.is(Flaw::Ousted) {
                self.addresses[at].seats.clear();
            }
            return self.addresses[at].seats.push((seat, listener));
        }
        let (is_room, name) = (to.is_room(), to.name().to_owned());
        let is_first = self.once_wanted.insert((is_room, name.clone()));
        self.addresses.push(Entry { is_room, name, seats: vec![(seat, listener)] });
        if is_first || !self.is(Flaw::LostInterest) {
            ears.interest(to, true);
        }
    }

    fn leave(&mut self, from: Address<'_>, seat: SeatId, ears: &mut Ears) {
        if self.is(Flaw::StaleName) && !from.is_room() {
            return;
        }
        let Some(at) = self.find(from) else { return };
        let (every, another) = (self.is(Flaw::EverybodyLeaves), self.is(Flaw::AnotherLeaves));
        let seats = &mut self.addresses[at].seats;
        match seats.iter().position(|(other, _)| *other == seat) {
            _ if every => seats.clear(),
            Some(_) if another => drop(seats.remove(0)),
            Some(own) => drop(seats.remove(own)),
            None => {}
        }
        if seats.is_empty() {
            if !self.is(Flaw::LeakedRoom) {
                self.addresses.remove(at);
            }
            if !self.is(Flaw::LastingInterest) {
                ears.interest(from, false);
            }
        }
    }

    fn publish(&mut self, to: Address<'_>, from: SeatId, frame: &Frame, ears: &mut Ears) -> usize {
        let receivers = self.receivers(to, from);
        let mut told: Vec<(usize, Frame)> = receivers.iter().map(|who| (*who, frame.clone())).collect();
        if self.is(Flaw::DoubleDelivery) {
            told.extend(told.first().cloned());
        }
        if self.is(Flaw::HeldBack) {
            std::mem::swap(&mut told, &mut self.held);
        }
        if self.is(Flaw::WrongOrder) {
            ears.heard.splice(0..0, told);
        } else {
            ears.heard.extend(told);
        }
        receivers.len() + usize::from(self.is(Flaw::Miscounted))
    }

    fn knows(&self, address: Address<'_>) -> bool {
        self.find(address).is_some()
    }

    fn list(&self) -> Vec<Listing<'_>> {
        self.addresses.iter().map(|entry| ((entry.is_room, &*entry.name), entry.seats.clone())).collect()
    }
}

/// Says which seed finds the flaw, and by what; without the flaw the same seed finds nothing.
fn caught(flaw: Flaw) {
    for seed in 0..SEEDS {
        let script = Script::of(seed);
        if let Err(failure) = play::play(&script, Mutant::with(flaw), |_| {}) {
            play::play(&script, Mutant::default(), |_| {}).expect("nothing but the flaw is to be found");
            return println!("{flaw:?} is caught by seed {seed} {failure}");
        }
    }
    panic!("{flaw:?} lives through {SEEDS} seeds");
}

macro_rules! each_is_caught {
    ($($name:ident: $flaw:ident,)*) => {$(
        #[test]
        fn $name() {
            caught(Flaw::$flaw);
        }
    )*};
}

each_is_caught! {
    an_echo_is_caught: Echo,
    a_double_delivery_is_caught: DoubleDelivery,
    a_leaked_room_is_caught: LeakedRoom,
    a_lost_interest_is_caught: LostInterest,
    a_lasting_interest_is_caught: LastingInterest,
    a_wrong_order_is_caught: WrongOrder,
    a_frame_held_back_is_caught: HeldBack,
    a_wrong_receiver_is_caught: WrongReceiver,
    a_member_deaf_to_itself_is_caught: DeafToOneself,
    a_namesake_missed_is_caught: OtherHolderMissed,
    rooms_and_names_mixed_up_are_caught: OneSpace,
    everybody_leaving_is_caught: EverybodyLeaves,
    another_leaving_is_caught: AnotherLeaves,
    a_stale_name_is_caught: StaleName,
    an_ousted_member_is_caught: Ousted,
    a_miscount_is_caught: Miscounted,
}

/// A mutant is caught for its flaw, and not for being another router.
#[test]
fn without_a_flaw_it_is_as_good_as_the_real_one() {
    for seed in 0..SEEDS / 10 {
        if let Err(failure) = play::play(&Script::of(seed), Mutant::default(), |_| {}) {
            panic!("seed {seed} {failure}");
        }
    }
}

/// An echo takes three lines: somebody registers, joins, and says something.
#[test]
fn a_failing_script_is_made_short() {
    let fails = |script: &Script| play::play(script, Mutant::with(Flaw::Echo), |_| {}).is_err();
    let long = (0..SEEDS).map(Script::of).find(|script| fails(script)).unwrap();
    let short = play::shorten(&long, fails);
    assert_eq!(short.lines.len(), 3, "{short}");
}
