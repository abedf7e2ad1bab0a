//! Model: what should happen, worked out from a list of who is called what and a list of who sits where.

use swergio_proto::{Codec, Frame, Limits};

use crate::message::{Message, Value};
use crate::outcome::{Outcome, State};
use crate::script::{Deed, House, Papers};

/// Is a fault's code, and the field to blame.
type Refusal = (&'static str, Option<&'static str>);

pub(crate) struct Model {
    house: House,
    limits: Limits,
    /// The number of the connection at each place. Whoever comes next gets a new one.
    numbers: Vec<usize>,
    next: usize,
    names: Vec<(usize, String)>,
    seats: Vec<(usize, String)>,
}

impl Model {
    pub(crate) fn new(house: &House) -> Self {
        let next = house.papers.len();
        let (house, limits, numbers) = (house.clone(), house.rules().limits, (0..next).collect());
        Self { house, limits, numbers, next, names: Vec::new(), seats: Vec::new() }
    }

    pub(crate) fn perform(&mut self, place: usize, deed: &Deed) -> Outcome {
        match deed {
            Deed::HangUp => self.end(place),
            Deed::Babble(_) => Outcome::refused("MALFORMED", None),
            Deed::Say(codec, message) => match self.receive(place, *codec, message) {
                Ok(mut outcome) => {
                    outcome.heard.sort_by_key(|(who, _)| *who);
                    outcome
                }
                Err((code, field)) => Outcome::refused(code, field),
            },
        }
    }

    pub(crate) fn state(&self) -> State<'_> {
        let rooms = self.seats.iter().map(|(who, room)| (*who, (true, room.as_str())));
        let names = self.names.iter().map(|(who, name)| (*who, (false, name.as_str())));
        let mut seated: Vec<_> = rooms.chain(names).collect();
        seated.sort_unstable();
        let mut known: Vec<_> = seated.iter().map(|(_, place)| *place).collect();
        known.sort_unstable();
        known.dedup();
        State { booked: seated.clone(), seated, wanted: known.clone(), known }
    }

    /// R16: whoever ends leaves name and rooms, and nobody is told.
    fn end(&mut self, place: usize) -> Outcome {
        let who = self.numbers[place];
        self.names.retain(|(other, _)| *other != who);
        self.seats.retain(|(other, _)| *other != who);
        self.numbers[place] = self.next;
        self.next += 1;
        Outcome { ended: true, ..Outcome::default() }
    }

    fn receive(&mut self, place: usize, codec: Codec, message: &Message) -> Result<Outcome, Refusal> {
        let (who, papers) = (self.numbers[place], self.house.papers[place]);
        if message.depth() > self.limits.nesting {
            return Err(("MALFORMED", None));
        }
        let kind = required(message, "TYPE")?;
        if kind == "COMMAND/DISCONNECT" {
            return Ok(self.end(place));
        }
        // R10
        if kind != "COMMAND/REGISTER" && self.name_of(who).is_none() {
            return Err(("UNREGISTERED", None));
        }
        // R15
        let consumed = matches!(kind, "COMMAND/REGISTER" | "COMMAND/JOINROOM" | "COMMAND/LEAVEROOM");
        let forwarded = !consumed || self.house.upstream;
        if forwarded {
            self.check(who, papers, message)?;
        }
        match kind {
            "COMMAND/REGISTER" => self.register(who, papers, message)?,
            "COMMAND/JOINROOM" => self.join(who, papers, message)?,
            "COMMAND/LEAVEROOM" => self.leave(who, message)?,
            _ => {}
        }
        // R45: who asked is told of what was consumed, too.
        let receivers = (message.find("ACK") == Some(&Value::True)).then_some(0);
        let consumed = Outcome { receivers, ..Outcome::default() };
        Ok(if forwarded { self.deliver(who, codec, kind, message) } else { consumed })
    }

    /// Checks what a message that is forwarded says about its sender and where it goes.
    fn check(&self, who: usize, papers: &Papers, message: &Message) -> Result<(), Refusal> {
        // R63: nobody vouched for is called otherwise than it is registered, or is about to be.
        if papers.authenticated || !self.house.upstream {
            let name = self.name_of(who).or(text(message, "NAME"));
            let claimed = optional(message, "SENT_BY")?;
            if papers.authenticated && name.is_some() && claimed.is_some() && claimed != name {
                return Err(("IMPOSTOR", Some("SENT_BY")));
            }
        }
        if let Some(room) = optional(message, "TO_ROOM")? {
            self.check_room(room, "TO_ROOM")?;
            covered(papers.send, room, "TO_ROOM")?;
        }
        // Upstream finds nobody who is called 7, which is no fault.
        let to = if self.house.upstream { text(message, "TO") } else { optional(message, "TO")? };
        if let Some(name) = to {
            self.check_name(name, "TO")?;
            covered(papers.tell, name, "TO")?;
        }
        Ok(())
    }

    /// R10 to R12.
    fn register(&mut self, who: usize, papers: &Papers, message: &Message) -> Result<(), Refusal> {
        let name = required(message, "NAME")?;
        self.check_name(name, "NAME")?;
        covered(papers.names, name, "NAME")?;
        self.names.retain(|(other, _)| *other != who);
        self.names.push((who, name.to_owned()));
        Ok(())
    }

    /// R13 and R19.
    fn join(&mut self, who: usize, papers: &Papers, message: &Message) -> Result<(), Refusal> {
        let room = required(message, "ROOM")?;
        self.check_room(room, "ROOM")?;
        if self.sits(who, room) {
            return Ok(());
        }
        if room != "_command" {
            covered(papers.join, room, "ROOM")?;
        }
        let own = self.seats.iter().filter(|(other, _)| *other == who).count();
        let mut rooms: Vec<&str> = self.seats.iter().map(|(_, room)| room.as_str()).collect();
        rooms.sort_unstable();
        rooms.dedup();
        let full = rooms.len() == self.limits.rooms && !rooms.contains(&room);
        if own == self.limits.rooms_per_connection || full {
            return Err(("ROOM_LIMIT", None));
        }
        self.seats.push((who, room.to_owned()));
        Ok(())
    }

    fn leave(&mut self, who: usize, message: &Message) -> Result<(), Refusal> {
        let room = required(message, "ROOM")?;
        self.check_room(room, "ROOM")?;
        self.seats.retain(|(other, seat)| *other != who || seat != room);
        Ok(())
    }

    /// R40, R42, R45 and R51.
    fn deliver(&self, who: usize, codec: Codec, kind: &str, message: &Message) -> Outcome {
        let signed = self.sign(who, codec, message);
        let (room, to) = (text(message, "TO_ROOM"), text(message, "TO"));
        let in_room = self.seats.iter().filter(|(other, seat)| *other != who && Some(seat.as_str()) == room);
        let by_name = self.names.iter().filter(|(_, name)| Some(name.as_str()) == to);
        let frame = signed.spell(codec);
        let mut heard: Vec<(usize, Frame)> =
            in_room.chain(by_name).map(|(listener, _)| (*listener, frame.clone())).collect();
        let wants = message.find("ACK") == Some(&Value::True);
        let receivers = wants.then_some(heard.len());
        if self.house.log_room && matches!(kind, "DATA/FORWARD" | "DATA/GRADIENT") {
            let entry = self.log_entry(codec, signed);
            let loggers = self.seats.iter().filter(|(_, seat)| seat == "_logging");
            heard.extend(loggers.map(|(listener, _)| (*listener, entry.clone())));
        }
        Outcome { heard, receivers, ..Outcome::default() }
    }

    fn sign(&self, who: usize, codec: Codec, message: &Message) -> Message {
        let name = self.name_of(who).unwrap();
        match message.find("SENT_BY") {
            Some(_) => message.clone(),
            None if self.is_python(codec) => message.as_dict().with("SENT_BY", name),
            None => message.clone().with("SENT_BY", name),
        }
    }

    fn log_entry(&self, codec: Codec, signed: Message) -> Frame {
        let wrapped = if self.is_python(codec) { signed.as_dict() } else { signed };
        let mut entry = Message::default().with("ID", crate::LOG_ID).with("TO_ROOM", "_logging");
        entry = entry.with("TYPE", "LOG/MESSAGES");
        entry.0.push(("MESSAGE", Value::Map(wrapped)));
        entry.spell(codec)
    }

    /// Tells whether what the broker changes is spelt anew, as a Python dict.
    fn is_python(&self, codec: Codec) -> bool {
        self.house.upstream && codec == Codec::Json
    }

    fn name_of(&self, who: usize) -> Option<&str> {
        self.names.iter().find(|(other, _)| *other == who).map(|(_, name)| name.as_str())
    }

    fn sits(&self, who: usize, room: &str) -> bool {
        self.seats.iter().any(|(other, seat)| *other == who && seat == room)
    }

    /// R18.
    fn check_name(&self, name: &str, field: &'static str) -> Result<(), Refusal> {
        let odd = name.starts_with('_') || name.contains('\n');
        if name.len() > self.limits.name_bytes || odd && !self.house.upstream {
            return Err(("BAD_NAME", Some(field)));
        }
        Ok(())
    }

    fn check_room(&self, room: &str, field: &'static str) -> Result<(), Refusal> {
        let ours = matches!(room, "_command" | "_logging" | "_presence");
        let odd = !ours && (room.starts_with('_') || room.contains('\n'));
        if room.len() > self.limits.room_bytes || odd && !self.house.upstream {
            return Err(("BAD_NAME", Some(field)));
        }
        Ok(())
    }
}

/// Checks that one of the patterns covers the name: it itself, or its beginning and a star. The star alone covers
/// no name that begins with an underscore.
fn covered(patterns: &[&str], name: &str, field: &'static str) -> Result<(), Refusal> {
    for pattern in patterns {
        let covers = match *pattern {
            "*" => !name.starts_with('_'),
            _ if pattern.ends_with('*') => name.starts_with(&pattern[..pattern.len() - 1]),
            _ => name == *pattern,
        };
        if covers {
            return Ok(());
        }
    }
    Err(("FORBIDDEN", Some(field)))
}

fn text<'m>(message: &'m Message, key: &str) -> Option<&'m str> {
    match message.find(key) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn optional<'m>(message: &'m Message, key: &'static str) -> Result<Option<&'m str>, Refusal> {
    match message.find(key) {
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(("MALFORMED", Some(key))),
        None => Ok(None),
    }
}

fn required<'m>(message: &'m Message, key: &'static str) -> Result<&'m str, Refusal> {
    optional(message, key)?.ok_or(("MALFORMED", Some(key)))
}
