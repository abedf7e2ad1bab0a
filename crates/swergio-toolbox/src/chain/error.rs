//! Error: why a call through a chain came to nothing, and what to do about it.

use std::fmt;
use std::time::Duration;

use swergio_client::{Kind, Message, ModelStatus, RoomName};

use crate::PassFault;

/// Tells why a pass through a chain came to nothing. Other passes go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A component could not do with what it was sent, and says so.
    #[error("{0}")]
    Fault(Box<RemoteFault>),
    /// Nothing came in time. What was sent may have arrived.
    #[error(
        "no {kind} came into the room {:?} within {after:?}: see with `swergio rooms` whether every component of the chain \
         is there, and with `swergio tap` how far the pass came",
        room.as_str()
    )]
    Timeout {
        /// What was waited for.
        kind: Kind<'static>,
        /// The room that it should have come into.
        room: RoomName,
        /// How long it was waited for.
        after: Duration,
    },
    /// As many passes as may be are under way, and none ended in time. Nothing was sent.
    #[error(
        "{in_flight} passes are under way and none ended within {after:?}: drop the hits that no gradient goes back \
         through, or raise ChainLimits::in_flight"
    )]
    Full {
        /// How many are under way.
        in_flight: usize,
        /// How long it was waited for.
        after: Duration,
    },
    /// The input, output or gradient is not of the type that the chain was opened for.
    #[error(transparent)]
    Unreadable(#[from] PassFault),
    /// Nothing is kept for a gradient in a pass of this status. Nothing was sent.
    #[error("no gradient comes back in a pass of MODEL_STATUS {}: run it as TRAIN or as PROBE", .0.0)]
    NotKept(ModelStatus),
    /// The link broke, or the client was closed, while the pass was under way: how far it came is not known.
    #[error("the link to the broker broke while the pass was under way: try again")]
    Lost,
    /// The message could not be sent.
    #[error(transparent)]
    Client(#[from] swergio_client::Error),
}

/// Holds a `DATA/FAULT`: what a component found wrong with a pass, told back along the way of a gradient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteFault {
    /// The stable word for it: `UNREADABLE`, `FAILED`, …
    pub code: String,
    /// What is wrong, for a person to read.
    pub message: String,
    /// The component that found it.
    pub component: Option<String>,
    /// The port that it is about.
    pub port: Option<String>,
    /// What the port takes.
    pub declared: Option<String>,
    /// What came.
    pub received: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl RemoteFault {
    /// Reads a `DATA/FAULT`, whatever of it is there.
    pub(super) fn read(message: &Message) -> Self {
        let text = |key: &str| message.field::<Option<String>>(key).ok().flatten().flatten();
        Self {
            code: text("CODE").unwrap_or_else(|| "UNKNOWN".to_owned()),
            message: text("MESSAGE").unwrap_or_default(),
            component: text("COMPONENT").or_else(|| message.sender().map(str::to_owned)),
            port: text("PORT"),
            declared: text("DECLARED"),
            received: text("RECEIVED"),
            help: text("HELP"),
        }
    }
}

impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.component.as_deref().unwrap_or("a component"), self.code, self.message)?;
        for (what, text) in [("port", &self.port), ("declared", &self.declared), ("received", &self.received)]
        {
            if let Some(text) = text {
                write!(f, "; {what} {text}")?;
            }
        }
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}
