//! Python: a message in the spelling that `json.dumps(json.loads(text))` gives it in CPython 3.11.

use super::number::write_f64;
use super::once::{Lone, Survey};
use super::scan::{Number, Word};
use super::stride::{is_plain, run};
use super::text::{Piece, Text, write_escape};
use super::walk::{Reader, Shape, walk};
use crate::Fault;

/// The longest integer that Python turns from text into a number (`sys.set_int_max_str_digits`).
const MOST_DIGITS: usize = 4300;

/// Appends the value in `bytes` to `out`, which is left alone if there is a fault.
///
/// With `sent_by` the value must be an object that has no SENT_BY, and gets one as its last key.
pub(crate) fn respell(
    bytes: &[u8],
    sent_by: Option<&str>,
    nesting: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    let text = super::utf8(bytes)?;
    let survey = Survey::of(text, nesting, Lone::Keep)?;
    if survey.longest_integer > MOST_DIGITS {
        let digits = survey.longest_integer;
        return Err(Fault::malformed(format!("an integer of {digits} digits, {MOST_DIGITS} are allowed")));
    }
    if sent_by.is_some() {
        super::check_object(text)?;
    }
    let once = survey.without_duplicates(text);
    out.reserve(text.len() + text.len() / 8 + sent_by.map_or(0, |name| name.len() + 16));
    walk(once.as_deref().unwrap_or(text), nesting, &mut Python { out, comma: false })?;
    if let Some(name) = sent_by {
        append_sent_by(out, name);
    }
    Ok(())
}

fn append_sent_by(out: &mut Vec<u8>, name: &str) {
    out.pop();
    if !out.ends_with(b"{") {
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(br#""SENT_BY": ""#);
    write_ascii(out, name);
    out.extend_from_slice(b"\"}");
}

/// Hears a text and writes it down as Python would.
struct Python<'o> {
    out: &'o mut Vec<u8>,
    /// Whether a comma stands before what comes next.
    comma: bool,
}

impl Python<'_> {
    fn begin(&mut self) {
        if self.comma {
            self.out.extend_from_slice(b", ");
        }
        self.comma = true;
    }

    fn string(&mut self, text: &Text<'_>) {
        self.out.push(b'"');
        if text.escaped {
            for piece in text.pieces() {
                match piece {
                    Piece::Plain(text) => write_ascii(self.out, text),
                    Piece::Char(char) => write_ascii(self.out, char.encode_utf8(&mut [0; 4])),
                    Piece::Lone(unit) => write_escape(self.out, unit),
                }
            }
        } else {
            write_ascii(self.out, text.raw());
        }
        self.out.push(b'"');
    }
}

/// Appends text in printable ASCII, with escapes for all the rest.
fn write_ascii(out: &mut Vec<u8>, mut text: &str) {
    loop {
        let (printable, rest) = text.split_at(run(text.as_bytes(), is_printable));
        out.extend_from_slice(printable.as_bytes());
        let mut chars = rest.chars();
        let Some(other) = chars.next() else { break };
        for unit in other.encode_utf16(&mut [0; 2]) {
            write_escape(out, *unit);
        }
        text = chars.as_str();
    }
}

fn is_printable(byte: u8) -> bool {
    is_plain(byte) & (byte <= b'~')
}

impl<'f> Reader<'f> for Python<'_> {
    fn open(&mut self, shape: Shape, _: usize) {
        self.begin();
        self.out.push(if shape == Shape::Object { b'{' } else { b'[' });
        self.comma = false;
    }

    fn close(&mut self, shape: Shape, _: usize) {
        self.out.push(if shape == Shape::Object { b'}' } else { b']' });
        self.comma = true;
    }

    fn key(&mut self, key: Text<'f>) {
        self.begin();
        self.string(&key);
        self.out.extend_from_slice(b": ");
        self.comma = false;
    }

    fn text(&mut self, text: Text<'f>) {
        self.begin();
        self.string(&text);
    }

    fn number(&mut self, number: Number<'f>) {
        self.begin();
        match (number.raw(), number.integer) {
            ("-0", _) => self.out.push(b'0'),
            (digits, true) => self.out.extend_from_slice(digits.as_bytes()),
            (float, false) => write_f64(self.out, float.parse().expect("the scan found a number")),
        }
    }

    fn word(&mut self, word: Word, _: usize) {
        self.begin();
        self.out.extend_from_slice(word.as_str().as_bytes());
    }
}
