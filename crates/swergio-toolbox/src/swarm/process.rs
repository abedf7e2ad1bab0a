//! Process: one run of one component, by way of its guard.

use std::ffi::OsString;
use std::io::PipeWriter;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::census::{self, MARK};
use super::{Ending, guard};

/// Words to one process that may wait: to end, and to be killed.
const WORDS: usize = 4;

/// Says what is run, all templates filled in.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) guard: OsString,
    pub(crate) command: Vec<OsString>,
    pub(crate) env: Vec<(String, OsString)>,
    pub(crate) cwd: Option<PathBuf>,
    /// Ends with a slash, so that it is no beginning of another's.
    pub(crate) mark: String,
    /// The time between SIGTERM and SIGKILL should the swarm itself be killed.
    pub(crate) orphan_grace: Duration,
    /// The time that what it printed may take to be read once it is gone.
    pub(crate) drain: Duration,
}

/// Takes what a run prints.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) pipe: PipeWriter,
    /// Tells, by going, that all is read.
    pub(crate) read: oneshot::Receiver<()>,
}

/// Tells what is heard of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum News {
    /// It runs.
    Spawned { pid: u32, guard: u32 },
    /// It counts as up.
    Ready,
    /// It and all its descendants are gone.
    Exited(Ending),
}

/// Speaks to the guard of one run. Dropped, it ends the run.
#[derive(Debug)]
pub(crate) struct Process {
    words: mpsc::Sender<u8>,
    watch: tokio::task::JoinHandle<()>,
}

impl Process {
    /// Starts a run. What is heard of it is told until it is gone, and all that it printed is taken.
    pub(crate) fn start<F>(
        recipe: Recipe,
        output: Output,
        tell: impl FnMut(News) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (words, ear) = mpsc::channel(WORDS);
        Self { words, watch: tokio::spawn(run(recipe, output, ear, tell)) }
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        // Full or closed: it has been told enough, or is gone.
        let _ = self.words.try_send(guard::TERMINATE);
    }

    /// Ends it.
    pub(crate) fn kill(&self) {
        let _ = self.words.try_send(guard::KILL);
    }

    /// Forgets it, though it is not gone.
    pub(crate) fn abandon(self) {
        self.watch.abort();
    }
}

async fn run<F>(recipe: Recipe, output: Output, ear: mpsc::Receiver<u8>, mut tell: impl FnMut(News) -> F)
where
    F: Future<Output = ()>,
{
    let (mark, drain) = (recipe.mark.clone(), recipe.drain);
    match Guarded::start(recipe, output.pipe) {
        Ok(guarded) => {
            let ending = match guarded.watch(ear, &mut tell).await {
                Ok(ending) => ending,
                Err(pid) => slipped(mark, pid).await,
            };
            let _ = timeout(drain, output.read).await;
            tell(News::Exited(ending)).await;
        }
        Err(error) => tell(News::Exited(Ending::NotStarted(error.to_string()))).await,
    }
}

/// Ends what is left of a process whose guard was killed.
async fn slipped(mark: String, pid: Option<Pid>) -> Ending {
    if let Some(pid) = pid {
        let _ = kill_process_group(pid, Signal::KILL);
    }
    let swept = tokio::task::spawn_blocking(move || census::sweep(&mark)).await.unwrap_or_default();
    tracing::warn!(swept, "a guard was killed; what it watched over is ended");
    Ending::Signal(9)
}

/// Holds a guard and the socket to it.
struct Guarded {
    guard: Child,
    ear: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    mouth: OwnedWriteHalf,
}

impl Guarded {
    fn start(recipe: Recipe, output: PipeWriter) -> std::io::Result<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&recipe.guard);
        command.args(guard::arguments(recipe.orphan_grace)).args(&recipe.command);
        command.envs(recipe.env).env(MARK, &recipe.mark);
        if let Some(cwd) = &recipe.cwd {
            // Otherwise the system's error would not tell what is missing.
            std::fs::metadata(cwd)
                .map_err(|error| std::io::Error::other(format!("{}: {error}", cwd.display())))?;
            command.current_dir(cwd);
        }
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        command.stdout(Stdio::from(output.try_clone()?)).stderr(Stdio::from(output));
        // Ctrl-C at the terminal is for the swarm, which then ends all in order.
        let guard = command.process_group(0).spawn()?;
        let (ear, mouth) = UnixStream::from_std(ours)?.into_split();
        Ok(Self { guard, ear: BufReader::new(ear).lines(), mouth })
    }

    /// Passes words on and hears what becomes of the process, until its guard is gone. An error, with the process if there was
    /// one, says that it went without a word.
    async fn watch<F>(
        mut self,
        mut words: mpsc::Receiver<u8>,
        tell: &mut impl FnMut(News) -> F,
    ) -> Result<Ending, Option<Pid>>
    where
        F: Future<Output = ()>,
    {
        let number = self.guard.id().unwrap_or_default();
        let (mut ending, mut process) = (None, None);
        loop {
            tokio::select! {
                word = words.recv() => match word {
                    // A guard that is gone is noticed below.
                    Some(word) => drop(self.mouth.write_all(&[word]).await),
                    // Nobody cares for this process any more: the closed socket tells its guard.
                    None => return Ok(ending.unwrap_or(Ending::Lost)),
                },
                line = self.ear.next_line() => match line {
                    Ok(Some(line)) => match heard(&line, number) {
                        Some(News::Exited(how)) => ending = Some(how),
                        Some(news) => {
                            if let News::Spawned { pid, .. } = news {
                                process = i32::try_from(pid).ok().and_then(Pid::from_raw);
                            }
                            tell(news).await;
                        }
                        None => {}
                    },
                    _ => break,
                },
            }
        }
        let _ = self.guard.wait().await;
        ending.ok_or(process)
    }
}

/// Reads a line of a guard: `P` and a number, `X` and a status, `S` and a signal, `F` and why it could not be started.
fn heard(line: &str, guard: u32) -> Option<News> {
    let (word, rest) = line.split_once(' ')?;
    Some(match word {
        "P" => News::Spawned { pid: rest.parse().ok()?, guard },
        "X" => News::Exited(Ending::Code(rest.parse().ok()?)),
        "S" => News::Exited(Ending::Signal(rest.parse().ok()?)),
        "F" => News::Exited(Ending::NotStarted(rest.to_owned())),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guards_lines_are_news() {
        assert_eq!(heard("P 17", 16), Some(News::Spawned { pid: 17, guard: 16 }));
        assert_eq!(heard("X 0", 16), Some(News::Exited(Ending::Code(0))));
        assert_eq!(heard("S 9", 16), Some(News::Exited(Ending::Signal(9))));
        let why = "./aim: No such file or directory";
        assert_eq!(heard(&format!("F {why}"), 16), Some(News::Exited(Ending::NotStarted(why.into()))));
        assert_eq!((heard("X", 16), heard("Q 1", 16), heard("X one", 16)), (None, None, None));
    }
}
