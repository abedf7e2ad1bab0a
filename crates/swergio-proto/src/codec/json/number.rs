//! Number: floats in the fewest digits that read back the same, laid out as Python does.

/// Appends a 64-bit float as Python's `repr` writes it; not-a-number and infinities as bare words.
pub(crate) fn write_f64(out: &mut Vec<u8>, number: f64) {
    if number.is_finite() {
        write_finite(out, zmij::Buffer::new().format_finite(number));
    } else {
        write_word(out, number);
    }
}

/// Appends a 32-bit float in the fewest digits that read back as the same 32-bit float.
pub(crate) fn write_f32(out: &mut Vec<u8>, number: f32) {
    if number.is_finite() {
        write_finite(out, zmij::Buffer::new().format_finite(number));
    } else {
        write_word(out, number.into());
    }
}

fn write_word(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(match number {
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => b"NaN",
    });
}

/// Appends a float that zmij spelt, which turns to exponents earlier or later than Python does.
fn write_finite(out: &mut Vec<u8>, spelt: &str) {
    let (sign, unsigned) = spelt.split_at(usize::from(spelt.starts_with('-')));
    let (digits, exponent) = if let Some((digits, exponent)) = unsigned.split_once('e') {
        (digits, exponent.parse().expect("zmij writes an integer after the e"))
    } else if let Some(digits) = unsigned.strip_prefix("0.0000") {
        let places = digits.len();
        let digits = digits.trim_start_matches('0');
        (digits, digits.len() as i32 - places as i32 - 5)
    } else {
        return out.extend_from_slice(spelt.as_bytes());
    };
    out.extend_from_slice(sign.as_bytes());
    let digits = digits.bytes().filter(u8::is_ascii_digit);
    if (0..16).contains(&exponent) {
        out.extend(digits.chain(std::iter::repeat(b'0')).take(exponent as usize + 1));
        out.extend_from_slice(b".0");
    } else {
        write_scientific(out, digits, exponent);
    }
}

/// Appends `d.ddde-07`: a point only where there is a fraction, a sign always, two digits at least.
fn write_scientific(out: &mut Vec<u8>, mut digits: impl Iterator<Item = u8>, exponent: i32) {
    out.extend(digits.next());
    let point = out.len();
    out.extend(digits);
    if out.len() > point {
        out.insert(point, b'.');
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.unsigned_abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(number: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    fn short(number: f32) -> String {
        let mut out = Vec::new();
        write_f32(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_spelt_as_python_spells_them() {
        let plays = [(1.0, "1.0"), (-0.0, "-0.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16")];
        let small = [(1e-4, "0.0001"), (1e-5, "1e-05"), (-1.25e-5, "-1.25e-05"), (1.5e-7, "1.5e-07")];
        let edges = [(5e-324, "5e-324"), (f64::MAX, "1.7976931348623157e+308"), (1e-10, "1e-10")];
        let words = [(f64::NAN, "NaN"), (f64::INFINITY, "Infinity"), (f64::NEG_INFINITY, "-Infinity")];
        for (number, told) in plays.into_iter().chain(small).chain(edges).chain(words) {
            assert_eq!(long(number), told);
        }
        // Halfway between two spellings that read back the same, Python takes the even one.
        for (exact, told) in
            [("27404202398427.8125", "27404202398427.812"), ("837062539885003.25", "837062539885003.2")]
        {
            assert_eq!(long(exact.parse().unwrap()), told);
        }
    }

    #[test]
    fn short_floats_take_few_digits() {
        let plays =
            [(0.1, "0.1"), (16_777_216.0, "16777216.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16")];
        let small = [(1e-5, "1e-05"), (-1.5e-6, "-1.5e-06"), (2.5e-4, "0.00025"), (1e-45, "1e-45")];
        let large =
            [(-1.25e13, "-12500000000000.0"), (1.25e15, "1250000000000000.0"), (f32::MAX, "3.4028235e+38")];
        let words = [(f32::NAN, "NaN"), (f32::INFINITY, "Infinity"), (-3.5e-7, "-3.5e-07")];
        for (number, told) in plays.into_iter().chain(small).chain(large).chain(words) {
            assert_eq!(short(number), told);
        }
    }

    #[test]
    fn floats_of_every_size_read_back_the_same() {
        for bits in (0..u32::MAX).step_by(9973).map(f32::from_bits).filter(|number| number.is_finite()) {
            assert_eq!(short(bits).parse::<f32>().unwrap().to_bits(), bits.to_bits());
            let bits = f64::from(bits) * 1.000_000_1;
            assert_eq!(long(bits).parse::<f64>().unwrap().to_bits(), bits.to_bits());
        }
    }
}
