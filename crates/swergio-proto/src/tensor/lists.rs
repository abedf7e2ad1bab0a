//! Nested lists: a tensor as JSON text.

use super::element::{Element, with_element};
use super::{Dtype, elements};

/// Bounds the lists that a tensor may become beyond [`LISTS_PER_NUMBER`], so that small ones always may.
const FREE_LISTS: usize = 1024;

/// Bounds the lists for each number: a column `[n, 1]` needs one, `[n, 1, 1]` two.
const LISTS_PER_NUMBER: usize = 4;

/// Tells whether a shape is spelt as lists at a reasonable cost.
///
/// `[1000000000000, 0]` has no numbers and a trillion lists: a few bytes from a stranger would fill our memory.
pub(crate) fn worth_spelling(shape: &[usize]) -> bool {
    let (mut lists, mut numbers) = (0_usize, 1_usize);
    for length in shape {
        lists = lists.saturating_add(numbers);
        numbers = numbers.saturating_mul(*length);
    }
    lists <= numbers.saturating_mul(LISTS_PER_NUMBER).saturating_add(FREE_LISTS)
}

/// Appends `data`, which has as many numbers as `shape` needs, as nested lists without blanks.
///
/// Floats are spelt as short as their precision allows; NaN and the infinities are bare words.
pub(crate) fn write(out: &mut Vec<u8>, dtype: Dtype, shape: &[usize], data: &[u8]) {
    with_element!(dtype, E => {
        out.reserve(data.len() / E::SIZE * E::JSON + 2 * shape.len());
        write_elements::<E>(out, shape, data);
    });
}

/// Recursion is bounded by [`MAX_RANK`](super::MAX_RANK).
fn write_elements<E: Element>(out: &mut Vec<u8>, shape: &[usize], data: &[u8]) {
    match shape {
        [] => E::read(data).write_json(out),
        [_] => write_row::<E>(out, data),
        [length, inner @ ..] => {
            let size = data.len().checked_div(*length).unwrap_or(0);
            out.push(b'[');
            for i in 0..*length {
                if i > 0 {
                    out.push(b',');
                }
                write_elements::<E>(out, inner, &data[i * size..][..size]);
            }
            out.push(b']');
        }
    }
}

fn write_row<E: Element>(out: &mut Vec<u8>, data: &[u8]) {
    out.push(b'[');
    for (i, element) in elements::<E>(data).enumerate() {
        if i > 0 {
            out.push(b',');
        }
        element.write_json(out);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_of_nothing_but_brackets_is_not_worth_it() {
        for good in [&[][..], &[0], &[100, 2], &[2, 0], &[1000, 1], &[1000, 1, 1], &[1; 64]] {
            assert!(worth_spelling(good), "{good:?}");
        }
        let mut long = vec![1; 64];
        long[0] = 100_000;
        for bad in [&[1 << 40, 0][..], &[usize::MAX, usize::MAX, 0], &long] {
            assert!(!worth_spelling(bad), "{bad:?}");
        }
    }
}
