//! Event: what happens to a client besides messages.

use std::time::Duration;

use swergio_proto::MessageId;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::Rejection;

/// Tells what happened to a client. Each is also a `tracing` event, so nobody needs to listen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A link is up; REGISTER and the rooms have been sent over it.
    Connected,
    /// The broker has taken the name.
    Welcomed(Welcome),
    /// The link broke.
    Disconnected {
        /// The WebSocket close code or HTTP status, where there was one.
        code: Option<u16>,
        /// What happened, for a person to read.
        reason: String,
        /// The wait before the next attempt; nothing when the client gives up.
        retry_in: Option<Duration>,
    },
    /// The broker found one of our messages wrong, and no call was waiting to be told.
    Rejected(Rejection),
    /// A handler returned an error, panicked, or made a reply that cannot be sent. It goes on with the next
    /// message.
    HandlerFailed {
        /// What the handler listens to.
        handler: String,
        /// The ID of the message that it failed on.
        message: Option<MessageId>,
        /// What went wrong.
        error: String,
    },
    /// A handler or stream does not keep up: from now on messages for it are left out.
    FellBehind {
        /// What the handler or stream listens to.
        handler: String,
    },
    /// A handler or stream that fell behind keeps up again.
    CaughtUp {
        /// What the handler or stream listens to.
        handler: String,
        /// How many messages it has missed since it fell behind.
        missed: u64,
    },
    /// Something came that is no message. It was left out.
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// The client has ended; see [`Client::closed`](crate::Client::closed).
    Closed,
}

/// Holds a `COMMAND/WELCOME`: the broker has taken the name.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Welcome {
    /// The name as the broker has it.
    pub name: String,
    /// The connection's number on this broker.
    pub session: u64,
    /// The broker's name: `swergio` unless it was given another.
    pub node: String,
}

/// Listens to a client's events: a bounded queue that forgets the oldest, so a listener can never stall the client.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
}

impl Events {
    pub(crate) fn new(receiver: broadcast::Receiver<Event>) -> Self {
        Self { receiver }
    }

    /// Waits for the next event. Nothing when the client is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(count)) => tracing::warn!(count, "events were forgotten unheard"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
