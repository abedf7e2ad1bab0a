//! Mask: takes off what a client put over a payload (RFC 6455, section 5.3), in place.

/// Unmasks `bytes`, which begin `at` bytes after the beginning of their payload.
#[inline]
pub(super) fn unmask(bytes: &mut [u8], mut mask: [u8; 4], at: usize) {
    mask.rotate_left(at % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in tail.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_unmasked_with_its_own_whatever_the_length_and_the_cut() {
        let mask = [0x12, 0x34, 0x56, 0x78];
        for len in 0..40 {
            let plain: Vec<u8> = (0..len).collect();
            let masked: Vec<u8> =
                plain.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            for cut in 0..=masked.len() {
                let mut bytes = masked.clone();
                let (before, after) = bytes.split_at_mut(cut);
                unmask(before, mask, 0);
                unmask(after, mask, cut);
                assert_eq!(bytes, plain, "{len} bytes cut at {cut}");
            }
        }
    }
}
