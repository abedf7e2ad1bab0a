//! Link: a stream and sink of frames, and how it ends.

mod pulse;
mod reach;
mod url;
pub(crate) mod ws;

pub(crate) use url::Url;

use std::fmt;

use futures_util::{Sink, Stream};
use swergio_proto::Frame;

/// Carries frames both ways: a WebSocket, or whatever else a test or a program makes.
///
/// Every stream and sink of frames is a link. When it ends it says how: the last item of the stream is a
/// [`Farewell`].
pub trait Link:
    Stream<Item = Result<Frame, Farewell>> + Sink<Frame, Error = Farewell> + Send + Unpin + 'static
{
}

impl<T> Link for T where
    T: Stream<Item = Result<Frame, Farewell>> + Sink<Frame, Error = Farewell> + Send + Unpin + 'static
{
}

/// Says how a link ended, or why none came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// The WebSocket close code or HTTP status, where there was one.
    pub code: Option<u16>,
    /// What happened, for a person to read.
    pub reason: String,
    /// Whether coming back makes sense. If not, the client gives up whatever its [`Reconnect`](crate::Reconnect) says.
    pub may_return: bool,
}

impl Farewell {
    /// Tells of a close code: 4500 to 4999 forbid to come back, all others allow it.
    pub fn closed(code: u16, reason: impl Into<String>) -> Self {
        Self { code: Some(code), reason: reason.into(), may_return: !(4500..=4999).contains(&code) }
    }

    /// Tells of a link that broke, or could not be made, without a word from the other side.
    pub fn broken(reason: impl Into<String>) -> Self {
        Self { code: None, reason: reason.into(), may_return: true }
    }

    /// Tells of an HTTP status instead of an upgrade: of 400 to 499 only 408, 425 and 429 allow to come back.
    pub fn refused(status: u16, reason: impl Into<String>) -> Self {
        let final_word = (400..500).contains(&status) && ![408, 425, 429].contains(&status);
        Self { code: Some(status), reason: reason.into(), may_return: !final_word }
    }
}

impl fmt::Display for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} ({code})", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Farewell {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_whether_to_come_back() {
        for code in [1000, 1006, 1012, 4000, 4499] {
            assert!(Farewell::closed(code, "").may_return, "{code}");
        }
        for code in [4500, 4502, 4999] {
            assert!(!Farewell::closed(code, "").may_return, "{code}");
        }
        for (status, may_return) in [(400, false), (401, false), (403, false), (429, true), (503, true)] {
            assert_eq!(Farewell::refused(status, "").may_return, may_return, "{status}");
        }
    }
}
