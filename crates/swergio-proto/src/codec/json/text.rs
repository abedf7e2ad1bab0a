//! Text: a JSON string as it stands, and what its escapes mean.

use std::borrow::Cow;
use std::ops::Range;

use super::stride::{is_plain, run};

/// Bytes of a string that is looked over at once.
const SHORT: usize = 64;

/// Holds where a well-formed string stands.
#[derive(Clone, Debug)]
pub(super) struct Text<'f> {
    text: &'f str,
    /// Where it stands, with its quotes.
    pub(super) span: Range<usize>,
    /// Whether it has escapes.
    pub(super) escaped: bool,
}

/// Is a part of a string: what stands there as it is, or what an escape means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'f> {
    Plain(&'f str),
    Char(char),
    /// Half of a surrogate pair, which is no character, but which Python keeps.
    Lone(u16),
}

impl<'f> Text<'f> {
    pub(super) fn new(text: &'f str, span: Range<usize>, escaped: bool) -> Self {
        Self { text, span, escaped }
    }

    /// Returns what stands between the quotes.
    #[inline]
    pub(super) fn raw(&self) -> &'f str {
        &self.text[self.span.start + 1..self.span.end - 1]
    }

    /// Takes the string apart.
    pub(super) fn pieces(&self) -> Pieces<'f> {
        Pieces { rest: self.raw() }
    }

    /// Returns the string's meaning, or nothing if it has a lone surrogate.
    #[inline]
    pub(super) fn exact(&self) -> Option<Cow<'f, str>> {
        if self.escaped { self.unescaped(None).map(Cow::Owned) } else { Some(Cow::Borrowed(self.raw())) }
    }

    /// Returns the string's meaning, with U+FFFD in the place of a lone surrogate.
    #[inline]
    pub(super) fn lossy(&self) -> Cow<'f, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw());
        }
        let lone = Some(char::REPLACEMENT_CHARACTER);
        Cow::Owned(self.unescaped(lone).expect("a lone surrogate is replaced"))
    }

    #[cold]
    fn unescaped(&self, lone: Option<char>) -> Option<String> {
        let mut out = String::with_capacity(self.raw().len());
        for piece in self.pieces() {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Char(char) => out.push(char),
                Piece::Lone(_) => out.push(lone?),
            }
        }
        Some(out)
    }
}

/// Takes a string apart, from its first piece to its last.
#[derive(Clone, Debug)]
pub(super) struct Pieces<'f> {
    rest: &'f str,
}

impl<'f> Iterator for Pieces<'f> {
    type Item = Piece<'f>;

    fn next(&mut self) -> Option<Piece<'f>> {
        let plain = self.rest.find('\\').unwrap_or(self.rest.len());
        if plain > 0 {
            return Some(Piece::Plain(self.take(plain)));
        }
        match self.rest.as_bytes().get(1)? {
            b'u' => Some(self.unicode()),
            _ => Some(Piece::Char(match self.take(2).as_bytes()[1] {
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                same => char::from(same),
            })),
        }
    }
}

impl<'f> Pieces<'f> {
    fn take(&mut self, bytes: usize) -> &'f str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    fn unicode(&mut self) -> Piece<'f> {
        let first = unit(self.take(6)).expect("the scan found four hexadecimal digits");
        let joined = |low| char::decode_utf16([first, low]).next().and_then(Result::ok);
        match char::from_u32(u32::from(first)) {
            Some(char) => Piece::Char(char),
            None => match self.rest.get(..6).and_then(unit).and_then(joined) {
                Some(char) => {
                    self.take(6);
                    Piece::Char(char)
                }
                None => Piece::Lone(first),
            },
        }
    }
}

/// Reads `\uXXXX`.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok()
}

/// Appends a JSON string: quotes, backslashes and control characters escaped, everything else as it is.
pub(crate) fn write_str(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    // Names, and most of what else is short, have nothing to escape: one look without a branch, and one copy.
    if rest.len() < SHORT && rest.iter().fold(true, |all, &byte| all & is_plain(byte)) {
        out.extend_from_slice(rest);
        rest = &[];
    }
    loop {
        let (plain, other) = rest.split_at(run(rest, is_plain));
        out.extend_from_slice(plain);
        let Some((first, after)) = other.split_first() else { break };
        write_escape(out, u16::from(*first));
        rest = after;
    }
    out.push(b'"');
}

/// Appends the escape of one UTF-16 unit, the short one where there is one.
pub(super) fn write_escape(out: &mut Vec<u8>, unit: u16) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match unit {
        0x22 => b'"',
        0x5c => b'\\',
        0x08 => b'b',
        0x0c => b'f',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        _ => {
            let digit = |shift: u16| HEX[usize::from(unit >> shift & 15)];
            return out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_written_with_as_few_escapes_as_may_be() {
        let mut out = Vec::new();
        write_str(&mut out, "a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}é😀");
        assert_eq!(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}é😀\"".as_bytes());
    }

    #[test]
    fn surrogates_are_joined_as_python_joins_them() {
        let pieces = |raw: &str| {
            let text = format!("\"{raw}\"");
            let span = 0..text.len();
            Text::new(&text, span, true)
                .pieces()
                .map(|piece| format!("{piece:?}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(pieces(r"a\ud83d\uDE00b"), r#"Plain("a") Char('😀') Plain("b")"#);
        assert_eq!(pieces(r"\ud83d\ud83d\ude00"), "Lone(55357) Char('😀')");
        assert_eq!(pieces(r"\ude00\ud83d"), "Lone(56832) Lone(55357)");
        assert_eq!(pieces(r"\ud83d\n"), r"Lone(55357) Char('\n')");
        assert_eq!(pieces(r"\ud83dé\ude00"), r#"Lone(55357) Plain("é") Lone(56832)"#);
    }
}
