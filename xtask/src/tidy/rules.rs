//! The protocol's numbered rules: each is cited by a test, and what is cited exists.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::{Findings, source};
use crate::checkout::Checkout;

const NORM: &str = "docs/PROTOCOL.md";

/// Checks the norm's rules (lines that begin with `**R12** `) against the tests that cite them.
pub(super) fn check(checkout: &Checkout, files: &[String], findings: &mut Findings) -> Result<()> {
    if !files.iter().any(|file| file == NORM) {
        findings.wrong(format!("{NORM} is missing: the norm has numbered rules, and the tests cite them"));
        return Ok(());
    }
    let rules = numbered(&checkout.read(NORM)?, findings);
    let mut tested = BTreeSet::new();
    let mut cited = BTreeMap::new();
    for file in files.iter().filter(|file| file.ends_with(".rs") && !file.starts_with("xtask/")) {
        let text = checkout.read(file)?;
        let tests = if source::is_test(file) { text.as_str() } else { source::split_tests(&text).1 };
        tested.extend(citations(tests));
        cited.extend(citations(&text).into_iter().map(|rule| (rule, file)));
    }
    for rule in rules.difference(&tested) {
        findings.wrong(format!("{NORM}: no test cites R{rule}"));
    }
    for (rule, file) in cited.iter().filter(|(rule, _)| !rules.contains(rule)) {
        findings.wrong(format!("{file}: cites R{rule}, which {NORM} does not have"));
    }
    Ok(())
}

fn numbered(norm: &str, findings: &mut Findings) -> BTreeSet<u32> {
    let mut rules = BTreeSet::new();
    for rule in norm.lines().filter_map(|line| line.strip_prefix("**R")?.split_once("** ")?.0.parse().ok()) {
        if !rules.insert(rule) {
            findings.wrong(format!("{NORM}: two rules are called R{rule}"));
        }
    }
    if rules.is_empty() {
        findings.wrong(format!("{NORM}: no line begins with a rule's number, as `**R1** ` does"));
    }
    rules
}

/// Finds `R12` in comments and texts, and `r12` in names such as `r12_a_sender_does_not_hear_itself`.
fn citations(text: &str) -> BTreeSet<u32> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix('R').or_else(|| word.strip_prefix('r')))
        .filter_map(number)
        .collect()
}

fn number(digits: &str) -> Option<u32> {
    let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_cited_in_a_comment_or_a_name() {
        let text = "// R12, R7: nobody else notices\nfn r103_ties() {} for4 R2D2 round8 PR9";
        assert_eq!(citations(text), BTreeSet::from([7, 12, 103]));
    }

    #[test]
    fn rules_are_lines_of_the_norm() {
        let mut findings = Findings::default();
        let norm = "# Norm\n\n**R1** A message is a map.\n\n**R2** A room is a name.\nSee **R9** there.\n";
        assert_eq!(numbered(norm, &mut findings), BTreeSet::from([1, 2]));
        assert!(findings.wrong.is_empty());
        numbered("**R3** One.\n**R3** Two.\n", &mut findings);
        assert_eq!(findings.wrong.len(), 1);
    }
}
