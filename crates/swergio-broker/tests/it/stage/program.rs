//! Program: the real binary as a process of its own, ended by its number.

use std::net::SocketAddr;
use std::process::{Output, Stdio};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::wire::DEADLINE;

const BINARY: &str = env!("CARGO_BIN_EXE_swergio-broker");

/// Owns a running broker; dropping it ends the process.
pub(crate) struct Program {
    process: Child,
    pub(crate) address: SocketAddr,
}

/// Prepares the binary, with none of this process's own settings.
fn binary(flags: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SWERGIO_")) {
        command.env_remove(name);
    }
    command.args(flags).envs(environment.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs the binary to its end.
pub(crate) async fn run(flags: &[&str], environment: &[(&str, &str)]) -> Output {
    let ended = timeout(DEADLINE, binary(flags, environment).output()).await;
    ended.expect("the program ends in time").unwrap()
}

impl Program {
    /// Starts the binary on a free port and waits until it says that it listens.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let flags = [&["--listen", "127.0.0.1:0", "--log", "warn"], flags].concat();
        let mut process = binary(&flags, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(DEADLINE, told.next_line()).await.expect("it starts in time").unwrap().unwrap();
        let address = line.strip_prefix("listening on ").unwrap().parse().unwrap();
        // Nothing else is written there; the pipe stays open so that writing could not fail either.
        tokio::spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
        Self { process, address }
    }

    /// Sends a signal, by the name that `kill` knows it by.
    pub(crate) async fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id().expect("it runs"));
        assert!(Command::new("sh").args(["-c", &kill]).status().await.unwrap().success());
    }

    /// Waits for its end and returns the exit code.
    pub(crate) async fn exit_code(&mut self) -> Option<i32> {
        timeout(DEADLINE, self.process.wait()).await.expect("it ends in time").unwrap().code()
    }
}
