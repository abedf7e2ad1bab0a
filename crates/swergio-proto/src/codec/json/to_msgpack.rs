//! To MessagePack: the same value in the other spelling, every header and integer as short as it can be.

use rmp::encode;

use super::once::{Lone, Survey};
use super::scan::{Number, Word};
use super::text::Text;
use super::walk::{Reader, Shape, walk};
use crate::Fault;

/// Spells a JSON value as MessagePack.
///
/// An integer beyond 64 bits becomes a float, half a surrogate pair U+FFFD; a key that occurs twice counts once,
/// with its last value.
pub(crate) fn to_msgpack(bytes: &[u8], nesting: usize) -> Result<Vec<u8>, Fault> {
    let text = super::utf8(bytes)?;
    let mut survey = Survey::of(text, nesting, Lone::Replace)?;
    let once = survey.without_duplicates(text);
    if let Some(once) = &once {
        survey = Survey::of(once, nesting, Lone::Replace)?;
    }
    let mut packer = Packer { out: Vec::with_capacity(text.len()), counts: survey.counts.into_iter() };
    walk(once.as_deref().unwrap_or(text), nesting, &mut packer)?;
    Ok(packer.out)
}

/// Hears a text and packs it.
struct Packer {
    out: Vec<u8>,
    /// The sizes of the objects and arrays that are still to come.
    counts: std::vec::IntoIter<u32>,
}

const ROOM: &str = "a Vec takes every write";

impl Packer {
    fn float(&mut self, number: f64) {
        encode::write_f64(&mut self.out, number).expect(ROOM);
    }

    fn string(&mut self, text: &Text<'_>) {
        encode::write_str(&mut self.out, &text.lossy()).expect(ROOM);
    }
}

impl<'f> Reader<'f> for Packer {
    fn open(&mut self, shape: Shape, _: usize) {
        let count = self.counts.next().expect("the survey counted every object and array");
        match shape {
            Shape::Object => encode::write_map_len(&mut self.out, count).expect(ROOM),
            Shape::Array => encode::write_array_len(&mut self.out, count).expect(ROOM),
        };
    }

    fn close(&mut self, _: Shape, _: usize) {}

    fn key(&mut self, key: Text<'f>) {
        self.string(&key);
    }

    fn text(&mut self, text: Text<'f>) {
        self.string(&text);
    }

    fn number(&mut self, number: Number<'f>) {
        let raw = number.raw();
        if let (true, Ok(small)) = (number.integer, raw.parse::<i64>()) {
            encode::write_sint(&mut self.out, small).expect(ROOM);
        } else if let (true, Ok(large)) = (number.integer, raw.parse::<u64>()) {
            encode::write_uint(&mut self.out, large).expect(ROOM);
        } else {
            self.float(raw.parse().expect("the scan found a number"));
        }
    }

    fn word(&mut self, word: Word, _: usize) {
        match word {
            Word::True => self.out.push(0xc3),
            Word::False => self.out.push(0xc2),
            Word::Null => self.out.push(0xc0),
            Word::NaN => self.float(f64::NAN),
            Word::Infinity => self.float(f64::INFINITY),
            Word::MinusInfinity => self.float(f64::NEG_INFINITY),
        }
    }
}
