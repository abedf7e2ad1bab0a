//! World: the real sessions around a switch, driven as the broker drives them.

use swergio_proto::{
    Act, Address, Codec, Fault, Frame, Head, Route, Rules, SeatId, Session, respell_as_python,
    splice_sent_by, wrap_log,
};

use crate::outcome::{Outcome, State};
use crate::script::{Deed, House, Papers};
use crate::switch::{Ears, Switch};

/// The seat that the broker itself speaks from; nobody sits there.
const OURSELVES: SeatId = SeatId(0);

pub(crate) struct World<S> {
    rules: Rules,
    log_room: bool,
    papers: [&'static Papers; crate::script::PLACES],
    members: Vec<Member>,
    next: usize,
    switch: S,
    ears: Ears,
}

/// Is one connection: its session, and the number that is never given again.
struct Member {
    number: usize,
    session: Session,
}

impl Member {
    fn new(number: usize, rules: &Rules, papers: &Papers) -> Self {
        Self { number, session: Session::new(rules.clone(), papers.grant()) }
    }

    fn seat(&self) -> SeatId {
        SeatId(self.number as u64 + 1)
    }

    fn name(&self) -> Result<&str, Fault> {
        self.session.name().map(|name| name.as_str()).ok_or(Fault::Unregistered)
    }
}

impl<S: Switch> World<S> {
    pub(crate) fn new(house: &House, switch: S) -> Self {
        let (rules, papers) = (house.rules(), house.papers);
        let members: Vec<Member> =
            papers.iter().enumerate().map(|(number, papers)| Member::new(number, &rules, papers)).collect();
        let next = members.len();
        Self { rules, log_room: house.log_room, papers, members, next, switch, ears: Ears::default() }
    }

    pub(crate) fn perform(&mut self, place: usize, deed: &Deed) -> Outcome {
        let done = match deed {
            Deed::Say(codec, message) => self.receive(place, &message.spell(*codec)),
            Deed::Babble(frame) => self.receive(place, frame),
            Deed::HangUp => Ok(self.end(place)),
        };
        let mut outcome = done.unwrap_or_else(Outcome::from);
        outcome.heard = std::mem::take(&mut self.ears.heard);
        outcome.heard.sort_by_key(|(listener, _)| *listener);
        outcome
    }

    /// Tells how things stand.
    ///
    /// # Errors
    /// What the switch says of itself that cannot be.
    pub(crate) fn state(&self) -> Result<State<'_>, String> {
        if let Some(nonsense) = &self.ears.nonsense {
            return Err(nonsense.clone());
        }
        let mut state = State::default();
        for Member { number, session } in &self.members {
            let rooms = session.rooms().map(|room| (*number, (true, room.as_str())));
            let name = session.name().map(|name| (*number, (false, name.as_str())));
            state.booked.extend(rooms.chain(name));
        }
        for (place, seats) in self.switch.list() {
            state.known.push(place);
            for (seat, listener) in seats {
                if seat != SeatId(listener as u64 + 1) {
                    return Err(format!("{seat:?} in {place:?} is kept for {listener}"));
                }
                state.seated.push((listener, place));
            }
        }
        state.wanted = self.ears.wanted.iter().map(|(is_room, name)| (*is_room, name.as_str())).collect();
        state.booked.sort_unstable();
        state.seated.sort_unstable();
        state.known.sort_unstable();
        Ok(state)
    }

    fn receive(&mut self, place: usize, frame: &Frame) -> Result<Outcome, Fault> {
        let head = Head::peek(frame, self.rules.limits.nesting)?;
        let step = self.members[place].session.receive(&head)?;
        if step.act == Act::Disconnect {
            return Ok(self.end(place));
        }
        self.act(place, step.act)?;
        let receivers = self.route(place, frame, step.route)?;
        Ok(Outcome { receivers: step.route.ack.then_some(receivers), ..Outcome::default() })
    }

    fn act(&mut self, place: usize, act: Act) -> Result<(), Fault> {
        let (member, switch, ears) = (&mut self.members[place], &mut self.switch, &mut self.ears);
        match act {
            Act::Say | Act::Disconnect => {}
            Act::Register { name, was } => {
                if let Some(was) = &was {
                    switch.leave(Address::member(was), member.seat(), ears);
                }
                switch.join(Address::member(&name), member.seat(), member.number, ears);
            }
            Act::Join(room) => {
                let (address, limit) = (Address::room(&room), self.rules.limits.rooms);
                if ears.rooms() >= limit && !switch.knows(address) {
                    member.session.undo_join(&room);
                    return Err(Fault::RoomLimit { limit, scope: "on this broker" });
                }
                switch.join(address, member.seat(), member.number, ears);
            }
            Act::Leave(room) => switch.leave(Address::room(&room), member.seat(), ears),
        }
        Ok(())
    }

    fn route(&mut self, place: usize, frame: &Frame, route: Route<'_>) -> Result<usize, Fault> {
        let logs = route.logged && self.log_room && self.ears.wants(Address::logging());
        if route.room.is_none() && route.member.is_none() && !logs {
            return Ok(0);
        }
        let frame = self.sign(place, frame, route.unsigned)?;
        let seat = self.members[place].seat();
        let mut receivers = 0;
        for address in [route.room, route.member].into_iter().flatten() {
            receivers += self.switch.publish(address, seat, &frame, &mut self.ears);
        }
        if logs {
            let entry = self.log_entry(&frame)?;
            self.switch.publish(Address::logging(), OURSELVES, &entry, &mut self.ears);
        }
        Ok(receivers)
    }

    fn sign(&self, place: usize, frame: &Frame, unsigned: bool) -> Result<Frame, Fault> {
        if !unsigned {
            return Ok(frame.clone());
        }
        let (name, mut out) = (self.members[place].name()?, Vec::new());
        if self.is_python(frame) {
            respell_as_python(frame, Some(name), self.rules.limits.nesting, &mut out)?;
        } else {
            splice_sent_by(frame, name, &mut out);
        }
        Ok(Frame::new(frame.codec(), out))
    }

    fn log_entry(&self, frame: &Frame) -> Result<Frame, Fault> {
        if !self.is_python(frame) {
            return Ok(wrap_log(frame, crate::LOG_ID));
        }
        let mut respelt = Vec::new();
        respell_as_python(frame, None, self.rules.limits.nesting, &mut respelt)?;
        Ok(wrap_log(&Frame::json(respelt), crate::LOG_ID))
    }

    fn is_python(&self, frame: &Frame) -> bool {
        self.rules.upstream && frame.codec() == Codec::Json
    }

    /// Takes the seats of the connection away and lets somebody new connect at its place.
    fn end(&mut self, place: usize) -> Outcome {
        let (switch, ears) = (&mut self.switch, &mut self.ears);
        let new = Member::new(self.next, &self.rules, self.papers[place]);
        let gone = std::mem::replace(&mut self.members[place], new);
        self.next += 1;
        for room in gone.session.rooms() {
            switch.leave(Address::room(room), gone.seat(), ears);
        }
        if let Some(name) = gone.session.name() {
            switch.leave(Address::member(name), gone.seat(), ears);
        }
        Outcome { ended: true, ..Outcome::default() }
    }
}
