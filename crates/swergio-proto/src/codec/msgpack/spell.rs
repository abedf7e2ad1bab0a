//! Spelling of MessagePack items, each in its shortest form.

use rmp::encode;

const GROWS: &str = "a Vec takes every byte";

/// Appends the header of a map of `count` entries.
pub(crate) fn map(out: &mut Vec<u8>, count: u32) {
    // Most maps are short: one byte, of which rmp makes more than it is.
    match count {
        0..=15 => out.push(0x80 | count as u8),
        _ => drop(encode::write_map_len(out, count).expect(GROWS)),
    }
}

/// Appends a string.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    encode::write_str(out, text).expect(GROWS);
}

/// Appends an integer.
pub(crate) fn integer(out: &mut Vec<u8>, number: i64) {
    encode::write_sint(out, number).expect(GROWS);
}

/// Appends a list of sizes.
pub(crate) fn sizes(out: &mut Vec<u8>, sizes: &[usize]) {
    encode::write_array_len(out, sizes.len() as u32).expect(GROWS);
    for size in sizes {
        encode::write_uint(out, *size as u64).expect(GROWS);
    }
}

/// Appends the header of a `bin` of `size` bytes.
pub(crate) fn bin(out: &mut Vec<u8>, size: u32) {
    encode::write_bin_len(out, size).expect(GROWS);
}

/// Counts the bytes of the string `text` with its header.
pub(crate) fn text_len(text: &str) -> usize {
    text.len()
        + match text.len() {
            0..=31 => 1,
            32..=0xff => 2,
            0x100..=0xffff => 3,
            _ => 5,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_text_is_foretold() {
        for size in [0, 1, 31, 32, 255, 256, 65_535, 65_536] {
            let (word, mut out) = ("x".repeat(size), Vec::new());
            text(&mut out, &word);
            assert_eq!(out.len(), text_len(&word), "{size}");
        }
    }
}
