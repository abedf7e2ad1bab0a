//! One MessagePack map: read in one walk, changed without being decoded.

pub(crate) mod base64;
pub(crate) mod decimal;
pub(crate) mod spell;
pub(crate) mod tensor_map;
pub(crate) mod to_json;
pub(crate) mod token;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use tensor_map::TensorMap;
pub(crate) use to_json::to_json;
pub(crate) use token::{Reader, Token};

use crate::head::{Field, Head, Slot};
use crate::{Fault, LOGGING};

/// Reads a frame's head in one walk that checks every byte of the frame but those in `bin` and `ext`.
pub(crate) fn peek<'f>(bytes: &'f [u8], nesting: usize, head: &mut Head<'f>) -> Result<(), Fault> {
    let Entries { mut reader, left, .. } = Entries::open(bytes, nesting)?;
    for _ in 0..left {
        let field = reader.field()?;
        let start = reader.at();
        let value = reader.next_quick()?;
        reader.skip(value, 2, nesting)?;
        if let Some(field) = field {
            fill(head, field, value, start..reader.at());
        }
    }
    reader.end()
}

/// Takes in a value that begins with the item `value` and lies at `span`.
#[inline(always)]
fn fill<'f>(head: &mut Head<'f>, field: Field, value: Token<'f>, span: Range<usize>) {
    match (field, value) {
        (Field::Data, _) => head.data = Some(span),
        (Field::Ack, value) => head.ack = value == Token::Bool(true),
        (Field::ModelStatus, value) => head.model_status = value.integer(),
        (field, value) => {
            if let Some(slot) = head.slot(field) {
                *slot = match value {
                    Token::Str(text) => Slot::Text(Cow::Borrowed(text)),
                    _ => Slot::Other,
                };
            }
        }
    }
}

/// Walks over the entries of the one map that is a message, checking each.
pub(crate) struct Entries<'f> {
    reader: Reader<'f>,
    left: u32,
    nesting: usize,
}

/// Holds one entry of a message: its key, the first item of its value, and where the value lies.
pub(crate) struct Entry<'f> {
    pub(crate) key: &'f str,
    pub(crate) value: Token<'f>,
    pub(crate) place: Range<usize>,
}

impl<'f> Entries<'f> {
    pub(crate) fn open(bytes: &'f [u8], nesting: usize) -> Result<Self, Fault> {
        let mut reader = Reader::new(bytes);
        match reader.next()? {
            Token::Map(left) if nesting > 0 => Ok(Self { reader, left, nesting }),
            _ => Err(Fault::malformed("a message is one map")),
        }
    }

    /// Reads one more entry. After the last one it checks that the message ends there.
    pub(crate) fn next(&mut self) -> Result<Option<Entry<'f>>, Fault> {
        if self.left == 0 {
            return self.reader.end().map(|()| None);
        }
        self.left -= 1;
        let key = self.reader.text_bytes()?;
        let key = token::text(key, self.reader.at() - key.len())?;
        let start = self.reader.at();
        let value = self.reader.next()?;
        self.reader.skip(value, 2, self.nesting)?;
        Ok(Some(Entry { key, value, place: start..self.reader.at() }))
    }
}

/// Is what a value holds that nobody reads on its way.
pub(crate) enum Payload<'f> {
    Text(&'f str),
    Bytes(&'f [u8]),
}

/// Finds the payload of a value: that of a text, of bytes, or of a tensor.
pub(crate) fn payload(value: &[u8]) -> Option<Payload<'_>> {
    let mut reader = Reader::new(value);
    match reader.next().ok()? {
        Token::Str(text) => Some(Payload::Text(text)),
        Token::Bin(bytes) => Some(Payload::Bytes(bytes)),
        Token::Map(3) => TensorMap::read(reader).map(|(tensor, _)| Payload::Bytes(tensor.data)),
        _ => None,
    }
}

/// Finds what stays of the map `bytes` when it takes one more entry, and how many it has.
pub(crate) fn seam(bytes: &[u8]) -> (Range<usize>, u32) {
    let mut reader = Reader::new(bytes);
    let Ok(Token::Map(count)) = reader.next() else {
        debug_assert!(false, "the frame was peeked, so it is a map");
        return (0..bytes.len(), 0);
    };
    (reader.at()..bytes.len(), count)
}

/// Wraps the map `bytes` for the room `_logging`.
pub(crate) fn wrap_log(bytes: &[u8], id: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + id.len() + 64);
    spell::map(&mut out, 4);
    for text in ["ID", id, "TO_ROOM", LOGGING, "TYPE", "LOG/MESSAGES", "MESSAGE"] {
        spell::text(&mut out, text);
    }
    out.extend_from_slice(bytes);
    out
}

/// Checks that `bytes` are one well-formed value, of any type.
pub(crate) fn check_value(bytes: &[u8], nesting: usize) -> Result<(), Fault> {
    let mut reader = Reader::new(bytes);
    reader.skip_next(1, nesting)?;
    reader.end()
}
