//! Links between the documents: what a relative link points to exists, its heading too.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use super::Findings;
use crate::checkout::Checkout;

/// Checks each relative link of each Markdown file.
pub(super) fn check(checkout: &Checkout, files: &[String], findings: &mut Findings) -> Result<()> {
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let text = checkout.read(file)?;
        for link in links(&text) {
            let (to, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if to.is_empty() { PathBuf::from(file) } else { resolve(file, to) };
            let path = checkout.path(&target.to_string_lossy());
            if !path.exists() {
                findings.wrong(format!("{file}: links to {link}, which does not exist"));
            } else if !heading.is_empty() && target.extension().is_some_and(|kind| kind == "md") {
                let headings = headings(&std::fs::read_to_string(&path)?);
                if !headings.contains(heading) {
                    findings.wrong(format!("{file}: links to {link}, but no heading makes #{heading}"));
                }
            }
        }
    }
    Ok(())
}

/// Finds the targets of `[text](target)` that stay inside the repository, outside code blocks.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        let targets = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        links.extend(targets.filter(|target| !target.contains(':') && !target.is_empty()));
    }
    links
}

fn resolve(from: &str, to: &str) -> PathBuf {
    let base =
        if to.starts_with('/') { Path::new("") } else { Path::new(from).parent().unwrap_or(Path::new("")) };
    let mut path = PathBuf::new();
    for part in base.join(to.trim_start_matches('/')).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => {}
        }
    }
    path
}

/// Spells each heading as GitHub's links do: lower case, blanks as hyphens, no punctuation.
fn headings(text: &str) -> BTreeSet<String> {
    let titles =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    titles.map(anchor).collect()
}

fn anchor(title: &str) -> String {
    let lower = title.to_lowercase();
    let kept = lower.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_links_are_found() {
        let text =
            "See [a](b.md), [c](../d/e.md#f-g) and [web](https://x.y).\n```\n[no](code.md)\n```\n[h](#here)";
        assert_eq!(links(text), ["b.md", "../d/e.md#f-g", "#here"]);
    }

    #[test]
    fn a_link_is_resolved_from_its_file() {
        assert_eq!(resolve("docs/A.md", "../README.md"), Path::new("README.md"));
        assert_eq!(resolve("docs/A.md", "B.md"), Path::new("docs/B.md"));
    }

    #[test]
    fn headings_become_anchors() {
        let headings = headings("# The wire\n## 4. Rooms, and `delivery`\ntext # no");
        assert!(headings.contains("the-wire") && headings.contains("4-rooms-and-delivery"), "{headings:?}");
        assert_eq!(headings.len(), 2);
    }
}
