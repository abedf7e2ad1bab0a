//! Cutter: a stream of bytes to lines, the longest of which are cut.

/// Cuts a stream into lines.
#[derive(Debug)]
pub(super) struct Cutter {
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    most: usize,
}

impl Cutter {
    pub(super) fn new(most: usize) -> Self {
        Self { begun: Vec::new(), most: most.max(1) }
    }

    /// Hands over the lines that these bytes complete, without their ends.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut take: impl FnMut(&[u8])) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end], &mut take);
            take(self.begun.strip_suffix(b"\r").unwrap_or(&self.begun));
            self.begun.clear();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes, &mut take);
    }

    /// Hands over what is left.
    pub(super) fn end(&mut self, mut take: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            take(&self.begun);
            self.begun.clear();
        }
    }

    fn extend(&mut self, mut bytes: &[u8], take: &mut impl FnMut(&[u8])) {
        while self.begun.len() + bytes.len() > self.most {
            let (now, later) = bytes.split_at(self.most - self.begun.len());
            self.begun.extend_from_slice(now);
            take(&self.begun);
            self.begun.clear();
            bytes = later;
        }
        self.begun.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(most: usize, pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut cutter = Cutter::new(most);
        let mut lines = Vec::new();
        for piece in pieces {
            cutter.feed(piece, |line| lines.push(line.to_vec()));
        }
        cutter.end(|line| lines.push(line.to_vec()));
        lines
    }

    #[test]
    fn lines_end_where_they_end() {
        assert_eq!(cut(9, &[b"one\ntw", b"o\r\n\n\xff\xfe", b"!"]), [&b"one"[..], b"two", b"", b"\xff\xfe!"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_nothing_is_lost() {
        assert_eq!(cut(3, &[b"abcdefg\nxy"]), [&b"abc"[..], b"def", b"g", b"xy"]);
        assert_eq!(cut(3, &[b"abc\n"]), [b"abc"]);
    }

    proptest! {
        #[test]
        fn however_it_comes_the_lines_are_the_same(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), at in 0..200usize) {
            let at = at.min(bytes.len());
            prop_assert_eq!(cut(7, &[&bytes]), cut(7, &[&bytes[..at], &bytes[at..]]));
        }
    }
}
