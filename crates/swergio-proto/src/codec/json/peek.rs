//! Peek: the one scan that fills a head and finds out whether the message is well formed.

use std::ops::Range;

use super::scan::{Number, Scan, Stop, Word};
use super::text::Text;
use super::walk::{Reader, Shape, nested, walk};
use crate::head::Field;
use crate::{Fault, Head, Slot};

/// Reads the head of the object in `bytes`, all of which is checked.
pub(crate) fn peek<'f>(bytes: &'f [u8], nesting: usize, head: &mut Head<'f>) -> Result<(), Fault> {
    let text = super::utf8(bytes)?;
    let mut scan = Scan::new(text);
    scan.white();
    if scan.byte() != Some(b'{') {
        return no_object(text, nesting);
    }
    object(&mut scan, nesting, head).map_err(|stop| scan.fault(stop))
}

/// Says what is wrong with a text that does not begin as an object does.
#[cold]
fn no_object(text: &str, nesting: usize) -> Result<(), Fault> {
    walk(text, nesting, &mut Deaf)?;
    super::check_object(text)
}

/// Reads the outermost object, whose brace was looked at, and what follows it: nothing.
///
/// Every message comes through here, so it is a loop of its own over what [`walk`] would find, too.
#[inline]
fn object<'f>(scan: &mut Scan<'f>, nesting: usize, head: &mut Head<'f>) -> Result<(), Stop> {
    if nesting == 0 {
        return Err(Stop::TooDeep(nesting));
    }
    scan.bump();
    scan.white();
    if scan.byte() == Some(b'}') {
        scan.bump();
        return scan.end();
    }
    loop {
        scan.white();
        let field = scan.field()?;
        scan.white();
        value(scan, nesting, field, head)?;
        scan.white();
        match scan.byte() {
            Some(b',') => scan.bump(),
            Some(b'}') => break scan.bump(),
            _ => return Err(Stop::Wanted(Shape::Object.wanted())),
        }
    }
    scan.end()
}

/// Is what a head can take from a value.
enum Value<'f> {
    Text(Text<'f>),
    Integer(Number<'f>),
    True,
    Other,
}

/// Reads the value of a field of the outermost object.
#[inline(always)]
fn value<'f>(
    scan: &mut Scan<'f>,
    nesting: usize,
    field: Option<Field>,
    head: &mut Head<'f>,
) -> Result<(), Stop> {
    let start = scan.at();
    let value = match scan.byte() {
        Some(b'"') => Value::Text(scan.string()?),
        Some(b'-' | b'0'..=b'9') if scan.ahead(1) != Some(b'I') => {
            let number = scan.number()?;
            if number.integer { Value::Integer(number) } else { Value::Other }
        }
        Some(b'[' | b'{') => {
            nested(scan, 1, nesting, &mut Deaf)?;
            Value::Other
        }
        _ if scan.word()? == Word::True => Value::True,
        _ => Value::Other,
    };
    if let Some(field) = field {
        fill(head, field, value, start..scan.at());
    }
    Ok(())
}

/// Takes in a value that lies at `span`.
#[inline(always)]
fn fill<'f>(head: &mut Head<'f>, field: Field, value: Value<'f>, span: Range<usize>) {
    match (field, value) {
        (Field::Data, _) => head.data = Some(span),
        (Field::Ack, value) => head.ack = matches!(value, Value::True),
        (Field::ModelStatus, Value::Integer(number)) => head.model_status = number.raw().parse().ok(),
        (Field::ModelStatus, _) => head.model_status = None,
        (field, value) => {
            if let Some(slot) = head.slot(field) {
                *slot = value.slot(field, span.start);
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

/// Hears what is only to be well formed.
struct Deaf;

impl<'f> Reader<'f> for Deaf {
    #[inline(always)]
    fn open(&mut self, _: Shape, _: usize) {}

    #[inline(always)]
    fn close(&mut self, _: Shape, _: usize) {}

    #[inline(always)]
    fn key(&mut self, _: Text<'f>) {}

    #[inline(always)]
    fn text(&mut self, _: Text<'f>) {}

    #[inline(always)]
    fn number(&mut self, _: Number<'f>) {}

    #[inline(always)]
    fn word(&mut self, _: Word, _: usize) {}
}
