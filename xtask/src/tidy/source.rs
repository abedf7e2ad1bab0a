//! Source files: each opens with a sentence, is as long as one noun needs, and is not called `mod.rs`.

use anyhow::Result;

use super::{Findings, words};
use crate::checkout::Checkout;

/// Lines without tests from which a file deserves a look, and beyond which it is two files.
const LONG: usize = 350;
const TOO_LONG: usize = 500;
/// Lines that the opening sentence may take.
const OPENING: usize = 3;

/// Checks every Rust file.
pub(super) fn check(checkout: &Checkout, files: &[String], findings: &mut Findings) -> Result<()> {
    for file in files.iter().filter(|file| file.ends_with(".rs")) {
        let text = checkout.read(file)?;
        if file.ends_with("/mod.rs") {
            findings.wrong(format!("{file}: the module x lives in x.rs, its parts in x/"));
        }
        if let Err(why) = opening(&text) {
            findings.wrong(format!("{file}: {why}"));
        }
        if !is_test(file) {
            length(file, &text, findings);
        }
        words::check(file, &text, findings);
    }
    Ok(())
}

/// Tells whether a file holds nothing but tests, benches or fuzz targets.
pub(super) fn is_test(file: &str) -> bool {
    ["/tests/", "/benches/", "/fuzz/"].iter().any(|folder| file.contains(folder))
}

/// Parts a file at its `#[cfg(test)] mod`, which stands at the bottom.
pub(super) fn split_tests(text: &str) -> (&str, &str) {
    match text.find("#[cfg(test)]\nmod ") {
        Some(at) => text.split_at(at),
        None => (text, ""),
    }
}

fn length(file: &str, text: &str, findings: &mut Findings) {
    let lines = split_tests(text).0.lines().count();
    if lines > TOO_LONG {
        findings.wrong(format!("{file}: {lines} lines without its tests; it is more than one noun"));
    } else if lines > LONG {
        findings.look(format!("{file}: {lines} lines without its tests; is it one noun?"));
    }
}

/// Checks that the file begins with a sentence of documentation, a short paragraph to itself; a crate may begin
/// with a page of it instead.
fn opening(text: &str) -> Result<(), &'static str> {
    if text.starts_with("#![doc = include_str!(") {
        return Ok(());
    }
    let paragraph: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    match paragraph.last() {
        None => Err("open it with a sentence `//! …` that says what it is for"),
        Some(last) if !last.trim_end().ends_with(['.', '?', '!', ':']) => {
            Err("its opening sentence has no full stop")
        }
        Some(_) if paragraph.len() > OPENING => Err("its opening is longer than one sentence needs"),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_one_sentence() {
        assert!(opening("//! A room: who sits\n//! in it.\n//!\n//! More. Much more.\n\nuse x;").is_ok());
        assert!(opening("use x;").is_err());
        assert!(opening("//! A room\n").is_err());
        assert!(opening(&"//! A room.\n".repeat(OPENING + 1)).is_err());
    }

    #[test]
    fn tests_do_not_count_as_length() {
        let code = "let x = 1;\n".repeat(TOO_LONG);
        let text = format!("{code}#[cfg(test)]\nmod tests {{\n{code}}}\n");
        let mut findings = Findings::default();
        length("a.rs", &text, &mut findings);
        assert!(findings.wrong.is_empty());
        assert_eq!(findings.look.len(), 1);
        length("a.rs", &format!("one more\n{text}"), &mut findings);
        assert_eq!(findings.wrong.len(), 1);
    }
}
