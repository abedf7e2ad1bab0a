//! Notice: what the broker itself says to a connection.

use crate::{Body, Codec, Envelope, Fault, Frame, Kind, Limits, PRESENCE, RoomName};

/// Says which way a member went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceState {
    /// The member came, or was there already when the listener joined `_presence`.
    Joined,
    /// The member left.
    Left,
}

/// Holds a message that the broker itself sends. Never sent over upstream's TCP framing, which has no use for it.
///
/// ```
/// use swergio_proto::{Codec, Fault, Notice};
///
/// let error = Notice::Error { reference: Some("7"), fault: &Fault::Unregistered };
/// let text = String::from_utf8(error.encode(Codec::Json).bytes().to_vec()).unwrap();
/// assert!(text.contains(r#""REF": "7""#) && text.contains("UNREGISTERED"));
/// ```
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// Greets a connection that has registered: `COMMAND/WELCOME` with NAME, SESSION, NODE, LIMITS and PING (s).
    Welcome {
        /// The name that it registered.
        name: &'a str,
        /// The connection's number on this broker.
        session: u64,
        /// The broker's name: `swergio` unless it was given another.
        node: &'a str,
        /// The bounds that the connection must keep.
        limits: &'a Limits,
    },
    /// Tells a sender what was wrong: `COMMAND/ERROR` with REF, CODE, MESSAGE, FIELD and RETRYABLE.
    Error {
        /// The ID of its message, where it had one that could be read.
        reference: Option<&'a str>,
        /// What was wrong.
        fault: &'a Fault,
    },
    /// Tells a sender how many were handed its message: `COMMAND/ACK` with REF and RECEIVERS.
    Ack {
        /// The ID of its message, where it had one.
        reference: Option<&'a str>,
        /// How many connections were handed it, those reached both ways counted twice.
        receivers: usize,
    },
    /// Tells `_presence` who came or left: `COMMAND/PRESENCE` with TO_ROOM, NAME, SESSION, ROOM and STATE.
    Presence {
        /// The member's name.
        name: &'a str,
        /// Its connection's number, which tells two members of one name apart.
        session: u64,
        /// The room; absent when the member came to the broker or left it.
        room: Option<&'a str>,
        /// Which way it went.
        state: PresenceState,
    },
}

impl Notice<'_> {
    /// Spells the notice in a connection's codec.
    pub fn encode(&self, codec: Codec) -> Frame {
        self.envelope().encode(codec).expect("a notice holds nothing that cannot be spelt")
    }

    fn envelope(&self) -> Envelope {
        match self {
            Self::Welcome { name, session, node, limits } => {
                with(Kind::WELCOME)
                    .field("NAME", *name)
                    .field("SESSION", session)
                    .field("NODE", *node)
                    .field("PING", &limits.ping.as_secs_f64())
                    .field("LIMITS", &limits_of_a_peer(limits))
                    .envelope
            }
            Self::Error { reference, fault } => {
                with(Kind::ERROR)
                    .reference(*reference)
                    .field("CODE", fault.code())
                    .field("MESSAGE", &fault.to_string())
                    .field("FIELD", &fault.offending_field())
                    .field("RETRYABLE", &fault.retryable())
                    .envelope
            }
            Self::Ack { reference, receivers } => {
                with(Kind::ACK).reference(*reference).field("RECEIVERS", receivers).envelope
            }
            Self::Presence { name, session, room, state } => {
                let told =
                    with(Kind::PRESENCE).into_room(PRESENCE).field("NAME", *name).field("SESSION", session);
                let told = room.iter().fold(told, |told, room| told.field("ROOM", *room));
                told.field("STATE", state.word()).envelope
            }
        }
    }
}

impl PresenceState {
    /// Returns the word that STATE carries.
    pub fn word(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Left => "left",
        }
    }
}

#[derive(serde::Serialize)]
struct PeerLimits {
    message_bytes: usize,
    name_bytes: usize,
    room_bytes: usize,
    nesting: usize,
    rooms_per_connection: usize,
    outbox_bytes: usize,
    outbox_frames: usize,
}

fn limits_of_a_peer(limits: &Limits) -> PeerLimits {
    PeerLimits {
        message_bytes: limits.message_bytes,
        name_bytes: limits.name_bytes,
        room_bytes: limits.room_bytes,
        nesting: limits.nesting,
        rooms_per_connection: limits.rooms_per_connection,
        outbox_bytes: limits.outbox_bytes,
        outbox_frames: limits.outbox_frames,
    }
}

struct Draft {
    envelope: Envelope,
}

fn with(kind: Kind<'static>) -> Draft {
    Draft { envelope: Envelope::new(kind) }
}

impl Draft {
    fn field<T: serde::Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        let body = Body::of(value).expect("texts, numbers and structs of them can be spelt");
        self.envelope.fields.push((key.to_owned(), body));
        self
    }

    fn into_room(mut self, room: &str) -> Self {
        self.envelope.to_room = RoomName::parse(room).ok();
        self
    }

    fn reference(self, id: Option<&str>) -> Self {
        match id {
            Some(id) => self.field("REF", id),
            None => self,
        }
    }
}
