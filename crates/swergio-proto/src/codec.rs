//! Codec: the two spellings of a message, and the way from one to the other.

pub(crate) mod json;
pub(crate) mod msgpack;

use serde::{Deserialize, Serialize};

use crate::{Fault, Frame, Head};

/// Names how a message is spelt: JSON in text frames, MessagePack in binary frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// One JSON object, as upstream speaks it; a tensor is nested lists.
    #[default]
    Json,
    /// One MessagePack map; a tensor is `{"dtype", "shape", "data"}`.
    MsgPack,
}

impl Codec {
    /// Returns the WebSocket subprotocol of this codec.
    pub fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "swergio.v1.json",
            Self::MsgPack => "swergio.v1.msgpack",
        }
    }

    /// Finds the codec of a WebSocket subprotocol, if it is one of ours.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        [Self::Json, Self::MsgPack].into_iter().find(|codec| codec.subprotocol() == name)
    }
}

/// Appends `frame` with `SENT_BY` as its last key to `out`, without decoding anything.
///
/// `head` is what [`Head::peek`] read of the frame; its SENT_BY must be absent, and the frame is then one
/// well-formed map. With MessagePack the map's header counts one more; with JSON the closing brace moves.
///
/// ```
/// use swergio_proto::{Frame, splice_sent_by};
///
/// let mut out = Vec::new();
/// splice_sent_by(&Frame::json(r#"{"TYPE":"DATA/TEXT"}"#), "ada", &mut out);
/// assert_eq!(out, br#"{"TYPE":"DATA/TEXT", "SENT_BY": "ada"}"#);
/// ```
pub fn splice_sent_by(frame: &Frame, name: &str, out: &mut Vec<u8>) {
    match frame.codec() {
        Codec::Json => json::splice_sent_by(frame.bytes(), name, out),
        Codec::MsgPack => msgpack::splice_sent_by(frame.bytes(), name, out),
    }
}

/// Appends `frame`, which is JSON, to `out` in the spelling of Python's `json.dumps`, with `SENT_BY` as its
/// last key when `sent_by` is given: `", "` and `": "`, non-ASCII escaped, numbers as Python writes them.
///
/// This is what the published Python server does to every message that it changes.
///
/// # Errors
/// [`Fault::Malformed`] when the frame is not well-formed JSON within `nesting`, or is not JSON at all.
pub fn respell_as_python(
    frame: &Frame,
    sent_by: Option<&str>,
    nesting: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    json::python::respell(frame.bytes(), sent_by, nesting, out)
}

/// Spells a frame in the other codec, or shares it when it is in that codec already.
///
/// MessagePack to JSON: a tensor becomes nested lists, other `bin` a base64 string, NaN and infinities the bare
/// words that upstream writes. JSON to MessagePack: lists stay lists, an integer beyond 64 bits becomes a float.
///
/// # Errors
/// [`Fault::Malformed`] when the frame is not well formed within `nesting`.
pub fn transcode(frame: &Frame, to: Codec, nesting: usize) -> Result<Frame, Fault> {
    match (frame.codec(), to) {
        (Codec::MsgPack, Codec::Json) => msgpack::to_json(frame.bytes(), nesting).map(Frame::json),
        (Codec::Json, Codec::MsgPack) => json::to_msgpack(frame.bytes(), nesting).map(Frame::msgpack),
        _ => Ok(frame.clone()),
    }
}

/// Wraps a frame for the room `_logging`: `{"ID", "TO_ROOM", "TYPE": "LOG/MESSAGES", "MESSAGE": frame}`.
///
/// ```
/// use swergio_proto::{Frame, Head, wrap_log};
///
/// let log = wrap_log(&Frame::json(r#"{"TYPE": "DATA/FORWARD"}"#), "7");
/// assert_eq!(
///     log.bytes().as_ref(),
///     br#"{"ID": "7", "TO_ROOM": "_logging", "TYPE": "LOG/MESSAGES", "MESSAGE": {"TYPE": "DATA/FORWARD"}}"#
/// );
/// ```
pub fn wrap_log(frame: &Frame, id: &str) -> Frame {
    match frame.codec() {
        Codec::Json => Frame::json(json::wrap_log(frame.bytes(), id)),
        Codec::MsgPack => Frame::msgpack(msgpack::wrap_log(frame.bytes(), id)),
    }
}

/// Checks that a frame is one well-formed message: what [`Head::peek`] does, without the head.
///
/// # Errors
/// [`Fault::Malformed`], as [`Head::peek`].
pub fn check(frame: &Frame, nesting: usize) -> Result<(), Fault> {
    Head::peek(frame, nesting).map(drop)
}
