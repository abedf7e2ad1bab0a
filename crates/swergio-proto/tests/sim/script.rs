//! Script: what everybody does, drawn from a seed. It knows nothing of who is where.

use std::fmt;

use swergio_proto::{Codec, Frame, Grant, Limits, Pattern, Rules};

use crate::dice::Dice;
use crate::message::{Message, Value};

/// Connections at any one time.
pub(crate) const PLACES: usize = 8;
/// Lines of a script.
pub(crate) const LINES: usize = 300;

/// Is everything that a play needs: the broker's ways, and what is done.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) house: House,
    pub(crate) lines: Vec<Line>,
}

/// Says how the broker is set up.
#[derive(Clone, Debug)]
pub(crate) struct House {
    pub(crate) upstream: bool,
    pub(crate) log_room: bool,
    /// What whoever connects at each place may do.
    pub(crate) papers: [&'static Papers; PLACES],
}

/// Is a grant, written down as patterns.
#[derive(Debug)]
pub(crate) struct Papers {
    pub(crate) authenticated: bool,
    pub(crate) names: &'static [&'static str],
    pub(crate) join: &'static [&'static str],
    pub(crate) send: &'static [&'static str],
    pub(crate) tell: &'static [&'static str],
}

/// Is one thing that the connection at one place does.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) place: usize,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Say(Codec, Message),
    /// Sends what is no message.
    Babble(Frame),
    /// Ends without a word; somebody else connects at the place.
    HangUp,
}

const ALL: &[&str] = &["*", "_*"];
const OPEN: Papers = Papers { authenticated: false, names: ALL, join: ALL, send: ALL, tell: ALL };
const VOUCHED: Papers = Papers {
    authenticated: true,
    names: &["*"],
    join: &["*", "_logging"],
    send: &["*", "_command"],
    tell: ALL,
};
const NARROW: Papers = Papers {
    authenticated: true,
    names: &["ada", "b*"],
    join: &["la*", "hall"],
    send: &["lab", "_*"],
    tell: &["bob", "a*"],
};
/// How often each is handed out.
const PAPERS: [&Papers; 6] = [&OPEN, &OPEN, &OPEN, &OPEN, &VOUCHED, &NARROW];

/// Names, the likely ones more often. In strict naming the last three are no names, with upstream's the last one.
const NAMES: [&str; 14] = [
    "ada",
    "ada",
    "ada",
    "bob",
    "bob",
    "bob",
    "cyd",
    "cyd",
    "lab",
    "",
    "twelve bytes",
    "_ann",
    "b\nb",
    "thirteen byte",
];
const ROOMS: [&str; 17] = [
    "lab",
    "lab",
    "lab",
    "lab",
    "hall",
    "hall",
    "hall",
    "_logging",
    "_logging",
    "_command",
    "_presence",
    "ada",
    "",
    "basements",
    "_den",
    "la\nb",
    "greenhouse",
];
const KINDS: [&str; 6] =
    ["DATA/TEXT", "DATA/FORWARD", "DATA/FORWARD", "DATA/GRADIENT", "LOG/KPI", "COMMAND/SAVESETTINGS"];

/// What is no message in JSON, and what is none in MessagePack.
const BABBLE: [&[u8]; 9] = [
    b"",
    b"[]",
    b"{",
    b"{\"TYPE\": nul}",
    b"{} {}",
    b"{\"TYPE\": \"\xff\"}",
    b"7",
    b"\"DATA/TEXT\"",
    b"{1: 2}",
];
const BINARY_BABBLE: [&[u8]; 7] =
    [b"", b"\x90", b"\x81", b"\x81\xa1A\xc1", b"\x80\x80", b"\x81\xa1\xff\xc0", b"\x81\x01\x02"];

impl House {
    /// Returns rules with bounds that a short script reaches.
    pub(crate) fn rules(&self) -> Rules {
        let limits = Limits {
            name_bytes: 12,
            room_bytes: 9,
            nesting: 4,
            rooms_per_connection: 3,
            rooms: 6,
            ..Limits::default()
        };
        Rules { limits, upstream: self.upstream }
    }
}

impl Papers {
    pub(crate) fn grant(&self) -> Grant {
        let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::new(*text)).collect();
        Grant {
            authenticated: self.authenticated,
            names: patterns(self.names),
            join: patterns(self.join),
            send: patterns(self.send),
            tell: patterns(self.tell),
        }
    }
}

impl Script {
    pub(crate) fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let house = House {
            upstream: dice.one_in(3),
            log_room: !dice.one_in(4),
            papers: std::array::from_fn(|_| dice.pick(&PAPERS)),
        };
        let lines =
            (0..LINES).map(|number| Line { place: dice.below(PLACES), deed: dice.deed(number) }).collect();
        Self { house, lines }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "upstream: {}, log room: {}", self.house.upstream, self.house.log_room)?;
        for Line { place, deed } in &self.lines {
            match deed {
                Deed::Say(codec, message) => writeln!(f, "{place} says in {codec:?} {message}")?,
                Deed::Babble(frame) => writeln!(f, "{place} babbles {frame:?}")?,
                Deed::HangUp => writeln!(f, "{place} hangs up")?,
            }
        }
        Ok(())
    }
}

/// What a script is made of.
impl Dice {
    fn codec(&mut self) -> Codec {
        self.pick(&[Codec::Json, Codec::MsgPack])
    }

    fn deed(&mut self, number: usize) -> Deed {
        match self.below(100) {
            0..2 => Deed::HangUp,
            2..6 => Deed::Babble(self.babble(number)),
            _ => {
                let codec = self.codec();
                let mut message = self.message(number);
                if self.one_in(10) {
                    self.spoil(&mut message);
                }
                Deed::Say(codec, message)
            }
        }
    }

    fn message(&mut self, number: usize) -> Message {
        let (name, room) = (self.pick(&NAMES), self.pick(&ROOMS));
        // At first everybody only comes in.
        let message = match self.below(if number < LINES / 5 { 44 } else { 100 }) {
            0..18 => Message::new("COMMAND/REGISTER").with("NAME", name),
            18..44 => Message::new("COMMAND/JOINROOM").with("ROOM", room),
            44..54 => Message::new("COMMAND/LEAVEROOM").with("ROOM", room),
            54..56 => Message::new("COMMAND/DISCONNECT"),
            _ => Message::new(self.pick(&KINDS[..])),
        };
        self.address(message.with("ID", number.to_string()))
    }

    /// Says where a message goes, and what the sender wants besides.
    fn address(&mut self, mut message: Message) -> Message {
        if !self.one_in(4) {
            message = message.with("TO_ROOM", self.pick(&ROOMS));
        }
        if self.one_in(3) {
            message = message.with("TO", self.pick(&NAMES));
        }
        if self.one_in(6) {
            message = message.with("SENT_BY", self.pick(&NAMES));
        }
        if self.one_in(6) {
            message.0.push(("ACK", Value::True));
        }
        if self.one_in(3) {
            let depth = 1 + self.below(4);
            message.0.push(("DATA", Value::Nested(depth)));
        }
        message
    }

    /// Writes nonsense into one entry, takes it out, says it again, or moves it to the end.
    fn spoil(&mut self, message: &mut Message) {
        let entry = self.below(message.0.len());
        let key = message.0[entry].0;
        let odd = self.pick(&[Value::Number(-7), Value::Null, Value::True, Value::Nested(1)]);
        match self.below(5) {
            0 => message.0[entry].1 = odd,
            1 => drop(message.0.remove(entry)),
            2 => message.0.push((key, odd)),
            3 => message.0.insert(0, (key, odd)),
            _ => {
                let moved = message.0.remove(entry);
                message.0.push(moved);
            }
        }
    }

    /// Makes a frame that is no message, or all but the end of one.
    fn babble(&mut self, number: usize) -> Frame {
        let codec = self.codec();
        if self.one_in(2) {
            let frame = self.message(number).spell(codec);
            let cut = self.below(frame.len());
            return Frame::new(codec, frame.bytes().slice(..cut));
        }
        let bytes = match codec {
            Codec::Json => self.pick(&BABBLE),
            Codec::MsgPack => self.pick(&BINARY_BABBLE),
        };
        Frame::new(codec, bytes)
    }
}
