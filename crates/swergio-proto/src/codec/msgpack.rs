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
    let mut entries = Entries::open(bytes, nesting)?;
    while let Some(entry) = entries.next_by(field)? {
        match entry.key {
            None => {}
            Some(Field::Data) => head.data = Some(entry.place),
            Some(Field::Ack) => head.ack = entry.value == Token::Bool(true),
            Some(Field::ModelStatus) => head.model_status = entry.integer(),
            Some(field) => {
                if let Some(slot) = head.slot(field) {
                    *slot = entry.slot();
                }
            }
        }
    }
    Ok(())
}

/// Finds the field of a key. One that is not known must be text all the same.
#[inline]
fn field(key: &[u8], at: usize) -> Result<Option<Field>, Fault> {
    match Field::of(key) {
        None => token::text(key, at).map(|_| None),
        known => Ok(known),
    }
}

/// Walks over the entries of the one map that is a message, checking each.
pub(crate) struct Entries<'f> {
    reader: Reader<'f>,
    left: u32,
    nesting: usize,
}

/// Holds one entry of a message: its key, the first item of its value, and where the value lies.
pub(crate) struct Entry<'f, K = &'f str> {
    pub(crate) key: K,
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
        self.next_by(token::text)
    }

    /// Reads one more entry, with what `read` makes of its key's bytes and their place.
    #[inline]
    fn next_by<K>(
        &mut self,
        read: impl FnOnce(&'f [u8], usize) -> Result<K, Fault>,
    ) -> Result<Option<Entry<'f, K>>, Fault> {
        if self.left == 0 {
            return self.reader.end().map(|()| None);
        }
        self.left -= 1;
        let key = self.reader.text_bytes()?;
        let key = read(key, self.reader.at() - key.len())?;
        let start = self.reader.at();
        let value = self.reader.next()?;
        self.reader.skip(value, 2, self.nesting)?;
        Ok(Some(Entry { key, value, place: start..self.reader.at() }))
    }
}

impl<'f, K> Entry<'f, K> {
    /// Returns the value, if it is an integer of 64 bits with a sign.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self.value {
            Token::Int(number) => Some(number),
            _ => None,
        }
    }

    fn slot(&self) -> Slot<'f> {
        match self.value {
            Token::Str(text) => Slot::Text(Cow::Borrowed(text)),
            _ => Slot::Other,
        }
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
