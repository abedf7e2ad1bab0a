//! What cargo cannot check: the house's own rules, each with the sentence that tells how to keep it.

mod links;
mod lints;
mod rules;
mod source;
mod uses;
mod words;

use anyhow::{Result, ensure};

use crate::checkout::Checkout;
use crate::outcome::Outcome;

/// Collects what is wrong, and what deserves a look.
#[derive(Debug, Default)]
struct Findings {
    wrong: Vec<String>,
    look: Vec<String>,
}

impl Findings {
    /// Notes something that must be mended.
    fn wrong(&mut self, sentence: impl Into<String>) {
        self.wrong.push(sentence.into());
    }

    /// Notes something that may stay, when somebody looked at it.
    fn look(&mut self, sentence: impl Into<String>) {
        self.look.push(sentence.into());
    }
}

/// Checks the house's rules and prints every finding; fails when one must be mended.
pub(crate) fn check(checkout: &Checkout) -> Result<Outcome> {
    let mut findings = Findings::default();
    let files = checkout.files()?;
    uses::check(checkout, &mut findings)?;
    lints::check(checkout, &files, &mut findings)?;
    rules::check(checkout, &files, &mut findings)?;
    source::check(checkout, &files, &mut findings)?;
    links::check(checkout, &files, &mut findings)?;

    for sentence in &findings.look {
        println!("look:  {sentence}");
    }
    for sentence in &findings.wrong {
        println!("wrong: {sentence}");
    }
    ensure!(findings.wrong.is_empty(), "{} things to tidy", findings.wrong.len());
    Ok(match findings.look.len() {
        0 => Outcome::Passed,
        count => Outcome::Partly(format!("{count} things deserve a look")),
    })
}
