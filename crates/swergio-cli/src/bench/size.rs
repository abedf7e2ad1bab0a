//! Size: bytes and counts, as people write and read them.

/// Reads `100`, `4k`, `16m` or `1g`: bytes, in powers of 1024.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err("write it as 100, 4k or 16m".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "write it as 100, 4k or 16m".to_owned())?;
    number.checked_mul(1 << shift).ok_or_else(|| "more bytes than there can be".to_owned())
}

/// Writes bytes as briefly as can be read back: `100 B`, `4 KiB`.
pub(super) fn brief(bytes: usize) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(shift, _)| bytes >= 1 << shift);
    match unit {
        Some((shift, unit)) if bytes.is_multiple_of(1 << shift) => format!("{} {unit}", bytes >> shift),
        Some((shift, unit)) => format!("{:.1} {unit}", bytes as f64 / (1u64 << shift) as f64),
        None => format!("{bytes} B"),
    }
}

/// Writes a count with three digits: `734`, `21.3k`, `4.05M`.
pub(super) fn count(number: f64) -> String {
    match number {
        number if number < 999.5 => round(number, 1.0),
        number if number < 999_500.0 => format!("{}k", round(number, 1e3)),
        number if number < 999.5e6 => format!("{}M", round(number, 1e6)),
        number => format!("{}G", round(number, 1e9)),
    }
}

/// Writes microseconds with three digits and their unit: `41.2µs`, `1.75ms`.
pub(super) fn time(micros: f64) -> String {
    match micros {
        micros if micros < 999.5 => format!("{}µs", round(micros, 1.0)),
        micros if micros < 999_500.0 => format!("{}ms", round(micros, 1e3)),
        micros => format!("{}s", round(micros, 1e6)),
    }
}

fn round(number: f64, unit: f64) -> String {
    let number = number / unit;
    match number {
        number if number >= 99.95 || number == number.trunc() && unit == 1.0 => format!("{number:.0}"),
        number if number >= 9.995 => format!("{number:.1}"),
        number => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, wanted) in [("0", 0), ("100", 100), ("4k", 4096), ("16M", 16 << 20), ("1GiB", 1 << 30)] {
            assert_eq!(bytes(text), Ok(wanted), "{text}");
        }
        for bad in ["", "k", "-1", "4x", "1.5m", "99999999999999999999", "99999999999999g"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn figures_have_three_digits() {
        assert_eq!([100, 4096, 1 << 20, 1536].map(brief), ["100 B", "4 KiB", "1 MiB", "1.5 KiB"]);
        let counts = [0.0, 7.0, 734.2, 999.7, 21_345.0, 4_053_000.0, 2.5e9].map(count);
        assert_eq!(counts, ["0", "7", "734", "1.00k", "21.3k", "4.05M", "2.50G"]);
        let times = [0.85, 41.23, 175.4, 999.6, 1750.0, 2_500_000.0].map(time);
        assert_eq!(times, ["0.85µs", "41.2µs", "175µs", "1.00ms", "1.75ms", "2.50s"]);
    }
}
