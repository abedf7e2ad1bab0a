//! Tally: what was seen, for the last line.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use crate::line::plain;

/// Kinds that are counted by name; further ones are counted together.
const MOST_KINDS: usize = 32;

/// Counts messages.
#[derive(Debug)]
pub(crate) struct Tally {
    begin: Instant,
    shown: u64,
    kinds: BTreeMap<String, u64>,
    others: u64,
    filtered: u64,
}

impl Tally {
    pub(crate) fn begin() -> Self {
        Self { begin: Instant::now(), shown: 0, kinds: BTreeMap::new(), others: 0, filtered: 0 }
    }

    pub(crate) fn shown(&self) -> u64 {
        self.shown
    }

    pub(crate) fn saw(&mut self, kind: &str) {
        self.shown += 1;
        if let Some(count) = self.kinds.get_mut(kind) {
            *count += 1;
        } else if self.kinds.len() < MOST_KINDS {
            self.kinds.insert(kind.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    pub(crate) fn filtered_out(&mut self) {
        self.filtered += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.begin.elapsed().as_secs_f64();
        let plural = if self.shown == 1 { "" } else { "s" };
        write!(f, "{} message{plural} in {time:.1} s", self.shown)?;
        for (index, (kind, count)) in self.kinds.iter().enumerate() {
            write!(f, "{} {count} {}", if index == 0 { ":" } else { "," }, plain(kind))?;
        }
        if self.others > 0 {
            write!(f, ", {} of other kinds", self.others)?;
        }
        match self.filtered {
            0 => Ok(()),
            filtered => write!(f, "; {filtered} filtered out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_by_kind() {
        let mut tally = Tally::begin();
        ["DATA/TEXT", "DATA/FORWARD", "DATA/TEXT"].iter().for_each(|kind| tally.saw(kind));
        tally.filtered_out();
        let text = tally.to_string();
        let (begin, end) = text.split_once(" in ").unwrap();
        assert_eq!(begin, "3 messages");
        assert!(end.ends_with(" s: 1 DATA/FORWARD, 2 DATA/TEXT; 1 filtered out"), "{end}");
    }

    #[test]
    fn kinds_without_end_are_counted_together() {
        let mut tally = Tally::begin();
        (0..100).for_each(|kind| tally.saw(&format!("DATA/{kind}")));
        assert_eq!(
            (tally.shown(), tally.kinds.len(), tally.others),
            (100, MOST_KINDS, 100 - MOST_KINDS as u64)
        );
    }
}
