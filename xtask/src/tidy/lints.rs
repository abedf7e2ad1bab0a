//! One set of lints for every crate: inherited from the root, or repeated where cargo cannot inherit.

use anyhow::Result;

use super::Findings;
use crate::checkout::Checkout;

/// Clippy reads one file only, the nearest: this one stands in for the root's.
const NEAREST: &str = "crates/swergio-proto/clippy.toml";
const ROOT: &str = ".clippy.toml";

/// Checks that each member inherits the lints and that proto's clippy file repeats the root's settings.
pub(super) fn check(checkout: &Checkout, files: &[String], findings: &mut Findings) -> Result<()> {
    for manifest in files.iter().filter(|file| file.ends_with("/Cargo.toml") && !file.contains("/fuzz/")) {
        let table: toml::Table = checkout.read(manifest)?.parse()?;
        let inherits = table.get("lints").and_then(|lints| lints.get("workspace"));
        if inherits.and_then(toml::Value::as_bool) != Some(true) {
            findings.wrong(format!("{manifest}: say `[lints] workspace = true`"));
        }
    }
    for setting in missing(&checkout.read(ROOT)?.parse()?, &checkout.read(NEAREST)?.parse()?) {
        findings.wrong(format!("{NEAREST} replaces {ROOT} for its crate, so it must repeat: {setting}"));
    }
    Ok(())
}

/// Lists the settings of `root` that `near` lacks; of a list, every entry counts by itself.
fn missing(root: &toml::Table, near: &toml::Table) -> Vec<String> {
    let mut missing = Vec::new();
    for (key, value) in root {
        match (value, near.get(key)) {
            (toml::Value::Array(entries), Some(toml::Value::Array(have))) => {
                let lacks = entries.iter().filter(|entry| !have.contains(entry));
                missing.extend(lacks.map(|entry| format!("{key}: {entry}")));
            }
            (value, have) if have != Some(value) => missing.push(format!("{key} = {value}")),
            _ => {}
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_root_must_be_repeated() {
        let root = "tests = true\nmethods = [{ path = \"a\" }, { path = \"b\" }]".parse().unwrap();
        let near = "tests = true\nmethods = [{ path = \"a\" }, { path = \"c\" }]".parse().unwrap();
        let lacks = missing(&root, &near);
        assert_eq!(lacks.len(), 1);
        assert!(lacks[0].contains("\"b\""), "{lacks:?}");
        assert_eq!(missing(&root, &root), Vec::<String>::new());
    }
}
