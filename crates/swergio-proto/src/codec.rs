//! Codec: the two spellings of a message, and the way from one to the other.

pub(crate) mod json;
pub(crate) mod msgpack;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Fault, Frame, Head, View};

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
    let seam = Seam::of(frame);
    let kept = &frame.bytes()[seam.kept()];
    out.reserve(kept.len() + name.len() + SENT_BY_ROOM);
    seam.write_before(out);
    out.extend_from_slice(kept);
    seam.write_after(name, out);
}

/// What SENT_BY adds beside the name, generously: its key, quotes, and the longest headers of a map and a name.
const SENT_BY_ROOM: usize = 32;

/// Says where a frame opens to take `SENT_BY` as its last key: what it keeps need not be copied.
///
/// ```
/// use swergio_proto::{Frame, Seam};
///
/// let frame = Frame::json(r#"{"TYPE":"DATA/TEXT"} "#);
/// let (seam, mut before, mut after) = (Seam::of(&frame), Vec::new(), Vec::new());
/// seam.write_before(&mut before);
/// seam.write_after("ada", &mut after);
/// assert!(before.is_empty());
/// assert_eq!(&frame.bytes()[seam.kept()], br#"{"TYPE":"DATA/TEXT""#);
/// assert_eq!(after, br#", "SENT_BY": "ada"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seam {
    codec: Codec,
    kept: Range<usize>,
    /// How many entries the map has; with JSON it only counts whether there are any.
    entries: u32,
}

impl Seam {
    /// Finds the seam of a frame that is one well-formed map, as [`Head::peek`] has found.
    #[inline]
    pub fn of<'f>(frame: impl Into<View<'f>>) -> Self {
        let frame = frame.into();
        let (kept, entries) = match frame.codec() {
            Codec::Json => json::seam(frame.bytes()),
            Codec::MsgPack => msgpack::seam(frame.bytes()),
        };
        Self { codec: frame.codec(), kept, entries }
    }

    /// Returns what is kept of the frame's bytes.
    pub fn kept(&self) -> Range<usize> {
        self.kept.clone()
    }

    /// Appends what stands before that.
    #[inline]
    pub fn write_before(&self, out: &mut Vec<u8>) {
        if self.codec == Codec::MsgPack {
            msgpack::spell::map(out, self.entries.saturating_add(1));
        }
    }

    /// Appends what follows: the key `SENT_BY` with `name` for its value, and the end of the map.
    #[inline]
    pub fn write_after(&self, name: &str, out: &mut Vec<u8>) {
        match self.codec {
            Codec::Json => json::write_sent_by(name, self.entries == 0, out),
            Codec::MsgPack => {
                msgpack::spell::text(out, "SENT_BY");
                msgpack::spell::text(out, name);
            }
        }
    }
}

/// Holds what a seam takes in the name of one sender, spelt once for all that it sends.
///
/// ```
/// use swergio_proto::{Frame, Signature};
///
/// let (ada, mut out) = (Signature::of("ada"), Vec::new());
/// ada.splice(&Frame::json(r#"{"TYPE":"DATA/TEXT"}"#), &mut out);
/// assert_eq!(out, br#"{"TYPE":"DATA/TEXT", "SENT_BY": "ada"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: Box<str>,
    /// Begins with the comma that an empty object does not need.
    json: Box<[u8]>,
    msgpack: Box<[u8]>,
}

impl Signature {
    /// Spells `SENT_BY` with `name` in both codecs.
    pub fn of(name: &str) -> Self {
        let after = |codec, entries| {
            let mut out = Vec::new();
            Seam { codec, kept: 0..0, entries }.write_after(name, &mut out);
            out.into()
        };
        Self { name: name.into(), json: after(Codec::Json, 1), msgpack: after(Codec::MsgPack, 1) }
    }

    /// Returns the name that it signs with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Counts the bytes that a message gains by the signature, if it is laid out as nearly all are.
    #[inline]
    pub fn gain(&self, codec: Codec) -> usize {
        match codec {
            // The brace at the end is part of the signature.
            Codec::Json => self.json.len() - 1,
            Codec::MsgPack => self.msgpack.len(),
        }
    }

    /// Appends `frame` with the signature to `out`: the same as [`splice_sent_by`] with the name does.
    #[inline]
    pub fn splice<'f>(&self, frame: impl Into<View<'f>>, out: &mut Vec<u8>) {
        let frame = frame.into();
        let seam = Seam::of(frame);
        let kept = &frame.bytes()[seam.kept()];
        let after = match seam.codec {
            Codec::Json if seam.entries == 0 => &self.json[COMMA..],
            Codec::Json => &self.json[..],
            Codec::MsgPack => &self.msgpack[..],
        };
        out.reserve(kept.len() + after.len() + SENT_BY_ROOM);
        seam.write_before(out);
        out.extend_from_slice(kept);
        out.extend_from_slice(after);
    }
}

/// Bytes of the comma and the blank between two entries of an object.
const COMMA: usize = 2;

/// Appends `frame`, which is JSON, to `out` in the spelling of Python's `json.dumps`, with `SENT_BY` as its
/// last key when `sent_by` is given: `", "` and `": "`, non-ASCII escaped, numbers as Python writes them.
///
/// This is what the published Python server does to every message that it changes.
///
/// # Errors
/// [`Fault::Malformed`] when the frame is not well-formed JSON within `nesting`, or is not JSON at all.
pub fn respell_as_python<'f>(
    frame: impl Into<View<'f>>,
    sent_by: Option<&str>,
    nesting: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    json::python::respell(frame.into().bytes(), sent_by, nesting, out)
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
