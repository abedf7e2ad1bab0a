//! Words that the house does not use, because one of its own two dozen says it better.

use super::Findings;

const AVOIDED: [&str; 8] = ["manager", "service", "context", "util", "utils", "helper", "helpers", "topic"];
const KEYWORDS: [&str; 7] = ["fn ", "struct ", "enum ", "trait ", "mod ", "type ", "const "];

/// Checks the names that a file defines; what others call theirs is their business.
pub(super) fn check(file: &str, text: &str, findings: &mut Findings) {
    let tests = super::source::is_test(file);
    for name in text.lines().filter_map(defined) {
        if let Some(word) = parts(name).into_iter().find(|part| AVOIDED.contains(&part.as_str())) {
            findings.wrong(format!("{file}: `{name}`: the house does not say {word:?} (docs/HOUSE.md)"));
        }
        if !tests && name.starts_with("get_") {
            findings.wrong(format!("{file}: `{name}`: say what it returns, without \"get_\""));
        }
    }
}

/// Returns the name that a line defines, if it defines one.
fn defined(line: &str) -> Option<&str> {
    let mut line = line.trim_start();
    for prefix in ["pub(crate) ", "pub(super) ", "pub ", "async ", "const "] {
        line = if prefix == "const " && !line.starts_with("const fn ") {
            line
        } else {
            line.strip_prefix(prefix).unwrap_or(line)
        };
    }
    let rest = KEYWORDS.iter().find_map(|keyword| line.strip_prefix(keyword))?;
    let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
    Some(&rest[..end]).filter(|name| !name.is_empty())
}

/// Parts `OneName` and `one_name` into lower-case words.
fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for letter in name.chars() {
        let shouting = name.chars().all(|letter| !letter.is_lowercase());
        if letter == '_' || letter.is_uppercase() && !shouting {
            parts.push(String::new());
        }
        if letter != '_' {
            let part = parts.last_mut().expect("there is always a part to write to");
            part.extend(letter.to_lowercase());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> usize {
        let mut findings = Findings::default();
        check("crates/a/src/a.rs", text, &mut findings);
        findings.wrong.len()
    }

    #[test]
    fn what_we_define_uses_the_houses_words() {
        assert_eq!(wrong("pub struct RoomManager {"), 1);
        assert_eq!(wrong("    pub(crate) async fn get_room(&self) {"), 1);
        assert_eq!(wrong("mod utils;"), 1);
        assert_eq!(wrong("pub struct Room {\n    pub const fn seats(&self) {"), 0);
    }

    #[test]
    fn what_others_define_is_theirs() {
        assert_eq!(wrong("use anyhow::Context;\nlet x = map.get_mut(&key);\nfn contextual() {"), 0);
    }
}
