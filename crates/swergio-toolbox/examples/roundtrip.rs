//! Round trips: an array forward through a component and its gradient back, beside UM-Bridge's Python on the same machine.
//!
//! Broker, component and caller are three processes, joined over loopback; so are UM-Bridge's server and client two. Both send the
//! array there and back unchanged, so that only the way is measured. UM-Bridge comes from PyPI into a virtual environment under
//! `target/`, unless `SWERGIO_UMBRIDGE_PYTHON` names an interpreter that has it.
//!
//! `cargo run --release -p swergio-toolbox --example roundtrip`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that goes wrong fails, and prints what it finds"
)]

use std::env::{args, current_exe, var_os};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use swergio_broker::{Broker, Config, serve};
use swergio_client::{Bounds, Client, Options, Tensor};
use swergio_toolbox::{Chain, component};

/// What is measured: how it is called, how many doubles, rounds of ours, rounds of theirs.
const SIZES: [(&str, usize, usize, usize); 3] =
    [("300 doubles", 300, 3000, 300), ("1 MiB", 1 << 17, 300, 15), ("64 MiB", 1 << 23, 9, 1)];
/// Room for 64 MiB and what is around it.
const MESSAGE: usize = 80 << 20;

#[tokio::main]
async fn main() {
    match &args().skip(1).collect::<Vec<_>>()[..] {
        [role] if role == "broker" => broker().await,
        [role, url] if role == "component" => echo(url).await,
        _ => compare().await,
    }
}

/// Ends with its parent: the standard input closes.
fn until_the_parent_ends() {
    let _ = std::io::stdin().lock().lines().next();
}

async fn broker() {
    let mut config = Config::default();
    config.limits.message_bytes = MESSAGE;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    tokio::spawn(serve(Broker::new(config).unwrap(), listener));
    tokio::task::spawn_blocking(until_the_parent_ends).await.unwrap();
}

async fn connect(url: &str, name: &str) -> Client {
    let bounds = Bounds { message_bytes: MESSAGE, ..Bounds::default() };
    Options::new(url).name(name).bounds(bounds).connect().await.unwrap()
}

async fn echo(url: &str) {
    let client = connect(url, "echo").await;
    let echo = component("echo").forward(|x: Tensor| Ok((x, ()))).vjp(|(), g: Tensor| Ok(g));
    let _serving = echo.input("x").output("y").serve(&client).await.unwrap();
    println!("ready");
    tokio::task::spawn_blocking(until_the_parent_ends).await.unwrap();
}

/// A process that ends with us, and the first line that it prints.
fn begin(command: &mut Command) -> (Child, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

async fn compare() {
    let me = current_exe().unwrap();
    let (mut broker, url) = begin(Command::new(&me).arg("broker"));
    let (mut component, ready) = begin(Command::new(&me).args(["component", &url]));
    assert_eq!(ready, "ready");
    let client = connect(&url, "caller").await;
    let chain = Chain::new(&client).input("x").output("y").open().await.unwrap().probe();
    let theirs = UmBridge::begin();
    println!(
        "{:<12} {:>14} {:>14} {:>9} {:>14} {:>9}",
        "", "swergio", "UM-Bridge", "ratio", "shared memory", "ratio"
    );
    for (name, count, ours, others) in SIZES {
        let own = median(round_trips(&chain, count, ours).await);
        let http = median(theirs.round_trips(count, others, false));
        let memory = theirs.round_trips(count, others, true);
        let (memory, ratio) = match memory.is_empty() {
            true => ("-".to_owned(), "-".to_owned()),
            false => (format!("{:.2?}", median(memory.clone())), times(median(memory), own)),
        };
        println!("{name:<12} {own:>14.2?} {http:>14.2?} {:>9} {memory:>14} {ratio:>9}", times(http, own));
    }
    client.close().await.unwrap();
    for child in [&mut component, &mut broker] {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}

fn times(theirs: Duration, ours: Duration) -> String {
    format!("{:.1} x", theirs.as_secs_f64() / ours.as_secs_f64())
}

async fn round_trips(chain: &Chain, count: usize, rounds: usize) -> Vec<Duration> {
    let numbers: Vec<f64> = (0..count).map(|n| 0.1 + 1.0 / (n as f64 + 3.0)).collect();
    let x = Tensor::from_f64([count], &numbers).unwrap();
    let mut took = Vec::with_capacity(rounds);
    for round in 0..rounds + rounds / 10 + 1 {
        let began = Instant::now();
        let hit = chain.forward(&x).await.unwrap();
        let cotangent = hit.value().clone();
        let gradient = hit.backward(cotangent).await.unwrap();
        let time = began.elapsed();
        assert_eq!(gradient, x);
        if round > rounds / 10 {
            took.push(time);
        }
    }
    took
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

/// UM-Bridge's server, and what runs its client.
struct UmBridge {
    python: PathBuf,
    script: PathBuf,
    port: u16,
    server: Child,
}

impl UmBridge {
    fn begin() -> Self {
        let python = var_os("SWERGIO_UMBRIDGE_PYTHON").map_or_else(environment, PathBuf::from);
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/roundtrip.py");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new(&python)
            .arg(&script)
            .args(["server", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "UM-Bridge's server does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { python, script, port, server }
    }

    /// Measures Evaluate and Gradient together; nothing where the way is not there.
    fn round_trips(&self, count: usize, rounds: usize, shared_memory: bool) -> Vec<Duration> {
        let numbers = [usize::from(self.port), count, rounds, rounds / 10, usize::from(shared_memory)];
        let output = Command::new(&self.python)
            .arg(&self.script)
            .arg("client")
            .args(numbers.map(|number| number.to_string()))
            .stderr(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter_map(|line| line.parse().ok()).map(Duration::from_secs_f64).collect()
    }
}

impl Drop for UmBridge {
    fn drop(&mut self) {
        // It has no other way to end.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Makes a virtual environment with UM-Bridge in it, unless there is one.
fn environment() -> PathBuf {
    let target = current_exe().unwrap().ancestors().nth(3).unwrap().join("umbridge");
    let python = target.join("bin/python");
    if !python.exists() {
        assert!(Command::new("python3").args(["-m", "venv"]).arg(&target).status().unwrap().success());
    }
    let has_it = || {
        Command::new(&python)
            .args(["-c", "import umbridge"])
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    if !has_it() {
        let install = ["-m", "pip", "install", "--quiet", "umbridge==1.2.10"];
        assert!(
            Command::new(&python).args(install).status().unwrap().success(),
            "pip could not install umbridge"
        );
    }
    python
}
