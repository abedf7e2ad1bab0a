//! Place: where a stream of WebSocket frames stands, between two messages or amid one.

/// Bytes of the longest header: two, eight of length, four of mask (RFC 6455, section 5.2).
const LONGEST: usize = 14;

/// Follows the headers of the frames that pass by.
#[derive(Debug, Default)]
pub(super) struct Place {
    header: [u8; LONGEST],
    /// Bytes of the header that have passed.
    known: usize,
    /// Bytes of the payload that have not.
    missing: u64,
    /// Whether a message has begun whose last fragment has not.
    amid: bool,
}

impl Place {
    /// Takes note of bytes that pass by.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((&next, rest)) = bytes.split_first() {
            if self.missing > 0 {
                let passed = bytes.len().min(usize::try_from(self.missing).unwrap_or(usize::MAX));
                self.missing -= passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            self.header[self.known] = next;
            self.known += 1;
            self.begin_payload();
            bytes = rest;
        }
    }

    /// Tells whether all that has passed are whole messages and control frames.
    pub(super) fn is_between_messages(&self) -> bool {
        self.known == 0 && self.missing == 0 && !self.amid
    }

    /// Reads the header, if it is complete.
    fn begin_payload(&mut self) {
        let [first, second, rest @ ..] = &self.header[..self.known] else { return };
        let wide = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        if rest.len() < wide + mask {
            return;
        }
        let narrow = u64::from(second & 0x7f);
        let wider = || rest[..wide].iter().fold(0, |len, byte| len << 8 | u64::from(*byte));
        self.missing = if wide == 0 { narrow } else { wider() };
        let is_control = first & 0x08 != 0;
        if !is_control {
            self.amid = first & 0x80 == 0;
        }
        self.known = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Masked frames of each width of length, and a ping amid fragments.
    fn stream() -> Vec<(Vec<u8>, bool)> {
        let frame = |first: u8, length: &[u8], payload: usize| {
            [&[first], length, &[1, 2, 3, 4], vec![b'x'; payload].as_slice()].concat()
        };
        vec![
            (frame(0x81, &[0x80 | 5], 5), true),
            (frame(0x82, &[0x80 | 126, 0, 200], 200), true),
            (frame(0x81, &[0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536), true),
            (frame(0x01, &[0x80 | 3], 3), false),
            (frame(0x89, &[0x80], 0), false),
            (frame(0x00, &[0x80], 0), false),
            (frame(0x80, &[0x80 | 1], 1), true),
            (vec![0x81, 0], true),
        ]
    }

    #[test]
    fn it_knows_when_nothing_has_begun_however_the_bytes_are_split() {
        for step in [1, 2, 3, 7, 1000, 100_000] {
            let mut place = Place::default();
            for (frame, between) in stream() {
                let (last, front) = frame.split_last().unwrap();
                front.chunks(step).for_each(|bytes| place.pass(bytes));
                assert!(!place.is_between_messages());
                place.pass(&[*last]);
                assert_eq!(place.is_between_messages(), between);
            }
        }
    }

    #[test]
    fn many_frames_may_pass_at_once() {
        let mut place = Place::default();
        let all: Vec<u8> = stream().into_iter().flat_map(|(frame, _)| frame).collect();
        place.pass(&all[..all.len() - 1]);
        assert!(!place.is_between_messages());
        place.pass(&all[all.len() - 1..]);
        assert!(place.is_between_messages());
    }
}
