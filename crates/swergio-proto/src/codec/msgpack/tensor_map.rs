//! Tensor map: `{"dtype", "shape", "data"}` found in MessagePack, in any order, without copying its bytes.

use super::{Reader, Token, spell};
use crate::tensor::{Dtype, MAX_RANK, fits};

/// Describes a tensor that lies in a message's bytes; its sizes are known to be consistent.
#[derive(Debug, PartialEq)]
pub(crate) struct TensorMap<'f> {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: &'f [u8],
}

impl<'f> TensorMap<'f> {
    /// Reads a tensor map, of which `reader` has just read the header, and returns it with the reader behind it.
    ///
    /// Anything else that is a map of three is none: one with another key, an unknown dtype, sizes that do not
    /// match. It gives up at the first such item, so a map that is none costs little.
    pub(crate) fn read(mut reader: Reader<'f>) -> Option<(Self, Reader<'f>)> {
        let (mut dtype, mut shape, mut data) = (None, None, None);
        for _ in 0..3 {
            match (text(&mut reader)?, &mut dtype, &mut shape, &mut data) {
                ("dtype", slot @ None, ..) => *slot = Some(Dtype::parse(text(&mut reader)?).ok()?),
                ("shape", _, slot @ None, _) => *slot = Some(sizes(&mut reader)?),
                ("data", _, _, slot @ None) => *slot = Some(bin(&mut reader)?),
                _ => return None,
            }
        }
        let found = Self { dtype: dtype?, shape: shape?, data: data? };
        fits(found.dtype, &found.shape, found.data.len()).then_some((found, reader))
    }
}

/// Appends a tensor map up to its bytes, which follow: `size` of them.
pub(crate) fn write_head(out: &mut Vec<u8>, dtype: Dtype, shape: &[usize], size: usize) {
    spell::map(out, 3);
    spell::text(out, "dtype");
    spell::text(out, dtype.name());
    spell::text(out, "shape");
    spell::sizes(out, shape);
    spell::text(out, "data");
    spell::bin(out, u32::try_from(size).expect("a tensor has no more bytes than a `bin`"));
}

fn text<'f>(reader: &mut Reader<'f>) -> Option<&'f str> {
    match reader.next().ok()? {
        Token::Str(text) => Some(text),
        _ => None,
    }
}

fn bin<'f>(reader: &mut Reader<'f>) -> Option<&'f [u8]> {
    match reader.next().ok()? {
        Token::Bin(bytes) => Some(bytes),
        _ => None,
    }
}

fn sizes(reader: &mut Reader<'_>) -> Option<Vec<usize>> {
    match reader.next().ok()? {
        Token::List(rank) if rank as usize <= MAX_RANK => (0..rank).map(|_| size(reader)).collect(),
        _ => None,
    }
}

fn size(reader: &mut Reader<'_>) -> Option<usize> {
    match reader.next().ok()? {
        Token::Int(size) => usize::try_from(size).ok(),
        _ => None,
    }
}
