//! Fault: what went wrong, whose fault it is, and which close code says so.

use std::borrow::Cow;

/// Tells what went wrong, sorted by blame: the peer's (the first group), the circumstances', or ours.
///
/// None of the peer's faults ends its connection unless the framing itself is lost: the frame is dropped, the
/// peer is told, nobody else notices. A circumstance closes the connection with [`close_code`](Self::close_code).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The peer sent a frame that is not a message: bad JSON or MessagePack, or a field of the wrong type.
    #[error("{reason}")]
    Malformed {
        /// The offending field, where one can be named.
        field: Option<Cow<'static, str>>,
        /// What is wrong with it, for the one who must mend it.
        reason: Cow<'static, str>,
    },
    /// The peer used a name that is too long, reserved, or has control characters.
    #[error("{reason}")]
    BadName {
        /// The field that holds the name.
        field: &'static str,
        /// What is wrong with it.
        reason: Cow<'static, str>,
    },
    /// The peer spoke before it sent REGISTER, or never sent it.
    #[error("send COMMAND/REGISTER with a NAME first")]
    Unregistered,
    /// An authenticated peer claimed to be somebody else.
    #[error("SENT_BY says {claimed:?}, but this connection is registered as {registered:?}")]
    Impostor {
        /// The name that it registered.
        registered: String,
        /// The name that it put into SENT_BY.
        claimed: String,
    },
    /// The peer's grant does not cover the name or room that it asked for.
    #[error("not allowed to use {name:?}")]
    Forbidden {
        /// The field that holds the name.
        field: &'static str,
        /// The name that was refused.
        name: String,
    },
    /// The peer sent a message beyond [`Limits::message_bytes`](crate::Limits::message_bytes).
    #[error("a message of {size} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes that were announced.
        size: u64,
        /// Bytes that are allowed.
        limit: u64,
    },
    /// The peer, or everybody together, sits in as many rooms as there may be.
    #[error("no more than {limit} rooms {scope}")]
    RoomLimit {
        /// The bound that was reached.
        limit: usize,
        /// Whose bound it is: "per connection" or "on this broker".
        scope: &'static str,
    },
    /// The peer did not answer a ping. Its seat is gone; it may come back.
    #[error("no answer to a ping")]
    Idle,
    /// The peer read slower than its rooms spoke. Its seat is gone; nothing else changed. It may come back.
    #[error("reads slower than its rooms speak")]
    Slow,
    /// The broker is shutting down. The peer may come back, to it or to another.
    #[error("the broker is shutting down")]
    Draining,
    /// The broker has as many connections as it may. The peer may come back later.
    #[error("the broker is full")]
    Overloaded,
    /// We broke an invariant of ours. The peer is blameless and may come back.
    #[error("internal error: {0}")]
    Bug(&'static str),
}

impl Fault {
    /// Blames the peer for a frame that is not a message, without naming a field.
    pub fn malformed(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed { field: None, reason: reason.into() }
    }

    /// Blames the peer for one field of a message.
    pub fn field(field: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Malformed { field: Some(field.into()), reason: reason.into() }
    }

    /// Returns the stable word that `COMMAND/ERROR` carries as CODE.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "MALFORMED",
            Self::BadName { .. } => "BAD_NAME",
            Self::Unregistered => "UNREGISTERED",
            Self::Impostor { .. } => "IMPOSTOR",
            Self::Forbidden { .. } => "FORBIDDEN",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::RoomLimit { .. } => "ROOM_LIMIT",
            Self::Idle => "IDLE",
            Self::Slow => "SLOW",
            Self::Draining => "DRAINING",
            Self::Overloaded => "OVERLOADED",
            Self::Bug(_) => "BUG",
        }
    }

    /// Returns the field that is to blame, if the fault has one.
    pub fn offending_field(&self) -> Option<&str> {
        match self {
            Self::Malformed { field, .. } => field.as_deref(),
            Self::BadName { field, .. } | Self::Forbidden { field, .. } => Some(field),
            Self::Impostor { .. } => Some("SENT_BY"),
            _ => None,
        }
    }

    /// Returns the WebSocket close code, for when the connection cannot go on.
    ///
    /// RFC 6455's own codes where they fit. Of ours, 4000 to 4499 invite the peer to come back (with backoff
    /// and jitter), 4500 to 4999 do not.
    pub fn close_code(&self) -> u16 {
        match self {
            Self::Malformed { .. } => 1007,
            Self::TooLarge { .. } => 1009,
            Self::Bug(_) => 1011,
            Self::Draining => 1012,
            Self::Overloaded => 1013,
            Self::Slow => 4000,
            Self::Unregistered => 4001,
            Self::Idle => 4002,
            Self::RoomLimit { .. } => 4003,
            Self::BadName { .. } => 4500,
            Self::Impostor { .. } => 4501,
            Self::Forbidden { .. } => 4502,
        }
    }

    /// Tells whether the same message may succeed later, unchanged.
    pub fn retryable(&self) -> bool {
        matches!(
            self,
            Self::RoomLimit { .. }
                | Self::Idle
                | Self::Slow
                | Self::Draining
                | Self::Overloaded
                | Self::Bug(_)
        )
    }
}
