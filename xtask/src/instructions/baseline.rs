//! Baseline: what each piece took when somebody last said that it was well, and what has changed since.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result};
use toml::Table;

use super::Piece;
use super::profile::Counts;
use crate::command;

/// Change of instructions, in thousandths, that is no change: what a hash's seed and a timer move.
const TOLERANCE: u64 = 30;
/// Instructions that are no change, however few there were.
const FEW: u64 = 32;
/// Allocations, in tenths, that are no change.
const HALF_A_CALL: u64 = 5;
/// Copies, in thousandths and in tenths, that are no change: most are of a few bytes, and often save instructions.
const COPIES_TOLERANCE: u64 = 250;
const TWO_CALLS: u64 = 20;

/// Holds the committed counts.
#[derive(Debug, PartialEq)]
pub(super) struct Baseline {
    pub(super) machine: Machine,
    pub(super) pieces: Vec<Piece>,
}

/// Says what counts depend on besides our source: another compiler makes other instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    rustc: String,
    host: String,
}

/// Holds one piece's counts beside those of the baseline.
#[derive(Debug)]
pub(super) struct Change<'a> {
    name: &'a str,
    now: Counts,
    before: Option<Counts>,
}

impl Machine {
    /// Asks the compiler.
    pub(super) fn here() -> Result<Self> {
        let told = command::output(Command::new("rustc").arg("-vV"))?;
        let word = |key: &str| told.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
        Ok(Self {
            rustc: word("release: ").context("rustc tells no release")?,
            host: word("host: ").context("rustc tells no host")?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {} on {}", self.rustc, self.host)
    }
}

impl Baseline {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse()?;
        let word = |key: &str| table.get(key)?.as_str().map(str::to_owned);
        let machine = Machine {
            rustc: word("rustc").context("it has no `rustc`")?,
            host: word("host").context("it has no `host`")?,
        };
        let pieces = table.get("pieces").and_then(toml::Value::as_table).context("it has no `pieces`")?;
        let pieces = pieces.iter().map(|(name, counts)| {
            let number = |key: &str| {
                let value = counts.get(key).with_context(|| format!("{name} has no `{key}`"))?;
                let whole = value.as_integer().map(|number| number as f64);
                value.as_float().or(whole).with_context(|| format!("{name}: `{key}` is no number"))
            };
            let tenths = |key: &str| number(key).map(|number| (number * 10.0).round() as u64);
            let instructions = number("instructions")? as u64;
            let counts =
                Counts { instructions, allocations: tenths("allocations")?, copies: tenths("copies")? };
            Ok((name.clone(), counts))
        });
        Ok(Self { machine, pieces: pieces.collect::<Result<_>>()? })
    }

    /// Sets the counts beside the committed ones; a piece that is no more counts nothing.
    pub(super) fn changes<'a>(&self, pieces: &'a [Piece]) -> Vec<Change<'a>> {
        let before =
            |name: &str| self.pieces.iter().find(|(known, _)| known == name).map(|(_, counts)| *counts);
        pieces.iter().map(|(name, now)| Change { name, now: *now, before: before(name) }).collect()
    }
}

/// Writes it as TOML, a line for each piece.
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# What one run of each piece takes. Written by `cargo xtask instructions --bless`;")?;
        writeln!(f, "# held against the source by `cargo xtask ci instructions`. See docs/BENCHMARKING.md.")?;
        writeln!(f, "rustc = {:?}\nhost = {:?}\n\n[pieces]", self.machine.rustc, self.machine.host)?;
        for (name, Counts { instructions, allocations, copies }) in &self.pieces {
            let [allocations, copies] = [allocations, copies].map(|&tenths| tenths as f64 / 10.0);
            writeln!(
                f,
                "{name:?} = {{ instructions = {instructions}, allocations = {allocations:?}, copies = {copies:?} }}"
            )?;
        }
        Ok(())
    }
}

impl Change<'_> {
    pub(super) fn name(&self) -> &str {
        self.name
    }

    /// Tells whether it takes more than the baseline allows; a piece that the baseline does not know does.
    pub(super) fn is_worse(&self) -> bool {
        let Some(before) = self.before else { return true };
        takes_more(self.now, before)
    }

    /// Tells whether it takes so much less that the baseline should say so.
    pub(super) fn is_better(&self) -> bool {
        let Some(before) = self.before else { return false };
        takes_more(before, self.now)
    }
}

fn takes_more(now: Counts, before: Counts) -> bool {
    more(now.instructions, before.instructions, TOLERANCE, FEW)
        || more(now.allocations, before.allocations, TOLERANCE, HALF_A_CALL)
        || more(now.copies, before.copies, COPIES_TOLERANCE, TWO_CALLS)
}

fn more(now: u64, before: u64, tolerance: u64, few: u64) -> bool {
    now > before + few.max(before * tolerance / 1000)
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, now, before } = self;
        let (was, percent) = match before {
            Some(before) => {
                let part = now.instructions as f64 / before.instructions.max(1) as f64;
                (before.instructions.to_string(), format!("{:+.1} %", 100.0 * (part - 1.0)))
            }
            None => ("-".to_owned(), "new".to_owned()),
        };
        let [allocations, copies] = [now.allocations, now.copies].map(|tenths| tenths as f64 / 10.0);
        let verdict = match (self.is_worse(), self.is_better()) {
            (true, _) => "  more",
            (_, true) => "  less",
            _ => "",
        };
        let instructions = now.instructions;
        write!(
            f,
            "{name:<36} {instructions:>12} {was:>12} {percent:>8}  {allocations:>6} {copies:>6}{verdict}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(instructions: u64, allocations: u64, copies: u64) -> Counts {
        Counts { instructions, allocations, copies }
    }

    fn baseline() -> Baseline {
        let machine = Machine { rustc: "1.95.0".to_owned(), host: "x86_64-unknown-linux-gnu".to_owned() };
        let pieces = vec![
            ("peek/json/4k".to_owned(), counts(10_000, 0, 15)),
            ("broker/both codecs".to_owned(), counts(200, 20, 0)),
        ];
        Baseline { machine, pieces }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = baseline().to_string();
        let read = Baseline::parse(&text).unwrap();
        assert_eq!(read.machine, baseline().machine);
        assert_eq!(
            read.changes(&baseline().pieces).iter().filter(|change| change.before.is_none()).count(),
            0
        );
        assert!(read.changes(&baseline().pieces).iter().all(|change| change.before == Some(change.now)));
        assert!(Baseline::parse("rustc = \"1\"").is_err());
    }

    /// Tells whether so many instructions, allocations and copies of the first piece are worse, and better.
    fn judged(now: Counts) -> (bool, bool) {
        let pieces = [("peek/json/4k".to_owned(), now)];
        let baseline = baseline();
        let changes = baseline.changes(&pieces);
        (changes[0].is_worse(), changes[0].is_better())
    }

    #[test]
    fn three_in_a_hundred_are_no_change() {
        assert_eq!(judged(counts(10_300, 0, 15)), (false, false));
        assert_eq!(judged(counts(10_301, 0, 15)), (true, false));
        assert_eq!(judged(counts(9_700, 0, 15)), (false, true));
        assert_eq!(judged(counts(9_800, 0, 15)), (false, false));
    }

    #[test]
    fn one_more_allocation_is_told_and_several_copies() {
        assert_eq!(judged(counts(10_000, 10, 15)), (true, false));
        assert_eq!(judged(counts(10_000, 0, 35)), (false, false));
        assert_eq!(judged(counts(10_000, 0, 36)), (true, false));
    }

    #[test]
    fn a_piece_without_a_baseline_must_be_blessed() {
        let pieces = [("new".to_owned(), counts(1, 0, 0))];
        assert!(baseline().changes(&pieces)[0].is_worse());
    }
}
