//! The fuzzer's corpus, replayed: every input that was ever worth keeping still leaves every promise kept.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets are a crate of their own, which this is a part of")]
mod targets;

#[allow(clippy::print_stdout, reason = "it tells which input failed")]
fn replay(target: &str, play: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    assert!(!inputs.is_empty());
    for input in inputs {
        println!("{}", input.display());
        play(&fs::read(&input).unwrap());
    }
}

#[test]
fn peek() {
    replay("peek", targets::peek);
}

#[test]
fn splice() {
    replay("splice", targets::splice);
}

#[test]
fn transcode() {
    replay("transcode", targets::transcode_there_and_back);
}

#[test]
fn world() {
    replay("world", targets::world);
}
