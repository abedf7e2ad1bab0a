//! Seeds: the labelled melodies that come with the Python package's example.

use anyhow::{Context, Result};

use crate::genome::Genome;

/// 39 melodies with the ratings of their author, from the examples of the Python package (MIT licence).
const TABLE: &str = include_str!("melody.csv");

/// Reads the melodies with their ratings.
///
/// # Errors
/// When the table is not what it should be.
pub(crate) fn seeds() -> Result<Vec<(Genome, u8)>> {
    TABLE
        .lines()
        .enumerate()
        .map(|(at, line)| row(line).with_context(|| format!("melody.csv, line {}", at + 1)))
        .collect()
}

/// Reads a row: the bits as a quoted tuple, then the rating.
fn row(line: &str) -> Result<(Genome, u8)> {
    let (bits, rating) = line.rsplit_once(',').context("there is no rating")?;
    let genome = bits.trim_matches('"').parse().map_err(anyhow::Error::msg)?;
    Ok((genome, rating.trim().parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_39_melodies_rated_from_0_to_5() {
        let seeds = seeds().unwrap();
        assert_eq!(seeds.len(), 39);
        assert!(seeds.iter().all(|(_, rating)| *rating <= 5));
    }
}
