//! The hello example by its one command, and what the pages show of it.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

const CONVERSATION: [&str; 8] = [
    "universe | sits in galactic_chat",
    "universe | world says: Hello universe, this is the world.",
    "world    | universe says: Hello world, this is the universe.",
    "universe | world says: How old are you?",
    "world    | universe says: 13.8 billion years, give or take.",
    "universe | world says: Are you alone?",
    "world    | universe says: Not since you asked.",
    "universe | world says: Goodbye, universe.",
];

#[test]
fn one_command_starts_the_conversation_and_ends_it() {
    let (tell, told) = mpsc::sync_channel(1);
    std::thread::spawn(move || tell.send(Command::new(env!("CARGO_BIN_EXE_hello")).output()));
    let output = told.recv_timeout(PATIENCE).expect("it ends by itself").unwrap();

    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines = said.lines();
    assert!(lines.next().unwrap().starts_with("broker   | listens on ws://127.0.0.1:"), "{said}");
    assert_eq!(lines.collect::<Vec<_>>(), CONVERSATION);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

/// The Python side is typed as the pages show it.
#[test]
fn the_pages_show_world_py_as_it_is() {
    let script = include_str!("../hello/world.py");
    for page in [include_str!("../../README.md"), include_str!("../hello/README.md")] {
        assert!(page.contains(&format!("```python\n{script}```\n")), "{script}");
    }
}
