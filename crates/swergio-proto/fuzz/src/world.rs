//! World: a script of many sessions around one router, with a naive model beside it.

use std::collections::{BTreeMap, BTreeSet};

use swergio_proto::{
    Act, Address, Body, Codec, Effects, Envelope, Frame, Grant, Head, MemberName, Route, Router, Rules,
    SeatId, Session, splice_sent_by, wrap_log,
};

use super::NESTING;

const NAMES: [&str; 4] = ["ada", "bob", "cyd", "_odd"];
const ROOMS: [&str; 4] = ["lab", "hall", "_logging", "_secret"];
/// What the few say; an eighth kind of step is a frame of any bytes.
const KINDS: [&str; 7] = [
    "COMMAND/REGISTER",
    "COMMAND/JOINROOM",
    "COMMAND/LEAVEROOM",
    "COMMAND/DISCONNECT",
    "DATA/FORWARD",
    "DATA/TEXT",
    "COMMAND/CUSTOM",
];
const CONNECTIONS: usize = 4;
const ROOMS_EACH: usize = 2;
/// Bounds a script, so that the fuzzer looks for odd scripts and not for long ones.
const STEPS: usize = 200;

/// Plays the script that the bytes spell; who hears what is what the model says, and nobody is left behind.
///
/// The first byte's lowest bit chooses upstream's ways. Then each step is two bytes: who does what, and with which
/// names; a raw frame has its length and its bytes after them.
pub fn world(data: &[u8]) {
    let Some((choice, mut script)) = data.split_first() else { return };
    let mut world = World::new(choice & 1 == 1);
    for _ in 0..STEPS {
        let [who, what, rest @ ..] = script else { break };
        script = world.step(*who, *what, rest);
    }
    world.end();
}

/// Remembers what the router wanted done.
#[derive(Default)]
struct Heard {
    delivered: Vec<(usize, Frame)>,
    wanted: BTreeSet<(bool, String)>,
}

impl Effects<usize> for Heard {
    fn deliver(&mut self, to: &usize, frame: &Frame) {
        self.delivered.push((*to, frame.clone()));
    }

    fn interest(&mut self, address: Address<'_>, present: bool) {
        let key = (address.is_room(), address.name().to_owned());
        let changed = if present { self.wanted.insert(key) } else { self.wanted.remove(&key) };
        assert!(changed, "interest in {address:?} became {present} twice");
    }
}

/// Is what a person would write down about one connection.
#[derive(Default)]
struct Note {
    name: Option<String>,
    rooms: BTreeSet<String>,
}

struct World {
    rules: Rules,
    sessions: BTreeMap<usize, Session>,
    notes: BTreeMap<usize, Note>,
    /// The connection that each of the few has now; a new one gets a new number.
    now: [usize; CONNECTIONS],
    next: usize,
    router: Router<usize>,
    heard: Heard,
}

impl World {
    fn new(upstream: bool) -> Self {
        let mut rules = Rules { upstream, ..Rules::default() };
        rules.limits.rooms_per_connection = ROOMS_EACH;
        let mut world = Self {
            rules,
            sessions: BTreeMap::new(),
            notes: BTreeMap::new(),
            now: [0; CONNECTIONS],
            next: 0,
            router: Router::new(),
            heard: Heard::default(),
        };
        (0..CONNECTIONS).for_each(|place| world.connect(place));
        world
    }

    fn connect(&mut self, place: usize) {
        self.now[place] = self.next;
        self.sessions.insert(self.next, Session::new(self.rules.clone(), Grant::open()));
        self.notes.insert(self.next, Note::default());
        self.next += 1;
    }

    /// Plays one step and returns the rest of the script.
    fn step<'s>(&mut self, who: u8, what: u8, rest: &'s [u8]) -> &'s [u8] {
        let (place, codec) = (usize::from(who & 3), if who & 4 == 0 { Codec::Json } else { Codec::MsgPack });
        let Some(kind) = KINDS.get(usize::from(who >> 3 & 7)) else {
            let Some((length, rest)) = rest.split_first() else { return rest };
            let (bytes, rest) = rest.split_at(rest.len().min(usize::from(*length)));
            self.receive(place, &Frame::new(codec, bytes.to_vec()));
            return rest;
        };
        let (name, room) = (NAMES[usize::from(what & 3)], ROOMS[usize::from(what >> 2 & 3)]);
        let mut envelope = Envelope::new(*kind);
        let mut put = |field: &str, text: &str| {
            envelope.fields.push((field.to_owned(), Body::of(text).expect("a text can be spelt")));
        };
        put("NAME", name);
        put("ROOM", room);
        if what & 16 != 0 {
            put("TO", name);
        }
        if what & 32 != 0 {
            put("TO_ROOM", room);
        }
        if what & 64 != 0 {
            put("SENT_BY", "somebody else");
        }
        self.receive(place, &envelope.encode(codec).expect("no key is there twice"));
        rest
    }

    fn receive(&mut self, place: usize, frame: &Frame) {
        let me = self.now[place];
        let Ok(head) = Head::peek(frame, NESTING) else { return };
        let session = self.sessions.get_mut(&me).expect("it is connected");
        if let Ok(step) = session.receive(&head) {
            self.act(me, &step.act, &head);
            self.deliver(me, frame, &head, step.route);
            if step.act == Act::Disconnect {
                self.leave(me);
                self.connect(place);
                return;
            }
        }
        // A fault, too, leaves the session as the note has it.
        let (session, note) = (&self.sessions[&me], &self.notes[&me]);
        assert_eq!(session.name().map(MemberName::as_str), note.name.as_deref());
        assert_eq!(session.rooms().map(|room| room.to_string()).collect::<BTreeSet<_>>(), note.rooms);
    }

    /// Does what the broker does for an act, and writes it down.
    fn act(&mut self, me: usize, act: &Act, head: &Head<'_>) {
        let (seat, router, heard) = (SeatId(me as u64), &mut self.router, &mut self.heard);
        let note = self.notes.get_mut(&me).expect("it is connected");
        match act {
            Act::Register { name, was } => {
                assert_eq!(head.name.text(), Some(name.as_str()));
                if let Some(was) = was {
                    assert!(router.leave(Address::member(was), seat, heard));
                }
                assert!(router.join(Address::member(name), seat, me, heard));
                assert_eq!(note.name.replace(name.to_string()), was.as_ref().map(ToString::to_string));
            }
            Act::Join(room) => {
                assert_eq!(head.room.text(), Some(room.as_str()));
                assert!(router.join(Address::room(room), seat, me, heard));
                assert!(note.rooms.insert(room.to_string()) && note.rooms.len() <= ROOMS_EACH);
            }
            Act::Leave(room) => {
                assert!(router.leave(Address::room(room), seat, heard));
                assert!(note.rooms.remove(room.as_str()));
            }
            Act::Say | Act::Disconnect => {}
        }
    }

    /// Publishes as the broker does, and compares who heard it with who the notes say is there.
    fn deliver(&mut self, me: usize, frame: &Frame, head: &Head<'_>, route: Route<'_>) {
        let signed = self.sign(me, frame, route.unsigned);
        let logged = route.logged.then(|| wrap_log(&signed, "log"));
        let copies = [(route.room, &signed), (route.member, &signed)];
        let copies = copies.into_iter().chain(logged.iter().map(|log| (Some(Address::logging()), log)));
        for (address, frame) in copies.filter_map(|(address, frame)| Some((address?, frame))) {
            if address != Address::logging() {
                let field = if address.is_room() { &head.to_room } else { &head.to };
                assert_eq!(field.text(), Some(address.name()));
            }
            let receivers = self.router.publish(address, SeatId(me as u64), frame, &mut self.heard);
            let mut heard: Vec<usize> = self.heard.delivered.iter().map(|(to, _)| *to).collect();
            heard.sort_unstable();
            assert_eq!(heard, self.audience(me, address));
            assert_eq!(receivers, heard.len());
            assert!(self.heard.delivered.drain(..).all(|(_, heard)| heard == *frame));
        }
    }

    fn sign(&self, me: usize, frame: &Frame, unsigned: bool) -> Frame {
        let Some(name) = self.notes[&me].name.as_ref().filter(|_| unsigned) else { return frame.clone() };
        let mut out = Vec::new();
        splice_sent_by(frame, name, &mut out);
        let signed = Frame::new(frame.codec(), out);
        assert_eq!(Head::peek(&signed, NESTING).expect("a frame").sent_by.text(), Some(name.as_str()));
        signed
    }

    /// Everybody who must hear what `me` says to an address.
    fn audience(&self, me: usize, address: Address<'_>) -> Vec<usize> {
        let hears = |(who, note): (&usize, &Note)| match address.is_room() {
            true => *who != me && note.rooms.contains(address.name()),
            false => note.name.as_deref() == Some(address.name()),
        };
        self.notes.iter().filter(|entry| hears(*entry)).map(|(who, _)| *who).collect()
    }

    fn leave(&mut self, me: usize) {
        let session = self.sessions.remove(&me).expect("it is connected");
        self.notes.remove(&me);
        let addresses = session.rooms().map(Address::room).chain(session.name().map(Address::member));
        for address in addresses {
            assert!(self.router.leave(address, SeatId(me as u64), &mut self.heard), "{address:?}");
        }
    }

    fn end(mut self) {
        self.now.into_iter().for_each(|me| self.leave(me));
        assert_eq!(
            self.router.rooms().count() + self.router.members().count(),
            0,
            "an empty address is kept"
        );
        assert!(self.heard.wanted.is_empty(), "interest outlives the last member: {:?}", self.heard.wanted);
    }
}
