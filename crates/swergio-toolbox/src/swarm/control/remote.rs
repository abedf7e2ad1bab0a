//! Remote: a swarm in another process.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::{Answer, Report, Request};
use crate::swarm::{Folder, SwarmError, census};

/// Time that a swarm's process has to end once its components have.
const LEAVE: Duration = Duration::from_secs(20);
/// Time between two looks whether a swarm's process has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Asks a swarm that runs in another process.
#[derive(Clone, Debug)]
pub struct Remote {
    folder: Folder,
}

impl Remote {
    /// Finds the swarm that has a folder.
    ///
    /// # Errors
    /// `Away` when none has; what lies there is stale then.
    pub fn find(folder: Folder) -> Result<Self, SwarmError> {
        match folder.running() {
            Some(_) => Ok(Self { folder }),
            None => Err(SwarmError::Away),
        }
    }

    /// Tells what the swarm is about, and where its processes stand.
    ///
    /// # Errors
    /// `Away`, or `Refused` with what the swarm says.
    pub async fn report(&self) -> Result<Report, SwarmError> {
        match self.ask(&Request::Report).await? {
            Answer::Report(report) => Ok(report),
            _ => Err(SwarmError::Refused("it answers something else than it was asked".to_owned())),
        }
    }

    /// Starts components, or all.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn start(&self, names: Option<Vec<String>>) -> Result<(), SwarmError> {
        self.ask(&Request::Start { names }).await.map(drop)
    }

    /// Waits until all that is wanted is up, or has ended well.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn ready(&self) -> Result<(), SwarmError> {
        self.ask(&Request::Ready).await.map(drop)
    }

    /// Ends components and starts them again.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn restart(&self, names: Vec<String>) -> Result<(), SwarmError> {
        self.ask(&Request::Restart { names }).await.map(drop)
    }

    /// Stops components, and waits until they are gone.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub async fn stop(&self, names: Vec<String>) -> Result<(), SwarmError> {
        self.ask(&Request::Stop { names: Some(names) }).await.map(drop)
    }

    /// Stops all components, and waits until the swarm's own process has ended too.
    ///
    /// # Errors
    /// As [`report`](Self::report); `Refused` when the process goes on for 20 s.
    pub async fn down(&self) -> Result<(), SwarmError> {
        match self.ask(&Request::Stop { names: None }).await {
            // It may be gone before it can answer.
            Ok(_) | Err(SwarmError::Away) => {}
            Err(error) => return Err(error),
        }
        let gone = async {
            while self.folder.running().is_some() {
                sleep(LOOK).await;
            }
        };
        let goes_on =
            || SwarmError::Refused("its components are stopped, but its own process goes on".to_owned());
        timeout(LEAVE, gone).await.map_err(|_| goes_on())
    }

    /// Ends what is left of a swarm that is gone, should it and its guards have been killed together; tells how many processes that were.
    ///
    /// # Errors
    /// `Running` when it is not gone.
    pub fn sweep(folder: &Folder) -> Result<usize, SwarmError> {
        match folder.running() {
            Some(pid) => Err(SwarmError::Running(pid)),
            None => Ok(folder.last_mark().map_or(0, |mark| census::sweep(&format!("{mark}/")))),
        }
    }

    async fn ask(&self, request: &Request) -> Result<Answer, SwarmError> {
        let answer = self.exchange(request).await.map_err(|_| SwarmError::Away)?;
        match serde_json::from_str(&answer) {
            Ok(Answer::Refused(why)) => Err(SwarmError::Refused(why)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(SwarmError::Away),
        }
    }

    async fn exchange(&self, request: &Request) -> std::io::Result<String> {
        let (path, _open) = self.folder.socket()?;
        let (ear, mut mouth) = UnixStream::connect(path).await?.into_split();
        let mut line = serde_json::to_string(request)?;
        line.push('\n');
        mouth.write_all(line.as_bytes()).await?;
        let mut answer = String::new();
        BufReader::new(ear).read_line(&mut answer).await?;
        Ok(answer)
    }
}
