//! Decimal spelling of integers and truth values, without the machinery of `fmt`: tensors have many.

/// Appends an unsigned number.
pub(crate) fn write_u64(out: &mut Vec<u8>, number: u64) {
    let (mut digits, mut first, mut rest) = ([0; 20], 20, number);
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            return out.extend_from_slice(&digits[first..]);
        }
    }
}

/// Appends a number with its sign.
pub(crate) fn write_i64(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    write_u64(out, number.unsigned_abs());
}

/// Appends `true` or `false`.
pub(crate) fn write_bool(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_spelt_as_everywhere() {
        for number in [0, 7, -7, 10, 99, 100, 12_345, i64::MIN, i64::MAX] {
            let mut out = Vec::new();
            super::write_i64(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
        let mut out = Vec::new();
        super::write_u64(&mut out, u64::MAX);
        assert_eq!(out, u64::MAX.to_string().as_bytes());
    }
}
