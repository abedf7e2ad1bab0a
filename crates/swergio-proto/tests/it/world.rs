//! World: a stage for little plays. Sessions around one router; who says what is done, and what was heard is asked.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use swergio_proto::{
    Act, Address, Effects, Fault, Frame, Grant, Head, RoomName, Route, Router, Rules, SeatId, Session,
    splice_sent_by, wrap_log,
};

/// Is who plays along: each by a label, which is its name, or its name and a number as in `bob#2`.
#[derive(Default)]
pub(crate) struct World {
    rules: Rules,
    router: Router<String>,
    cast: BTreeMap<String, Session>,
    heard: Heard,
}

/// Keeps what everybody was told and has not been asked for yet.
#[derive(Default)]
struct Heard {
    told: Vec<(String, Frame)>,
    rooms: Vec<String>,
}

impl Effects<String> for Heard {
    fn deliver(&mut self, to: &String, frame: &Frame) {
        self.told.push((to.clone(), frame.clone()));
    }

    fn interest(&mut self, address: Address<'_>, present: bool) {
        if address.is_room() && present {
            self.rooms.push(address.name().to_owned());
        } else if address.is_room() {
            self.rooms.retain(|room| room != address.name());
        }
    }
}

impl World {
    pub(crate) fn with(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Plays in upstream's ways.
    pub(crate) fn upstream() -> Self {
        Self::with(Rules { upstream: true, ..Rules::default() })
    }

    /// Brings everybody into the room, registering those who are new.
    pub(crate) fn join(&mut self, cast: &str, room: &str) {
        for who in cast.split(' ') {
            self.enter(who);
            self.send(who, &json!({"TYPE": "COMMAND/JOINROOM", "ROOM": room})).unwrap();
        }
    }

    /// Connects and registers somebody, unless it is there already.
    pub(crate) fn enter(&mut self, who: &str) {
        if !self.cast.contains_key(who) {
            self.connect(who);
            self.register(who, who.split('#').next().unwrap()).unwrap();
        }
    }

    /// Connects somebody who has not said anything yet.
    pub(crate) fn connect(&mut self, who: &str) {
        self.cast.insert(who.to_owned(), Session::new(self.rules.clone(), Grant::open()));
    }

    pub(crate) fn register(&mut self, who: &str, name: &str) -> Result<usize, Fault> {
        self.send(who, &json!({"TYPE": "COMMAND/REGISTER", "NAME": name}))
    }

    pub(crate) fn leave(&mut self, who: &str, room: &str) {
        self.send(who, &json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": room})).unwrap();
    }

    pub(crate) fn say(&mut self, who: &str, room: &str, text: &str) -> usize {
        self.send(who, &json!({"TYPE": "DATA/TEXT", "TO_ROOM": room, "DATA": text})).unwrap()
    }

    pub(crate) fn tell(&mut self, who: &str, name: &str, text: &str) -> usize {
        self.send(who, &json!({"TYPE": "DATA/TEXT", "TO": name, "DATA": text})).unwrap()
    }

    /// Sends any message and returns how many were handed it.
    pub(crate) fn send(&mut self, who: &str, message: &Value) -> Result<usize, Fault> {
        let frame = Frame::json(message.to_string());
        let head = Head::peek(&frame, self.rules.limits.nesting)?;
        let step = self.cast.get_mut(who).unwrap().receive(&head)?;
        self.act(who, step.act);
        Ok(self.route(who, &frame, step.route))
    }

    /// Ends somebody's connection, whether it has said so or not.
    pub(crate) fn end(&mut self, who: &str) {
        let (seat, session) = (seat(who), self.cast.remove(who).unwrap());
        for room in session.rooms() {
            self.router.leave(Address::room(room), seat, &mut self.heard);
        }
        if let Some(name) = session.name() {
            self.router.leave(Address::member(name), seat, &mut self.heard);
        }
    }

    fn act(&mut self, who: &str, act: Act) {
        let (seat, router, heard) = (seat(who), &mut self.router, &mut self.heard);
        match act {
            Act::Say => {}
            Act::Register { name, was } => {
                if let Some(was) = was {
                    router.leave(Address::member(&was), seat, heard);
                }
                router.join(Address::member(&name), seat, who.to_owned(), heard);
            }
            Act::Join(room) => drop(router.join(Address::room(&room), seat, who.to_owned(), heard)),
            Act::Leave(room) => drop(router.leave(Address::room(&room), seat, heard)),
            Act::Disconnect => self.end(who),
        }
    }

    fn route(&mut self, who: &str, frame: &Frame, route: Route<'_>) -> usize {
        let mut signed = frame.clone();
        if let (true, Some(name)) = (route.unsigned, self.cast.get(who).and_then(Session::name)) {
            let mut out = Vec::new();
            splice_sent_by(frame, name.as_str(), &mut out);
            signed = Frame::json(out);
        }
        let addresses = [route.room, route.member].into_iter().flatten();
        let receivers =
            addresses.map(|to| self.router.publish(to, seat(who), &signed, &mut self.heard)).sum();
        if route.logged {
            // The broker speaks for itself, so that the sender hears its own entry.
            let entry = wrap_log(&signed, "entry");
            self.router.publish(Address::logging(), SeatId(0), &entry, &mut self.heard);
        }
        receivers
    }

    /// Takes what somebody has heard since it was last asked.
    pub(crate) fn take(&mut self, who: &str) -> Vec<Value> {
        let mine: Vec<(String, Frame)> = self.heard.told.extract_if(.., |(to, _)| to == who).collect();
        mine.iter().map(|(_, frame)| serde_json::from_slice(frame.bytes()).unwrap()).collect()
    }

    /// Checks what somebody has heard: each message by its DATA, or by its TYPE where it has none.
    #[track_caller]
    pub(crate) fn heard(&mut self, who: &str, expected: &[&str]) {
        let heard = self.take(who);
        let heard: Vec<&str> = heard
            .iter()
            .filter_map(|message| message["DATA"].as_str().or(message["TYPE"].as_str()))
            .collect();
        assert_eq!(heard, expected, "what {who} heard");
    }

    pub(crate) fn session(&self, who: &str) -> &Session {
        &self.cast[who]
    }

    /// Lists the rooms that somebody is interested in, as the router told it.
    pub(crate) fn rooms(&self) -> Vec<&str> {
        self.heard.rooms.iter().map(String::as_str).collect()
    }

    pub(crate) fn knows(&self, room: &str) -> bool {
        self.router.knows(Address::room(&RoomName::parse(room).unwrap()))
    }
}

/// Gives each label a seat of its own.
fn seat(who: &str) -> SeatId {
    SeatId(1 + who.bytes().fold(0, |sum, letter| sum * 256 + u64::from(letter)))
}
