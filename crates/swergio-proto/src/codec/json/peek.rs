//! Peek: the one scan that fills a head and finds out whether the message is well formed.

use std::ops::Range;

use super::scan::{Number, Word};
use super::text::Text;
use super::walk::{Reader, Shape, walk};
use crate::head::Field;
use crate::{Fault, Head, Slot};

/// Reads the head of the object in `bytes`, all of which is checked.
pub(crate) fn peek<'f>(bytes: &'f [u8], nesting: usize, head: &mut Head<'f>) -> Result<(), Fault> {
    let text = super::utf8(bytes)?;
    let mut peek = Peek { head, depth: 0, field: None, start: 0 };
    walk(text, nesting, &mut peek)?;
    super::check_object(text)
}

/// Hears the whole text and looks at the values of the outermost object.
struct Peek<'h, 'f> {
    head: &'h mut Head<'f>,
    depth: usize,
    /// The outermost object's field whose value is being read, if routing reads it.
    field: Option<Field>,
    /// Where that value began, if it is an object or array.
    start: usize,
}

/// Is what a head can take from a value.
enum Value<'f> {
    Text(Text<'f>),
    Integer(Number<'f>),
    True,
    Other,
}

impl<'f> Peek<'_, 'f> {
    /// Takes in a value of the outermost object.
    #[inline(always)]
    fn fill(&mut self, value: Value<'f>, span: Range<usize>) {
        let Some(field) = self.field else { return };
        match (field, value) {
            (Field::Data, _) => self.head.data = Some(span),
            (Field::Ack, value) => self.head.ack = matches!(value, Value::True),
            (Field::ModelStatus, Value::Integer(number)) => {
                self.head.model_status = number.raw().parse().ok();
            }
            (Field::ModelStatus, _) => self.head.model_status = None,
            (field, value) => {
                if let Some(slot) = self.head.slot(field) {
                    *slot = value.slot(field, span.start);
                }
            }
        }
    }
}

impl<'f> Value<'f> {
    /// Makes of a value at byte `at` what its field's slot holds.
    #[inline(always)]
    fn slot(self, field: Field, at: usize) -> Slot<'f> {
        let Self::Text(text) = self else { return Slot::Other };
        match text.exact() {
            Some(text) => Slot::Text(text),
            // What routing never compares is forwarded as it came, whatever it is.
            None if field.is_opaque() => Slot::Text(text.lossy()),
            None => Slot::Torn(at),
        }
    }
}

impl<'f> Reader<'f> for Peek<'_, 'f> {
    #[inline(always)]
    fn open(&mut self, _: Shape, at: usize) {
        if self.depth == 1 {
            self.start = at;
        }
        self.depth += 1;
    }

    #[inline(always)]
    fn close(&mut self, _: Shape, end: usize) {
        self.depth -= 1;
        if self.depth == 1 {
            self.fill(Value::Other, self.start..end);
        }
    }

    #[inline(always)]
    fn key(&mut self, key: Text<'f>) {
        if self.depth == 1 {
            self.field = Field::of(key.lossy().as_bytes());
        }
    }

    #[inline(always)]
    fn text(&mut self, text: Text<'f>) {
        if self.depth == 1 {
            let span = text.span.clone();
            self.fill(Value::Text(text), span);
        }
    }

    #[inline(always)]
    fn number(&mut self, number: Number<'f>) {
        if self.depth == 1 {
            let span = number.span.clone();
            self.fill(if number.integer { Value::Integer(number) } else { Value::Other }, span);
        }
    }

    #[inline(always)]
    fn word(&mut self, word: Word, end: usize) {
        if self.depth == 1 {
            let span = end - word.as_str().len()..end;
            self.fill(if word == Word::True { Value::True } else { Value::Other }, span);
        }
    }
}
