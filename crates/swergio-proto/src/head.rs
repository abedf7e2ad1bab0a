//! Head: what routing reads of a message, borrowed from its bytes.

use std::borrow::Cow;
use std::ops::Range;

use crate::codec::{json, msgpack};
use crate::{Codec, Fault, Kind, View};

/// Holds one field of a head as it came: absent, a string, or something that routing cannot take for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slot<'f> {
    /// The message does not have the field.
    #[default]
    Absent,
    /// The field is a string, borrowed unless it had escapes.
    Text(Cow<'f, str>),
    /// The field is there, but no string.
    Other,
    /// The field is a string with half of a surrogate pair, at this byte of the frame: the name of nothing.
    Torn(usize),
}

impl<'f> Slot<'f> {
    /// Returns the string, if the field is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Tells whether the message lacks the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Returns the string, or nothing where the field is absent.
    ///
    /// # Errors
    /// [`Fault::Malformed`] naming `field` when it is there and no string.
    #[inline]
    pub fn optional(&self, field: &'static str) -> Result<Option<&str>, Fault> {
        match self {
            Self::Absent => Ok(None),
            Self::Text(text) => Ok(Some(text)),
            _ => Err(self.blame(field)),
        }
    }

    /// Says why this is no string, which it is not.
    #[cold]
    fn blame(&self, field: &'static str) -> Fault {
        let why = match self {
            Self::Torn(at) => format!("{field} has half of a surrogate pair, at byte {at}"),
            _ => format!("{field} must be a string"),
        };
        Fault::field(field, why)
    }

    /// Returns the string.
    ///
    /// # Errors
    /// [`Fault::Malformed`] naming `field` when it is absent or no string.
    #[inline]
    pub fn required(&self, field: &'static str) -> Result<&str, Fault> {
        self.optional(field)?.ok_or_else(|| Fault::field(field, format!("{field} is missing")))
    }
}

/// Borrows from a message what routing reads. The rest is checked to be well formed, and never looked at.
///
/// A key that occurs twice counts with its last value, as it does in Python.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head<'f> {
    /// `TYPE`, the kind.
    pub kind: Slot<'f>,
    /// `ID` of this message.
    pub id: Slot<'f>,
    /// `TO_ROOM`, the room that it goes to.
    pub to_room: Slot<'f>,
    /// `TO`, the members that it goes to.
    pub to: Slot<'f>,
    /// `SENT_BY`, the member that sent it; filled in by the broker.
    pub sent_by: Slot<'f>,
    /// `ROOT_ID`, the message that began this pass.
    pub root_id: Slot<'f>,
    /// `NAME`, the argument of REGISTER.
    pub name: Slot<'f>,
    /// `ROOM`, the argument of JOINROOM and LEAVEROOM.
    pub room: Slot<'f>,
    /// `REF`, the message that a COMMAND/ACK or COMMAND/ERROR is about.
    pub reference: Slot<'f>,
    /// `MODEL_STATUS`, where it is an integer: 1 TRAIN, 2 VALIDATE.
    pub model_status: Option<i64>,
    /// Whether `ACK` is `true`: the sender wants to know how many received it.
    pub ack: bool,
    /// Where the value of `DATA` lies within the frame's bytes.
    pub data: Option<Range<usize>>,
}

impl<'f> Head<'f> {
    /// Reads a frame's head in one scan, which also checks that the whole frame is one well-formed map.
    ///
    /// MessagePack `bin` values are skipped, not scanned.
    ///
    /// ```
    /// use swergio_proto::{Frame, Head};
    ///
    /// let frame = Frame::json(r#"{"ID": "1", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": "hi"}"#);
    /// let head = Head::peek(&frame, 64)?;
    /// assert_eq!(head.to_room.text(), Some("lab"));
    /// assert_eq!(&frame.bytes()[head.data.unwrap()], br#""hi""#);
    /// # Ok::<(), swergio_proto::Fault>(())
    /// ```
    ///
    /// # Errors
    /// [`Fault::Malformed`] when the bytes are not one map with string keys, or nest deeper than `nesting`.
    #[inline]
    pub fn peek(frame: impl Into<View<'f>>, nesting: usize) -> Result<Self, Fault> {
        let mut head = Self::default();
        head.read(frame, nesting)?;
        Ok(head)
    }

    /// Reads a frame's head as [`peek`](Self::peek) does, into a head that is empty: a head is large enough for a copy
    /// of it to show in what a message costs.
    ///
    /// # Errors
    /// As [`peek`](Self::peek); what was read until then is of no use.
    #[inline]
    pub fn read(&mut self, frame: impl Into<View<'f>>, nesting: usize) -> Result<(), Fault> {
        let frame = frame.into();
        match frame.codec() {
            Codec::Json => json::peek(frame.bytes(), nesting, self),
            Codec::MsgPack => msgpack::peek(frame.bytes(), nesting, self),
        }
    }

    /// Returns the message's kind.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when `TYPE` is absent or no string.
    pub fn kind(&self) -> Result<Kind<'_>, Fault> {
        Ok(Kind::new(self.kind.required("TYPE")?))
    }

    /// Returns the slot that a field of a string's kind fills.
    #[inline]
    pub(crate) fn slot(&mut self, field: Field) -> Option<&mut Slot<'f>> {
        Some(match field {
            Field::Type => &mut self.kind,
            Field::Id => &mut self.id,
            Field::ToRoom => &mut self.to_room,
            Field::To => &mut self.to,
            Field::SentBy => &mut self.sent_by,
            Field::RootId => &mut self.root_id,
            Field::Name => &mut self.name,
            Field::Room => &mut self.room,
            Field::Ref => &mut self.reference,
            Field::Data | Field::Ack | Field::ModelStatus => return None,
        })
    }
}

/// Names a field that routing reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Type,
    Id,
    ToRoom,
    To,
    SentBy,
    RootId,
    Name,
    Room,
    Ref,
    Data,
    Ack,
    ModelStatus,
}

impl Field {
    /// Finds the field of a key of eight bytes at most, which are the first of `word`, little end first.
    #[inline(always)]
    pub(crate) fn of_word(word: u64, len: usize) -> Option<Self> {
        /// Packs a key of seven bytes at most, and its length, into a word.
        const fn tag(key: &[u8]) -> u64 {
            let mut tag = (key.len() as u64) << 56;
            let mut at = 0;
            while at < key.len() {
                tag |= (key[at] as u64) << (8 * at);
                at += 1;
            }
            tag
        }
        const TYPE: u64 = tag(b"TYPE");
        const ID: u64 = tag(b"ID");
        const TO_ROOM: u64 = tag(b"TO_ROOM");
        const TO: u64 = tag(b"TO");
        const SENT_BY: u64 = tag(b"SENT_BY");
        const ROOT_ID: u64 = tag(b"ROOT_ID");
        const NAME: u64 = tag(b"NAME");
        const ROOM: u64 = tag(b"ROOM");
        const REF: u64 = tag(b"REF");
        const DATA: u64 = tag(b"DATA");
        const ACK: u64 = tag(b"ACK");
        if len > 7 {
            return None;
        }
        Some(match word & !(u64::MAX << (8 * len)) | (len as u64) << 56 {
            TYPE => Self::Type,
            ID => Self::Id,
            TO_ROOM => Self::ToRoom,
            TO => Self::To,
            SENT_BY => Self::SentBy,
            ROOT_ID => Self::RootId,
            NAME => Self::Name,
            ROOM => Self::Room,
            REF => Self::Ref,
            DATA => Self::Data,
            ACK => Self::Ack,
            _ => return None,
        })
    }

    /// Finds the field of a key of the map, if routing reads that.
    #[inline]
    pub(crate) fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"TYPE" => Self::Type,
            b"ID" => Self::Id,
            b"TO_ROOM" => Self::ToRoom,
            b"TO" => Self::To,
            b"SENT_BY" => Self::SentBy,
            b"ROOT_ID" => Self::RootId,
            b"NAME" => Self::Name,
            b"ROOM" => Self::Room,
            b"REF" => Self::Ref,
            b"DATA" => Self::Data,
            b"ACK" => Self::Ack,
            b"MODEL_STATUS" => Self::ModelStatus,
            _ => return None,
        })
    }

    /// Tells whether the broker hands its value on without a look.
    pub(crate) fn is_opaque(self) -> bool {
        matches!(self, Self::Id | Self::RootId | Self::Ref | Self::SentBy)
    }
}
