//! Stride: finds where a run of bytes ends, eight or 64 bytes at a time, in plain Rust.

use memchr::memchr2;

const BLOCK: usize = 64;
/// Strides after which a string counts as long.
const STRIDES: usize = 2;
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Tells whether a byte stands for itself in a JSON string.
#[inline]
pub(crate) fn is_plain(byte: u8) -> bool {
    (byte >= 0x20) & (byte != b'"') & (byte != b'\\')
}

/// Counts the bytes at the beginning that are `good`, in blocks first.
///
/// A block is looked at without a branch, so that it becomes vector instructions; `good` must not branch either.
#[inline]
pub(super) fn run(bytes: &[u8], good: impl Fn(u8) -> bool) -> usize {
    let is_good = |block: &&[u8]| block.iter().fold(true, |all, &byte| all & good(byte));
    let blocks = bytes.chunks_exact(BLOCK).take_while(is_good).count() * BLOCK;
    blocks + bytes[blocks..].iter().take_while(|byte| good(**byte)).count()
}

/// Finds the next quote or backslash at or after `at`; the text's end if there is none.
///
/// Most strings end within a few strides.
#[inline]
pub(super) fn quote_from(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..STRIDES {
        match stride(bytes, at, quotes) {
            Ok(8) => at += 8,
            Ok(before) => return at + before,
            Err(()) => break,
        }
    }
    quote_far_from(bytes, at)
}

/// Reads the quotes, key and colon at `at`, where the key has eight bytes at most, none of them escaped and no blank
/// after it. Returns the eight bytes that begin with the key, and its length.
#[inline(always)]
pub(super) fn short_key(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let (b'"', key) = bytes.get(at..)?.split_first()? else { return None };
    let word = u64::from_le_bytes(*key.first_chunk()?);
    let len = quotes(word).trailing_zeros() as usize / 8;
    (key.get(len..len + 2)? == b"\":").then_some((word, len))
}

fn quote_far_from(bytes: &[u8], at: usize) -> usize {
    memchr2(b'"', b'\\', &bytes[at..]).map_or(bytes.len(), |further| at + further)
}

/// Tells whether there is a control character, without a branch, so that it becomes vector instructions.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(u8::MAX, |least, &byte| least.min(byte)) < 0x20
}

/// Finds the end of a run of digits.
#[inline]
pub(super) fn digits_until(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match stride(bytes, at, others) {
            Ok(8) => at += 8,
            Ok(digits) => return at + digits,
            Err(()) => break,
        }
    }
    at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Counts the bytes before the first that `mark` sets the top bit of, among the eight at `at`.
#[inline]
fn stride(bytes: &[u8], at: usize, mark: impl Fn(u64) -> u64) -> Result<usize, ()> {
    let eight = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(())?;
    Ok(mark(u64::from_le_bytes(*eight)).trailing_zeros() as usize / 8)
}

/// Sets the top bit of the lowest byte that is a quote or a backslash.
///
/// Bytes above that one may be marked wrongly, as the subtractions borrow upwards; the lowest never is.
#[inline]
fn quotes(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    (zero(word ^ (ONES * b'"' as u64)) | zero(word ^ (ONES * b'\\' as u64))) & TOPS
}

/// Sets the top bit of every byte that is no digit.
#[inline]
fn others(word: u64) -> u64 {
    let value = word ^ (ONES * b'0' as u64);
    (((value & !TOPS) + ONES * (0x80 - 10)) | value) & TOPS
}
