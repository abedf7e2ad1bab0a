//! How many tests ran, read from what the test runners print at their end.

use std::fmt;
use std::ops::AddAssign;

/// Counts tests by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Tests that passed, at the first try or a later one.
    pub(crate) passed: u64,
    /// Tests that failed, panicked or ran out of time.
    pub(crate) failed: u64,
    /// Tests that were filtered out or ignored.
    pub(crate) skipped: u64,
}

impl Tally {
    /// Reads nextest's `Summary` line or cargo test's `test result:` line; any other line is none.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let line = plain(line);
        let line = line.trim_start();
        let counts = if line.starts_with("Summary [") {
            line.rsplit_once("run: ")?.1
        } else {
            line.strip_prefix("test result: ")?.split_once(". ")?.1
        };
        let mut tally = Self::default();
        for count in counts.split([',', ';']) {
            tally.count(count.trim());
        }
        Some(tally)
    }

    fn count(&mut self, words: &str) {
        let mut words = words.split_whitespace();
        let Some(number) = words.next().and_then(|number| number.parse::<u64>().ok()) else { return };
        match words.next() {
            Some("passed") => self.passed += number,
            Some("failed" | "timed" | "exec") => self.failed += number,
            Some("skipped" | "ignored") => self.skipped += number,
            _ => {}
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Takes the colours out of a line of a terminal.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Option<Tally> {
        Some(Tally { passed, failed, skipped })
    }

    #[test]
    fn both_runners_are_understood() {
        let nextest =
            "     Summary [   0.016s] 18 tests run: 17 passed (1 slow), 1 failed, 1 timed out, 3 skipped";
        assert_eq!(Tally::read(nextest), tally(17, 2, 3));
        let cargo =
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.1s";
        assert_eq!(Tally::read(cargo), tally(4, 0, 1));
        assert_eq!(Tally::read("test router::tests::nobody_hears_himself ... ok"), None);
    }

    #[test]
    fn colours_do_not_matter() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   1.0s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(Tally::read(line), tally(2, 0, 0));
    }
}
