//! Once: looks a text over before it is spelt anew, counts what is in it, and leaves every key in once.

use super::scan::{Number, Word};
use super::text::{Piece, Text};
use super::walk::{Reader, Shape, walk};
use crate::Fault;

/// Says what becomes of half a surrogate pair in a key, which decides whether two keys are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lone {
    /// It stays what it is, as in Python.
    Keep,
    /// It becomes U+FFFD, since the other spelling cannot hold it.
    Replace,
}

/// Holds what was learnt from a text, all of which was checked.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many values each object and array has, in the order in which they begin.
    pub(super) counts: Vec<u32>,
    /// Digits of the longest integer.
    pub(super) longest_integer: usize,
    /// What to change so that every key occurs once, at its first place with its last value.
    edits: Vec<Edit>,
}

/// Is a span of the text that gives way to another one.
#[derive(Clone, Copy, Debug)]
struct Edit {
    from: u32,
    to: u32,
    instead: (u32, u32),
}

impl Survey {
    /// Looks over the whole of `text`.
    pub(super) fn of(text: &str, nesting: usize, lone: Lone) -> Result<Self, Fault> {
        if u32::try_from(text.len()).is_err() {
            return Err(Fault::malformed("a text of 4 GiB or more cannot be spelt anew"));
        }
        let mut surveyor = Surveyor {
            text: text.as_bytes(),
            lone,
            open: Vec::new(),
            entries: Vec::new(),
            aside: Vec::new(),
            survey: Self::default(),
        };
        walk(text, nesting, &mut surveyor)?;
        let mut survey = surveyor.survey;
        survey.edits.sort_unstable_by_key(|edit| edit.from);
        Ok(survey)
    }

    /// Returns the text with every key once, if it has some key twice in one object.
    pub(super) fn without_duplicates(&self, text: &str) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut due = vec![(0, text.len() as u32)];
        while let Some((at, end)) = due.pop() {
            let next = self.edits.partition_point(|edit| edit.from < at);
            match self.edits.get(next).filter(|edit| edit.from < end) {
                Some(edit) => {
                    out.push_str(&text[at as usize..edit.from as usize]);
                    due.extend([(edit.to, end), edit.instead]);
                }
                None => out.push_str(&text[at as usize..end as usize]),
            }
        }
        Some(out)
    }
}

/// Hears a text and remembers the keys of the objects that are open.
struct Surveyor<'f> {
    text: &'f [u8],
    lone: Lone,
    open: Vec<Open>,
    /// The entries of all open objects, the innermost last.
    entries: Vec<Entry>,
    /// The meaning of those keys that have escapes.
    aside: Vec<u8>,
    survey: Survey,
}

/// Is an object or array that has begun.
struct Open {
    shape: Shape,
    at: u32,
    /// Its place among the counts.
    count: usize,
    /// How many entries, and bytes aside, its surroundings have.
    entries: usize,
    aside: usize,
}

/// Is a key and its value. Offsets are of 32 bits, since a hostile message consists of little else.
#[derive(Clone, Copy)]
struct Entry {
    key: (u32, u32),
    key_aside: bool,
    /// Where the entry before it ended.
    from: u32,
    value: (u32, u32),
}

impl Surveyor<'_> {
    fn begin(&mut self, at: usize) {
        if let Some(open) = self.open.last() {
            self.survey.counts[open.count] += 1;
            if let (Shape::Object, Some(entry)) = (open.shape, self.entries.last_mut()) {
                entry.value.0 = at as u32;
            }
        }
    }

    fn end(&mut self, at: usize) {
        if let (Some(Shape::Object), Some(entry)) =
            (self.open.last().map(|open| open.shape), self.entries.last_mut())
        {
            entry.value.1 = at as u32;
        }
    }

    /// Writes the meaning of a key that has escapes aside, with a lone surrogate spelt as if it were a character.
    fn put_aside(&mut self, key: &Text<'_>) -> (u32, u32) {
        let from = self.aside.len() as u32;
        for piece in key.pieces() {
            match piece {
                Piece::Plain(text) => self.aside.extend_from_slice(text.as_bytes()),
                Piece::Char(char) => {
                    self.aside.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Piece::Lone(_) if self.lone == Lone::Replace => {
                    self.aside.extend_from_slice("\u{fffd}".as_bytes());
                }
                Piece::Lone(unit) => {
                    let [high, low] = unit.to_be_bytes();
                    let middle = (high & 0x0f) << 2 | low >> 6;
                    self.aside.extend_from_slice(&[0xed, 0x80 | middle, 0x80 | low & 0x3f]);
                }
            }
        }
        (from, self.aside.len() as u32)
    }

    /// Notes what to change where the object that began with `open` has a key more than once.
    fn find_duplicates(&mut self, open: &Open) {
        let (text, aside) = (self.text, &self.aside);
        let key = |entry: &Entry| {
            let within = if entry.key_aside { aside } else { text };
            &within[entry.key.0 as usize..entry.key.1 as usize]
        };
        let entries = &mut self.entries[open.entries..];
        entries.sort_unstable_by(|one, other| {
            let ((a, b), (c, d)) = (one.key, other.key);
            (b - a).cmp(&(d - c)).then_with(|| key(one).cmp(key(other))).then(one.from.cmp(&other.from))
        });
        for same in entries.chunk_by(|one, other| key(one) == key(other)) {
            let [first, .., last] = same else { continue };
            let instead = last.value;
            self.survey.edits.push(Edit { from: first.value.0, to: first.value.1, instead });
            let removed = |entry: &Entry| Edit { from: entry.from, to: entry.value.1, instead: (0, 0) };
            self.survey.edits.extend(same[1..].iter().map(removed));
        }
    }
}

impl<'f> Reader<'f> for Surveyor<'f> {
    fn open(&mut self, shape: Shape, at: usize) {
        self.begin(at);
        let (count, entries, aside) = (self.survey.counts.len(), self.entries.len(), self.aside.len());
        self.survey.counts.push(0);
        self.open.push(Open { shape, at: at as u32, count, entries, aside });
    }

    fn close(&mut self, _: Shape, end: usize) {
        let open = self.open.pop().expect("what closes was opened");
        if self.entries.len() > open.entries + 1 {
            self.find_duplicates(&open);
        }
        self.entries.truncate(open.entries);
        self.aside.truncate(open.aside);
        self.end(end);
    }

    fn key(&mut self, key: Text<'f>) {
        let open = self.open.last().expect("a key stands in an object");
        let from = self.entries.get(open.entries..).and_then(<[_]>::last);
        let from = from.map_or(open.at + 1, |entry| entry.value.1);
        let span = (key.span.start as u32 + 1, key.span.end as u32 - 1);
        let span = if key.escaped { self.put_aside(&key) } else { span };
        self.entries.push(Entry { key: span, key_aside: key.escaped, from, value: (0, 0) });
    }

    fn text(&mut self, text: Text<'f>) {
        self.begin(text.span.start);
        self.end(text.span.end);
    }

    fn number(&mut self, number: Number<'f>) {
        self.begin(number.span.start);
        self.end(number.span.end);
        if number.integer {
            let digits = number.span.len() - usize::from(number.raw().starts_with('-'));
            self.survey.longest_integer = self.survey.longest_integer.max(digits);
        }
    }

    fn word(&mut self, word: Word, end: usize) {
        self.begin(end - word.as_str().len());
        self.end(end);
    }
}
