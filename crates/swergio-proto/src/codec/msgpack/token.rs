//! Token: one MessagePack item, borrowed from the bytes, and the reader that finds it.

use std::ops::Range;

use crate::Fault;
use crate::head::Field;

/// Holds one item: a scalar, or the header of a list or map whose items follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token<'f> {
    Nil,
    Bool(bool),
    /// Every integer that fits, whatever its spelling.
    Int(i64),
    /// An integer beyond `i64::MAX`.
    Uint(u64),
    F32(f32),
    F64(f64),
    Str(&'f str),
    Bin(&'f [u8]),
    Ext(i8, &'f [u8]),
    List(u32),
    Map(u32),
}

impl Token<'_> {
    /// Counts the items that follow and belong to this one: keys and values each count.
    pub(crate) fn items(self) -> u64 {
        match self {
            Self::List(count) => count.into(),
            Self::Map(count) => u64::from(count) * 2,
            _ => 0,
        }
    }

    /// Returns an integer of 64 bits with a sign, if it is one.
    pub(crate) fn integer(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            _ => None,
        }
    }

    #[inline]
    fn is_container(self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }
}

/// Reads items one after the other. A `bin` or `ext` costs nothing whatever its size.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'f> {
    bytes: &'f [u8],
    at: usize,
}

impl<'f> Reader<'f> {
    pub(crate) fn new(bytes: &'f [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Tells how many bytes were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Checks that nothing is left.
    pub(crate) fn end(&self) -> Result<(), Fault> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(Fault::malformed(format!("the message ends at byte {}, but more bytes follow", self.at)))
    }

    /// Reads the next item.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Token<'f>, Fault> {
        let [mark] = self.array::<1>()?;
        Ok(match mark {
            0x00..=0x7f => Token::Int(mark.into()),
            0xe0..=0xff => Token::Int((mark as i8).into()),
            0x80..=0x8f => Token::Map((mark & 0x0f).into()),
            0x90..=0x9f => Token::List((mark & 0x0f).into()),
            0xa0..=0xbf => Token::Str(self.text((mark & 0x1f).into())?),
            0xca => Token::F32(f32::from_be_bytes(self.array()?)),
            0xcb => Token::F64(f64::from_be_bytes(self.array()?)),
            _ => self.rare(mark)?,
        })
    }

    fn rare(&mut self, mark: u8) -> Result<Token<'f>, Fault> {
        Ok(match mark {
            0xc0 => Token::Nil,
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0xc4..=0xc6 => Token::Bin(self.sized(mark - 0xc4)?),
            0xc7..=0xc9 => {
                let size = self.size(mark - 0xc7)?;
                self.ext(size)?
            }
            0xcc..=0xcf => unsigned(self.number(1 << (mark - 0xcc))?),
            0xd0 => Token::Int(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Token::Int(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Token::Int(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Token::Int(i64::from_be_bytes(self.array()?)),
            0xd4..=0xd8 => self.ext(1 << (mark - 0xd4))?,
            0xd9..=0xdb => {
                let size = self.size(mark - 0xd9)?;
                Token::Str(self.text(size)?)
            }
            0xdc | 0xdd => Token::List(self.size(mark - 0xdc + 1)? as u32),
            0xde | 0xdf => Token::Map(self.size(mark - 0xde + 1)? as u32),
            _ => {
                return Err(Fault::malformed(format!(
                    "byte {mark:#04x} at {} is no MessagePack",
                    self.at - 1
                )));
            }
        })
    }

    /// Reads the next item, those first that most values of a message are: short text, and bytes.
    #[inline(always)]
    pub(crate) fn next_quick(&mut self) -> Result<Token<'f>, Fault> {
        let rest = &self.bytes[self.at..];
        let (header, size) = match *rest {
            [mark @ 0xa0..=0xbf, ..] => (1, usize::from(mark & 0x1f)),
            [0xd9 | 0xc4, size, ..] => (2, usize::from(size)),
            [0xda | 0xc5, high, low, ..] => (3, usize::from(u16::from_be_bytes([high, low]))),
            _ => return self.next(),
        };
        let Some(value) = rest.get(header..header + size) else { return Err(cut_short()) };
        let start = self.at + header;
        self.at = start + size;
        match rest[0] {
            0xc4 | 0xc5 => Ok(Token::Bin(value)),
            _ => text(value, start).map(Token::Str),
        }
    }

    /// Reads a key and finds the field that it names, if routing reads that. One that is not known must be text all
    /// the same.
    #[inline(always)]
    pub(crate) fn field(&mut self) -> Result<Option<Field>, Fault> {
        if let [mark @ 0xa0..=0xa7, key @ ..] = &self.bytes[self.at..]
            && let Some(word) = key.first_chunk()
        {
            let len = usize::from(mark & 0x1f);
            if let Some(field) = Field::of_word(u64::from_le_bytes(*word), len) {
                self.at += 1 + len;
                return Ok(Some(field));
            }
        }
        let key = self.text_bytes()?;
        match Field::of(key) {
            None => text(key, self.at - key.len()).map(|_| None),
            known => Ok(known),
        }
    }

    /// Reads a string, without checking that it is text.
    #[inline]
    pub(crate) fn text_bytes(&mut self) -> Result<&'f [u8], Fault> {
        let [mark] = self.array::<1>()?;
        let size = match mark {
            0xa0..=0xbf => (mark & 0x1f).into(),
            0xd9..=0xdb => self.size(mark - 0xd9)?,
            _ => return Err(Fault::malformed("a key of the message is not a string")),
        };
        self.take(size)
    }

    /// Skips the rest of the item that `first` began, checking every byte of it. Were it a container, it would
    /// lie `depth` deep.
    #[inline]
    pub(crate) fn skip(&mut self, first: Token<'f>, depth: usize, nesting: usize) -> Result<(), Fault> {
        if first.is_container() { self.skip_items(first, depth, nesting) } else { Ok(()) }
    }

    fn skip_items(&mut self, first: Token<'f>, depth: usize, nesting: usize) -> Result<(), Fault> {
        let mut left = first.items();
        let mut above = Above::default();
        loop {
            if depth + above.len > nesting {
                return Err(too_deep(nesting));
            }
            let inner = loop {
                while left == 0 {
                    let Some(outer) = above.pop() else { return Ok(()) };
                    left = outer;
                }
                left -= 1;
                let token = self.next()?;
                if token.is_container() {
                    break token;
                }
            };
            above.push(left);
            left = inner.items();
        }
    }

    /// Reads one whole item and returns where it lies.
    pub(crate) fn skip_next(&mut self, depth: usize, nesting: usize) -> Result<Range<usize>, Fault> {
        let start = self.at;
        let first = self.next()?;
        self.skip(first, depth, nesting)?;
        Ok(start..self.at)
    }

    fn ext(&mut self, size: usize) -> Result<Token<'f>, Fault> {
        let [kind] = self.array::<1>()?;
        Ok(Token::Ext(kind as i8, self.take(size)?))
    }

    /// Reads a size of 1, 2 or 4 bytes.
    fn size(&mut self, width_log2: u8) -> Result<usize, Fault> {
        self.number(1 << width_log2).map(|size| size as usize)
    }

    fn sized(&mut self, width_log2: u8) -> Result<&'f [u8], Fault> {
        let size = self.size(width_log2)?;
        self.take(size)
    }

    fn number(&mut self, width: usize) -> Result<u64, Fault> {
        Ok(self.take(width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    #[inline]
    fn text(&mut self, size: usize) -> Result<&'f str, Fault> {
        let start = self.at;
        text(self.take(size)?, start)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or_else(cut_short)?;
        self.at += N;
        Ok(*found)
    }

    #[inline]
    fn take(&mut self, size: usize) -> Result<&'f [u8], Fault> {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.get(..size)).ok_or_else(cut_short)?;
        self.at += size;
        Ok(found)
    }
}

fn unsigned(number: u64) -> Token<'static> {
    i64::try_from(number).map_or(Token::Uint(number), Token::Int)
}

/// Takes the bytes at byte `at` of a message for text.
#[inline]
pub(crate) fn text(bytes: &[u8], at: usize) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| not_text(at))
}

#[cold]
fn not_text(at: usize) -> Fault {
    Fault::malformed(format!("the text at byte {at} is not UTF-8"))
}

#[cold]
fn cut_short() -> Fault {
    Fault::malformed("the MessagePack ends within a value")
}

#[cold]
pub(crate) fn too_deep(nesting: usize) -> Fault {
    Fault::malformed(format!("lists and maps nest deeper than {nesting}"))
}

/// Remembers how many items are left in each container around the current one, the first few without allocating.
#[derive(Default)]
struct Above {
    shallow: [u64; SHALLOW],
    deep: Vec<u64>,
    len: usize,
}

/// Covers every message of the common kinds: a map in a map, or lists in lists.
const SHALLOW: usize = 8;

impl Above {
    fn push(&mut self, left: u64) {
        match self.shallow.get_mut(self.len) {
            Some(slot) => *slot = left,
            None => self.deep.push(left),
        }
        self.len += 1;
    }

    fn pop(&mut self) -> Option<u64> {
        self.len = self.len.checked_sub(1)?;
        self.shallow.get(self.len).copied().or_else(|| self.deep.pop())
    }
}
