//! Control: a swarm that other programs may ask, by a socket in its folder.

mod remote;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Status, Swarm, SwarmError, SwarmLimits};
pub use remote::Remote;

/// What may be asked, one JSON object on a line, one a connection.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
enum Request {
    Report,
    Start { names: Option<Vec<String>> },
    Stop { names: Option<Vec<String>> },
    Restart { names: Vec<String> },
    Ready,
}

/// What is answered, on a line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Done,
    Report(Report),
    Refused(String),
}

/// Tells what a swarm is about: its process, its broker, and where its components stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The process of the swarm itself.
    pub pid: u32,
    /// The broker that its components are told of.
    pub url: String,
    /// Where its processes stand, in the order in which they start.
    pub components: Vec<Status>,
}

/// Answers other programs about a swarm, as long as it is kept.
#[derive(Debug)]
pub struct Control {
    serving: JoinHandle<()>,
}

impl Control {
    /// Opens the socket in the swarm's folder. Only its user can reach it.
    ///
    /// # Errors
    /// `Plan` when the swarm has no folder, `Io` when there can be no socket.
    pub fn open(swarm: &Swarm, limits: SwarmLimits) -> Result<Self, SwarmError> {
        use std::os::unix::fs::PermissionsExt;
        let folder = swarm.folder().ok_or_else(|| {
            SwarmError::Plan("a swarm that others may ask needs a folder; see Plan::folder".to_owned())
        })?;
        let failed = |error: std::io::Error| SwarmError::io("no control socket", &error);
        let (path, _open) = folder.socket().map_err(failed)?;
        // We hold the lock, so whatever socket is there belongs to a swarm that is gone.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(failed)?;
        // The folder may have been there before, open to others.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { serving: tokio::spawn(serve(listener, swarm.clone(), Arc::new(limits))) })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: UnixListener, swarm: Swarm, limits: Arc<SwarmLimits>) {
    let turns = Arc::new(Semaphore::new(limits.control_calls.clamp(1, Semaphore::MAX_PERMITS)));
    let mut calls = tokio::task::JoinSet::new();
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        while calls.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((caller, _)) => {
                let (swarm, limits) = (swarm.clone(), Arc::clone(&limits));
                calls.spawn(async move {
                    let _turn = turn;
                    if let Err(error) = attend(caller, &swarm, &limits).await {
                        tracing::debug!(%error, "a call to the control socket broke off");
                    }
                });
            }
            // No file descriptor is left, say: that passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn attend(caller: UnixStream, swarm: &Swarm, limits: &SwarmLimits) -> std::io::Result<()> {
    let (ear, mut mouth) = caller.into_split();
    let mut line = String::new();
    let mut ear = BufReader::new(ear.take(limits.control_bytes));
    timeout(limits.control_wait, ear.read_line(&mut line))
        .await
        .map_err(|_| std::io::ErrorKind::TimedOut)??;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => tokio::select! {
            // What was asked for is begun before it is looked whether anybody waits.
            biased;
            answer = carry_out(request, swarm) => answer.unwrap_or_else(|error| Answer::Refused(error.to_string())),
            // Whoever asked has gone: nobody waits for the answer. What was asked for is done all the same.
            _ = ear.read_u8() => return Ok(()),
        },
        Err(error) => Answer::Refused(format!("not a request: {error}")),
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    mouth.write_all(text.as_bytes()).await
}

async fn carry_out(request: Request, swarm: &Swarm) -> Result<Answer, SwarmError> {
    match request {
        Request::Report => {
            let components = swarm.status().await?;
            return Ok(Answer::Report(Report {
                pid: std::process::id(),
                url: swarm.url().to_owned(),
                components,
            }));
        }
        Request::Start { names: None } => swarm.start().await?,
        Request::Start { names: Some(names) } => swarm.start_only(names).await?,
        Request::Stop { names: None } => swarm.stop().await?,
        Request::Stop { names: Some(names) } => swarm.stop_only(names).await?,
        Request::Restart { names } => swarm.restart(names).await?,
        Request::Ready => swarm.ready().await?,
    }
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line_of_json() {
        let spelt = |request: Request| serde_json::to_string(&request).unwrap();
        assert_eq!(spelt(Request::Report), r#"{"do":"report"}"#);
        let restart = Request::Restart { names: vec!["aim".into()] };
        assert_eq!(
            spelt(Request::Restart { names: vec!["aim".into()] }),
            r#"{"do":"restart","names":["aim"]}"#
        );
        assert_eq!(
            serde_json::from_str::<Request>(&spelt(Request::Restart { names: vec!["aim".into()] })).unwrap(),
            restart
        );
        assert!(serde_json::from_str::<Request>(r#"{"do":"explode"}"#).is_err());
    }
}
