//! Process: the parts of the demonstration, each started as a process that does not outlive it.

use std::process::{Child, Command};

use anyhow::{Context, Result, ensure};
use swergio_broker::{Broker, Config, serve};
use tokio::net::TcpListener;

/// Serves a broker at an address.
pub(crate) async fn broker(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    println!("broker   | listens on ws://{}", listener.local_addr()?);
    Ok(serve(Broker::new(Config::default())?, listener).await?)
}

/// Serves a broker here, starts poles and agent as processes of their own, and waits until the agent has learnt.
pub(crate) async fn all() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    println!("broker   | listens on {url}, and shows people what goes on at http{}", &url[2..]);
    tokio::spawn(serve(Broker::new(Config::default())?, listener));
    let _poles = Process::start(&["environment", "--url", &url])?;
    let mut agent = Process::start(&["agent", "--url", &url])?;
    let status = tokio::task::spawn_blocking(move || agent.0.wait()).await??;
    ensure!(status.success(), "the agent ended with {status}");
    Ok(())
}

/// Serves a broker here, starts poles, members and who acts for them, and waits until they are judged.
pub(crate) async fn ensemble(members: usize, seed: u64, steps: u64) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    println!("broker   | listens on {url}, and shows people what goes on at http{}", &url[2..]);
    tokio::spawn(serve(Broker::new(Config::default())?, listener));
    let steps = steps.to_string();
    let part = |part: &str, seed: u64| {
        Process::start(&[part, "--url", &url, "--seed", &seed.to_string(), "--steps", &steps])
    };
    let _poles = Process::start(&["environment", "--url", &url, "--seed", &seed.to_string()])?;
    let _members =
        (0..members as u64).map(|member| part("member", 1000 * seed + member)).collect::<Result<Vec<_>>>()?;
    let mut aggregation = part("aggregation", seed)?;
    let status = tokio::task::spawn_blocking(move || aggregation.0.wait()).await??;
    ensure!(status.success(), "who acts for the ensemble ended with {status}");
    Ok(())
}

struct Process(Child);

impl Process {
    fn start(arguments: &[&str]) -> Result<Self> {
        Ok(Self(Command::new(std::env::current_exe()?).args(arguments).spawn()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long since.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}
