//! Announcement: what a component tells its neighbours of its ports, and what one says of a mismatch.

use serde::{Deserialize, Serialize};
use swergio_client::{Body, Envelope, Kind, MemberName, RoomName};

use super::{Port, neighbours::mismatches};
use crate::PassFault;

/// Tells which rooms a component stands between, and what it takes and gives: a `COMMAND/PORTS`.
///
/// Without rooms it is a question, which every component in the room answers to whoever asks.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Announcement {
    /// The component's name.
    pub component: String,
    /// Whether it sends gradients back.
    pub differentiable: bool,
    /// The room that it takes inputs from, and the ports.
    pub input: Option<Side>,
    /// The room that it gives outputs into, and the ports.
    pub output: Option<Side>,
}

/// Holds one side of a component: a room, and the ports in the order of their declaration; none when none are declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// The name of the room.
    pub room: String,
    /// What is declared.
    #[serde(default)]
    pub ports: Vec<Port>,
}

/// Tells that what one component gives is not what the next one takes: a `COMMAND/MISMATCH`.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The component that gives.
    pub giver: String,
    /// The component that takes.
    pub taker: String,
    /// What does not fit. DECLARED is what is taken, RECEIVED what is given.
    pub fault: PassFault,
}

impl Announcement {
    /// Counts the ports of both sides.
    pub fn ports(&self) -> usize {
        [&self.input, &self.output].into_iter().flatten().map(|side| side.ports.len()).sum()
    }

    /// Spells it as a `COMMAND/PORTS` for a room.
    pub fn to_room(&self, room: RoomName) -> Envelope {
        self.to_envelope().with_to_room(room)
    }

    /// Spells it as the answer to a `COMMAND/PORTS` of the member `to`.
    pub(crate) fn answer(&self, to: MemberName) -> Envelope {
        let mut envelope = self.to_envelope().with_to(to);
        envelope.fields.push(("ANSWER".into(), body(&true)));
        envelope
    }

    /// Tells whether a `COMMAND/PORTS` is an answer, which is not answered.
    pub(crate) fn is_answer(envelope: &Envelope) -> bool {
        envelope.field("ANSWER").is_some_and(|body| body.read().unwrap_or(true))
    }

    fn to_envelope(&self) -> Envelope {
        let mut envelope = Envelope::new(Kind::PORTS);
        envelope.fields = vec![
            ("COMPONENT".into(), body(&self.component)),
            ("DIFFERENTIABLE".into(), body(&self.differentiable)),
        ];
        let sides = [("INPUT", &self.input), ("OUTPUT", &self.output)];
        let sides = sides.into_iter().filter_map(|(key, side)| Some((key.to_owned(), body(side.as_ref()?))));
        envelope.fields.extend(sides);
        envelope
    }

    /// Reads a `COMMAND/PORTS`; whoever sent it is the component where it names none.
    pub fn read(envelope: &Envelope) -> Self {
        let name: Option<String> = field(envelope, "COMPONENT");
        Self {
            component: name.or_else(|| envelope.sent_by.clone()).unwrap_or_default(),
            differentiable: field(envelope, "DIFFERENTIABLE").unwrap_or(true),
            input: field(envelope, "INPUT"),
            output: field(envelope, "OUTPUT"),
        }
    }

    /// Compares with a neighbour: each mismatch, and the room in which the two meet.
    pub(crate) fn compare(&self, other: &Self) -> Vec<(RoomName, Mismatch)> {
        [(self, other), (other, self)].into_iter().flat_map(|(giver, taker)| between(giver, taker)).collect()
    }
}

fn between(giver: &Announcement, taker: &Announcement) -> Vec<(RoomName, Mismatch)> {
    let (Some(given), Some(taken)) = (&giver.output, &taker.input) else { return Vec::new() };
    let Some(room) = RoomName::parse(&given.room).ok().filter(|_| given.room == taken.room) else {
        return Vec::new();
    };
    let told = |fault: PassFault| Mismatch {
        giver: giver.component.clone(),
        taker: taker.component.clone(),
        fault: fault.at(&taker.component),
    };
    mismatches(&given.ports, &taken.ports).into_iter().map(|fault| (room.clone(), told(fault))).collect()
}

impl Mismatch {
    /// Spells it for the room in which the two meet.
    pub(crate) fn to_room(&self, room: RoomName) -> Envelope {
        let mut envelope = Envelope::new(Kind::MISMATCH).with_to_room(room);
        envelope.fields = vec![("GIVER".into(), body(&self.giver)), ("TAKER".into(), body(&self.taker))];
        envelope.fields.extend(self.fault.fields());
        envelope
    }

    /// Reads a `COMMAND/MISMATCH`, if it names both.
    pub fn read(envelope: &Envelope) -> Option<Self> {
        Some(Self {
            giver: field(envelope, "GIVER")?,
            taker: field(envelope, "TAKER")?,
            fault: PassFault::of_fields(envelope),
        })
    }
}

fn field<T: serde::de::DeserializeOwned>(envelope: &Envelope, name: &str) -> Option<T> {
    envelope.field(name)?.read().ok()
}

fn body<T: Serialize + ?Sized>(value: &T) -> Body {
    Body::of(value).expect("names, ports and truth values can be spelt")
}
