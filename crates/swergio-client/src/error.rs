//! Error: what went wrong, and what the caller can do about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use swergio_proto::Fault;

use crate::link::Farewell;

/// Tells what went wrong. [`kind`](Self::kind) is for programs, the text for people.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    text: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Sorts errors by what the caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for makes no sense: a bad URL or name, a message that cannot be spelt. Nothing was sent.
    Invalid,
    /// The message is larger than [`Bounds::message_bytes`](crate::Bounds::message_bytes). Nothing was sent.
    TooLarge,
    /// No link could be made, for now. Try again later.
    Unreachable,
    /// The broker does not want this component: wrong token, forbidden name. Do not come back unchanged.
    Refused,
    /// The broker answered with `COMMAND/ERROR`; see [`Error::rejection`]. The link lives on.
    Rejected,
    /// The link broke after the message had gone out: whether it arrived is not known.
    Lost,
    /// No answer came in time. The message may have arrived.
    Timeout,
    /// The client has been closed, or has given up. Nothing was sent.
    Closed,
    /// A message has no such payload or field, or it is not of the wanted type.
    Unreadable,
}

/// Holds a `COMMAND/ERROR`: what the broker found wrong with one of our messages.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
#[non_exhaustive]
pub struct Rejection {
    /// The ID of the message, where it had one.
    pub reference: Option<String>,
    /// The stable word for it: `MALFORMED`, `BAD_NAME`, `FORBIDDEN`, `TOO_LARGE`, `ROOM_LIMIT`, …
    pub code: String,
    /// What is wrong, for a person to read.
    pub message: String,
    /// The offending field, where one can be named.
    pub field: Option<String>,
    /// Whether the same message may succeed later, unchanged.
    pub retryable: bool,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    pub(crate) fn caused(
        kind: ErrorKind,
        text: impl Into<String>,
        cause: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self { kind, text: text.into(), source: Some(Arc::new(cause)) }
    }

    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Self::caused(ErrorKind::Rejected, "the broker rejected the message", rejection)
    }

    pub(crate) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the client is closed")
    }

    /// Tells how a link that cannot be had any more ended.
    pub(crate) fn parted(farewell: Farewell) -> Self {
        let (kind, text) = if farewell.may_return {
            (ErrorKind::Unreachable, "no link to the broker")
        } else {
            (ErrorKind::Refused, "the broker refused this component")
        };
        Self::caused(kind, text, farewell)
    }

    /// Returns what kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns what the broker said, if it rejected the message.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.source.as_deref()?.downcast_ref()
    }

    /// Returns how the link ended, if that is what went wrong.
    pub fn farewell(&self) -> Option<&Farewell> {
        self.source.as_deref()?.downcast_ref()
    }
}

/// A fault in what the caller handed over: nothing was sent.
impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::caused(ErrorKind::Invalid, "invalid", fault)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Some(source) => write!(f, "{}: {source}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({self})", self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Display has said what the source says; its own source is what is new.
        self.source.as_deref().and_then(StdError::source)
    }
}
