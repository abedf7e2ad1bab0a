//! MessagePack to JSON: what a sender of the one spelling means, for a receiver of the other.

use super::token::too_deep;
use super::{Reader, TensorMap, Token, base64, decimal};
use crate::Fault;
use crate::codec::json::{write_f32, write_f64, write_str};
use crate::tensor::lists;

/// Spells any one value as JSON, with the blanks that upstream writes but for the numbers of a tensor.
///
/// A tensor becomes nested lists; one whose lists would nest too deep, or be brackets for the most part, is
/// spelt as the map that it is. Other `bin` becomes a base64 string, `ext` `{"ext": type, "data": base64}`, a
/// key that is no string its JSON text.
pub(crate) fn to_json(bytes: &[u8], nesting: usize) -> Result<Vec<u8>, Fault> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 2 + 64);
    write_value(bytes, 1, nesting, &mut out)?;
    Ok(out)
}

/// Appends the JSON of the one value that `bytes` are, `depth` deep.
pub(crate) fn write_value(
    bytes: &[u8],
    depth: usize,
    nesting: usize,
    out: &mut Vec<u8>,
) -> Result<(), Fault> {
    Spelling { reader: Reader::new(bytes), bytes, open: Vec::new(), depth, nesting, in_key: false }.write(out)
}

/// Writes one value, with its open containers on a stack of its own, so that no message can exhaust ours.
struct Spelling<'f> {
    reader: Reader<'f>,
    bytes: &'f [u8],
    open: Vec<Open>,
    depth: usize,
    nesting: usize,
    in_key: bool,
}

/// Counts the items, or the entries, that are left of a container.
struct Open {
    left: u32,
    fresh: bool,
    map: bool,
}

impl<'f> Spelling<'f> {
    fn write(mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.value(out)?;
        while let Some(inner) = self.open.last_mut() {
            if inner.left == 0 {
                out.push(if inner.map { b'}' } else { b']' });
                self.open.pop();
                continue;
            }
            inner.left -= 1;
            if !std::mem::replace(&mut inner.fresh, false) {
                out.extend_from_slice(b", ");
            }
            if inner.map {
                self.key(out)?;
                out.extend_from_slice(b": ");
            }
            self.value(out)?;
        }
        self.reader.end()
    }

    /// Writes a scalar, or the opening of a container.
    fn value(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        match self.reader.next()? {
            Token::Nil => out.extend_from_slice(b"null"),
            Token::Bool(truth) => decimal::write_bool(out, truth),
            Token::Int(number) => decimal::write_i64(out, number),
            Token::Uint(number) => decimal::write_u64(out, number),
            Token::F32(number) => write_f32(out, number),
            Token::F64(number) => write_f64(out, number),
            Token::Str(text) => write_str(out, text),
            Token::Bin(bytes) => base64::write(out, bytes),
            Token::Ext(kind, bytes) => write_ext(out, kind, bytes),
            Token::List(left) => self.open(Open { left, fresh: true, map: false }, out)?,
            Token::Map(left) => {
                if left != 3 || !self.tensor(out) {
                    self.open(Open { left, fresh: true, map: true }, out)?;
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, container: Open, out: &mut Vec<u8>) -> Result<(), Fault> {
        if self.depth + self.open.len() > self.nesting {
            return Err(too_deep(self.nesting));
        }
        out.push(if container.map { b'{' } else { b'[' });
        self.open.push(container);
        Ok(())
    }

    /// Writes a tensor, of which the map's header was just read, as lists; or nothing, where it is none.
    fn tensor(&mut self, out: &mut Vec<u8>) -> bool {
        let Some((tensor, behind)) = TensorMap::read(self.reader.clone()) else { return false };
        let deepest = self.depth + self.open.len() + tensor.shape.len().max(2) - 1;
        if deepest > self.nesting || !lists::worth_spelling(&tensor.shape) {
            return false;
        }
        lists::write(out, tensor.dtype, &tensor.shape, tensor.data);
        self.reader = behind;
        true
    }

    fn key(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.reader.at();
        let (depth, nesting) = (self.depth + self.open.len(), self.nesting);
        let token = self.reader.next()?;
        self.reader.skip(token, depth, nesting)?;
        let bytes = &self.bytes[start..self.reader.at()];
        match token {
            Token::Str(text) => write_str(out, text),
            Token::Bin(bytes) => base64::write(out, bytes),
            // Text in text in text would double its backslashes each time.
            Token::List(_) | Token::Map(_) if self.in_key => base64::write(out, bytes),
            _ => {
                let key = Spelling {
                    reader: Reader::new(bytes),
                    bytes,
                    open: Vec::new(),
                    depth,
                    nesting,
                    in_key: true,
                };
                let mut text = Vec::new();
                key.write(&mut text)?;
                write_str(out, std::str::from_utf8(&text).expect("JSON is UTF-8"));
            }
        }
        Ok(())
    }
}

fn write_ext(out: &mut Vec<u8>, kind: i8, bytes: &[u8]) {
    out.extend_from_slice(b"{\"ext\": ");
    decimal::write_i64(out, kind.into());
    out.extend_from_slice(b", \"data\": ");
    base64::write(out, bytes);
    out.push(b'}');
}
