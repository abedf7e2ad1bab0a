//! Lab: a folder, swarms in it, and a look at which processes are there. Everything has a deadline, nothing outlives its test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use swergio_toolbox::swarm::{Folder, Launch, Lines, Plan, State, Status, Swarm, SwarmEvent, SwarmEvents};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

pub(crate) const PATIENCE: Duration = Duration::from_secs(40);
const SWERGIO: &str = env!("CARGO_BIN_EXE_swergio");

static COUNT: AtomicU64 = AtomicU64::new(0);

/// A folder of its own, by whose name its processes are known.
pub(crate) struct Lab {
    pub(crate) path: PathBuf,
}

/// What a program that has ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) notes: String,
}

impl Lab {
    pub(crate) fn open() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("swergio-lab-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self { path }
    }

    /// A plan whose processes stand under guard of the program, and bear this lab's mark.
    pub(crate) fn plan(&self) -> Plan {
        Plan::new().guarded_by(SWERGIO).folder(Folder::at(self.path.join("state")))
    }

    /// A component that runs a script. It bears the lab's mark, as do its descendants.
    pub(crate) fn shell(&self, name: &str, script: &str) -> Launch {
        Launch::new(name, "sh").args(["-c", script]).env("LAB", &self.path).cwd(&self.path)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path.join(file), text).unwrap();
    }

    pub(crate) fn swergio(&self, args: &[&str]) -> Command {
        let mut command = Command::new(SWERGIO);
        command.args(args).current_dir(&self.path).env("LAB", &self.path);
        command.env_remove("SWERGIO_URL").env_remove("CLICOLOR_FORCE").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ended {
        let output = in_time(self.swergio(args).output()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code(), out: text(output.stdout), notes: text(output.stderr) }
    }

    /// Lists the processes that bear the lab's mark, the swarm and its guards among them.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let mark = format!("LAB={}\0", self.path.display());
        let numbers = std::fs::read_dir("/proc").unwrap().flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter(|pid| environment(*pid).contains(&mark)).collect()
    }

    /// Waits until nothing of the lab is left.
    pub(crate) async fn is_empty(&self) {
        in_time(async {
            while !self.processes().is_empty() {
                sleep(LOOK).await;
            }
        })
        .await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A play that went wrong may have left a swarm in the background.
        for pid in self.processes() {
            let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Time between two looks at what tells nobody when it changes: the table of processes, a file.
const LOOK: Duration = Duration::from_millis(5);

/// Reads what a process was started with. Who has ended, though nobody has asked how, has nothing.
fn environment(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Waits until a file has a line, and returns it.
pub(crate) async fn written(path: &Path) -> String {
    in_time(async {
        loop {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            if let Some((line, _)) = text.split_once('\n') {
                return line.to_owned();
            }
            sleep(LOOK).await;
        }
    })
    .await
}

pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("it takes no longer than the deadline")
}

pub(crate) fn kill(pid: u32) {
    signal(pid, "KILL");
}

pub(crate) fn signal(pid: u32, name: &str) {
    let number = pid.to_string();
    let status = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {number}")]).status();
    assert!(status.unwrap().success(), "{pid} is there");
}

/// Waits for an event that reads so, and returns the texts of those before it.
pub(crate) async fn told(events: &mut SwarmEvents, wanted: &str) -> Vec<String> {
    let mut before = Vec::new();
    loop {
        let text = match in_time(events.next()).await.expect("the swarm is there") {
            SwarmEvent::Started { name, .. } => format!("{name} started"),
            event => format!("{} {event}", event.name().unwrap_or("swarm")),
        };
        if text == wanted {
            return before;
        }
        before.push(text);
    }
}

/// Waits for a line, `NAME: TEXT`.
pub(crate) async fn printed(lines: &mut Lines) -> String {
    let line = in_time(lines.next()).await.expect("the swarm is there");
    format!("{}: {}", line.name, String::from_utf8_lossy(&line.bytes))
}

pub(crate) async fn status(swarm: &Swarm, name: &str) -> Status {
    let statuses = swarm.status().await.unwrap();
    statuses.into_iter().find(|status| status.name == name).unwrap()
}

pub(crate) async fn states(swarm: &Swarm) -> Vec<(String, State)> {
    swarm.status().await.unwrap().into_iter().map(|status| (status.name, status.state)).collect()
}
