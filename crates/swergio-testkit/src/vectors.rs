//! Vectors: recorded conversations, read by Rust, Python and Julia alike.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// Holds one recorded conversation of the published Python package.
///
/// What the fields of steps and programs mean is said where they are replayed.
#[derive(Clone, Debug, Deserialize)]
pub struct Conversation {
    /// The name, which is the file's too.
    pub scenario: String,
    /// What is shown, in a sentence.
    pub title: String,
    /// Who is driven: the `client`, or the `server`.
    pub kind: String,
    /// How upstream fared.
    pub upstream: Verdict,
    /// What the server was started with.
    #[serde(default)]
    pub server: Value,
    /// The calls made on the client.
    #[serde(default)]
    pub program: Vec<Value>,
    /// What crossed the wire and what else was observed, in order.
    pub steps: Vec<Value>,
}

/// Says how the published Python package fared in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Sensibly: to be copied.
    Ok,
    /// Strangely.
    Quirk,
    /// With an exception that ended something.
    Crash,
    /// Not at all any more.
    Hang,
}

/// Reads all conversations of a folder, in the order of their names.
///
/// # Panics
/// When the folder or one of its files cannot be read: a test without its vectors has nothing to say.
pub fn read_all(folder: &Path) -> Vec<Conversation> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "no conversations in {}", folder.display());
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Conversation {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
