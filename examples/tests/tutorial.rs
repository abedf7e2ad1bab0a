//! The tutorial: its page shows the code that is run here, which learns.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_toolbox::swarm::Plan;
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(120);
const PAGE: &str = include_str!("../../docs/TUTORIAL.md");
const CODE: &str = include_str!("../tutorial/main.rs");
const SWARM: &str = include_str!("../tutorial/swarm.yaml");

/// A part that serves until the test is over.
struct Serving(Child);

impl Serving {
    fn start(url: &str, part: &str) -> Self {
        let mut child = of(url, part).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, format!("the {part} has taken its seats\n"));
        Self(child)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn of(url: &str, part: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tutorial"));
    command.arg(part).env("SWERGIO_URL", url).stdin(Stdio::null());
    command
}

/// Runs a part that ends by itself.
fn run(url: &str, part: &str) -> String {
    let (tell, told) = mpsc::sync_channel(1);
    let mut command = of(url, part);
    std::thread::spawn(move || tell.send(command.output()));
    let Output { status, stdout, stderr } = told.recv_timeout(PATIENCE).expect("it ends in time").unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

#[test]
fn three_processes_learn_and_the_simulator_can_be_asked_without_the_network() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    runtime.spawn(serve(Broker::new(Config::default()).unwrap(), listener));
    let _parts = ["simulator", "network"].map(|part| Serving::start(&url, part));

    let said = run(&url, "trainer");
    let losses: Vec<f64> = said
        .lines()
        .map(|line| line.split_once("loss ").unwrap().1.split_once(',').unwrap().0.parse().unwrap())
        .collect();
    assert_eq!(losses.len(), 6, "{said}");
    assert!(losses[5] < 0.1 && losses[5] < losses[0] / 5.0, "{said}");

    // x³ + x = 5.
    let said = run(&url, "dial");
    assert!(said.starts_with("dial 1.5160 reads 5, found in "), "{said}");
}

#[test]
fn the_page_shows_the_code_and_the_commands_as_they_are() {
    assert!(
        PAGE.contains(&format!("```rust\n{CODE}```\n")),
        "docs/TUTORIAL.md and examples/tutorial/main.rs differ"
    );
    assert!(
        PAGE.contains(&format!("```yaml\n{SWARM}```\n")),
        "docs/TUTORIAL.md and examples/tutorial/swarm.yaml differ"
    );
    for part in ["simulator", "network", "trainer"] {
        let command = format!("target/debug/tutorial {part}\n");
        assert!(PAGE.contains(&format!("```sh\n{command}```")) && SWARM.contains(&command), "{command}");
    }
    assert!(!PAGE.lines().any(|line| line.starts_with("# ") && line.ends_with(';')), "no hidden lines");
    for line in SWARM.lines().take(3).filter_map(|line| line.split_once(": ")) {
        assert!(PAGE.contains(&format!("{}\n", line.1)), "{line:?}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tutorial/swarm.yaml");
    Plan::read(path).unwrap();
}
