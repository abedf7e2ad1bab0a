//! Mask: takes off what a client put over a payload (RFC 6455, section 5.3), in place.

/// Sets where bytes are not ASCII.
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Unmasks `bytes`, which begin `at` bytes after the beginning of their payload. Returns whether they are all ASCII,
/// which is found out at little more cost.
#[inline]
pub(super) fn unmask(bytes: &mut [u8], mut mask: [u8; 4], at: usize) -> bool {
    mask.rotate_left(at % 4);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = bytes.as_chunks_mut::<8>();
    let mut seen = 0;
    for word in words {
        let plain = u64::from_ne_bytes(*word) ^ wide;
        *word = plain.to_ne_bytes();
        seen |= plain;
    }
    for (byte, mask) in tail.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
        seen |= u64::from(*byte);
    }
    seen & TOPS == 0
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
                assert!(unmask(before, mask, 0) & unmask(after, mask, cut));
                assert_eq!(bytes, plain, "{len} bytes cut at {cut}");
            }
        }
    }

    #[test]
    fn one_byte_that_is_not_ascii_is_noticed_wherever_it_stands() {
        let mask = [0x92, 0x34, 0xd6, 0x78];
        for at in 0..40 {
            let mut bytes: Vec<u8> = (0..40).map(|place| if place == at { 0x80 } else { 0x7f }).collect();
            unmask(&mut bytes, mask, 0);
            assert!(!unmask(&mut bytes, mask, 0), "at {at}");
        }
    }
}
