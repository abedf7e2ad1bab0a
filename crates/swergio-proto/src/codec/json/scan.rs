//! Scan: a cursor that reads JSON's tokens, eight bytes at a stride where it can.

use std::ops::Range;

use super::stride::{digits_until, has_control, quote_from, short_key};
use super::text::Text;
use crate::Fault;
use crate::head::Field;

/// Says why a scan cannot go on from where it is. It fits into registers, which a [`Fault`] does not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// Something else should stand here.
    Wanted(&'static str),
    /// What begins here would nest deeper than this limit.
    TooDeep(usize),
}

/// Walks over a text token by token. It looks at every byte and copies none.
#[derive(Debug)]
pub(super) struct Scan<'f> {
    text: &'f str,
    at: usize,
    /// Whether there are control characters, of which strings must be free.
    control: bool,
}

/// Holds where a number stands.
#[derive(Clone, Debug)]
pub(super) struct Number<'f> {
    text: &'f str,
    pub(super) span: Range<usize>,
    /// Whether it has neither fraction nor exponent.
    pub(super) integer: bool,
}

impl<'f> Number<'f> {
    /// Returns the number as it is spelt.
    pub(super) fn raw(&self) -> &'f str {
        &self.text[self.span.clone()]
    }
}

/// Names the values that are spelt as a bare word. The last three are not JSON, but Python's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    True,
    False,
    Null,
    NaN,
    Infinity,
    MinusInfinity,
}

impl Word {
    const ALL: [Self; 6] =
        [Self::True, Self::False, Self::Null, Self::NaN, Self::Infinity, Self::MinusInfinity];

    /// Returns the word as it is spelt.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Null => "null",
            Self::NaN => "NaN",
            Self::Infinity => "Infinity",
            Self::MinusInfinity => "-Infinity",
        }
    }
}

impl<'f> Scan<'f> {
    pub(super) fn new(text: &'f str) -> Self {
        Self { text, at: 0, control: has_control(text.as_bytes()) }
    }

    /// Returns how many bytes were read.
    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Looks at the next byte.
    #[inline]
    pub(super) fn byte(&self) -> Option<u8> {
        self.ahead(0)
    }

    /// Looks at a byte further on.
    #[inline]
    pub(super) fn ahead(&self, by: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + by).copied()
    }

    /// Steps over a byte that was looked at.
    #[inline]
    pub(super) fn bump(&mut self) {
        self.at += 1;
    }

    /// Steps over blanks.
    #[inline]
    pub(super) fn white(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// Reads a key and its colon.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Text<'f>, Stop> {
        if self.byte() != Some(b'"') {
            return Err(Stop::Wanted("a key in double quotes"));
        }
        let key = self.string()?;
        self.white();
        if self.byte() != Some(b':') {
            return Err(Stop::Wanted("a colon"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a key and its colon, and finds the field that it names, if routing reads that.
    #[inline(always)]
    pub(super) fn field(&mut self) -> Result<Option<Field>, Stop> {
        if let Some((word, len)) = short_key(self.text.as_bytes(), self.at)
            && !self.control
        {
            self.at += len + 3;
            return Ok(Field::of_word(word, len));
        }
        Ok(Field::of(self.key()?.lossy().as_bytes()))
    }

    /// Reads a string, from the quote that was looked at to the one that ends it.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Text<'f>, Stop> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            let from = self.at;
            self.at = quote_from(self.text.as_bytes(), from);
            if self.control {
                self.check_plain(from)?;
            }
            match self.byte() {
                Some(b'"') => break self.at += 1,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                _ => return Err(Stop::Wanted("a double quote that ends the string")),
            }
        }
        Ok(Text::new(self.text, start..self.at, escaped))
    }

    /// Checks that the part of a string which was stepped over has no control character, and steps back to it if so.
    fn check_plain(&mut self, from: usize) -> Result<(), Stop> {
        match self.text.as_bytes()[from..self.at].iter().position(|byte| *byte < 0x20) {
            Some(before) => {
                self.at = from + before;
                Err(Stop::Wanted("an escape such as \\n"))
            }
            None => Ok(()),
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<(), Stop> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.byte().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(Stop::Wanted("four hexadecimal digits"));
                    }
                    self.at += 1;
                }
            }
            _ => return Err(Stop::Wanted("one of \"\\/bfnrtu after a backslash")),
        }
        Ok(())
    }

    /// Reads a number, of which the first byte was looked at.
    ///
    /// Signs and first digits change from number to number, so nothing branches on them.
    #[inline(always)]
    pub(super) fn number(&mut self) -> Result<Number<'f>, Stop> {
        let start = self.at;
        let mut integer = true;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        self.digits()?;
        if self.at > whole + 1 && self.text.as_bytes()[whole] == b'0' {
            self.at = whole;
            return Err(Stop::Wanted("a number without leading zeros"));
        }
        if self.byte() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Number { text: self.text, span: start..self.at, integer })
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Stop> {
        let start = self.at;
        self.at = digits_until(self.text.as_bytes(), self.at);
        if self.at == start { Err(Stop::Wanted("a digit")) } else { Ok(()) }
    }

    /// Reads a bare word.
    pub(super) fn word(&mut self) -> Result<Word, Stop> {
        let rest = &self.text.as_bytes()[self.at..];
        let word = Word::ALL.into_iter().find(|word| rest.starts_with(word.as_str().as_bytes()));
        let word = word.ok_or(Stop::Wanted("a value"))?;
        self.at += word.as_str().len();
        Ok(word)
    }

    /// Checks that nothing but blanks is left.
    #[inline]
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        self.white();
        if self.byte().is_none() { Ok(()) } else { Err(Stop::Wanted("the end")) }
    }

    /// Says why the scan stopped here.
    #[cold]
    pub(super) fn fault(&self, stop: Stop) -> Fault {
        let at = self.at;
        let found = self.text.get(at..).and_then(|rest| rest.chars().next());
        Fault::malformed(match (stop, found) {
            (Stop::TooDeep(limit), _) => format!("nested deeper than the limit of {limit} at byte {at}"),
            (Stop::Wanted(wanted), Some(found)) => format!("expected {wanted} at byte {at}, found {found:?}"),
            (Stop::Wanted(wanted), None) => format!("expected {wanted} at byte {at}, where the text ends"),
        })
    }
}
