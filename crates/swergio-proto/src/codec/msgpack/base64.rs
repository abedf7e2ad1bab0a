//! Base64 with the standard alphabet and padding, for bytes that must be spelt in JSON.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends `bytes` as a JSON string of base64, quotes included.
pub(crate) fn write(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len().div_ceil(3) * 4 + 2);
    out.push(b'"');
    for chunk in bytes.chunks(3) {
        let three =
            chunk.iter().enumerate().fold(0, |bits, (i, byte)| bits | u32::from(*byte) << (16 - 8 * i));
        let four = [18, 12, 6, 0].map(|shift| ALPHABET[(three >> shift & 63) as usize]);
        out.extend_from_slice(&four[..=chunk.len()]);
        out.extend_from_slice(&b"=="[..3 - chunk.len()]);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ];
        for (plain, spelt) in vectors {
            let mut out = Vec::new();
            super::write(&mut out, plain.as_bytes());
            assert_eq!(out, format!("\"{spelt}\"").as_bytes());
        }
        let mut out = Vec::new();
        super::write(&mut out, &[0xfb, 0xff, 0xbf]);
        assert_eq!(out, br#""+/+/""#);
    }
}
