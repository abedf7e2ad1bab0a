//! A broker that a check started: built, listening on a free port, ended with the value.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::command;

const READY: Duration = Duration::from_secs(20);

/// Owns the process; dropping it ends the process.
pub(crate) struct Broker {
    process: Child,
    address: SocketAddr,
}

impl Broker {
    /// Builds `swergio-broker`, starts it on a free loopback port and waits until it listens.
    pub(crate) fn start<const N: usize>(checkout: &Checkout, flags: [&str; N]) -> Result<Self> {
        // Built as the tests build it, with the same features everywhere: once.
        command::run(&mut checkout.cargo(["build", "--locked", "--workspace", "--bins", "--tests"]))?;
        let mut program = Command::new(checkout.target("debug").join("swergio-broker"));
        program.args(["--listen", "127.0.0.1:0"]).args(flags).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = program.spawn().context("cannot start the broker")?;
        let told = process.stdout.take().context("stdout was asked to be a pipe")?;
        let (tell, hear) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(told).lines().map_while(Result::ok);
            let address = lines.find_map(|line| line.strip_prefix("listening on ")?.trim().parse().ok());
            let nobody_waits = tell.send(address).is_err();
            // The pipe is read to its end, so that the broker never waits for us.
            if !nobody_waits {
                lines.for_each(drop);
            }
        });
        match hear.recv_timeout(READY) {
            Ok(Some(address)) => Ok(Self { process, address }),
            _ => {
                process.kill()?;
                process.wait()?;
                anyhow::bail!("the broker did not say \"listening on IP:PORT\" within {} s", READY.as_secs())
            }
        }
    }

    /// Returns the address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Nothing is left to do when it ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
