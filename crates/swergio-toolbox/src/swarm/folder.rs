//! Folder: where a swarm keeps its logs, its socket and its lock.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SwarmError;

/// Names the folder beside a swarm's file, in which all of them keep theirs.
const FOLDER: &str = ".swergio";
/// Tries to take the lock before it is believed to be a swarm's, and the time between two.
const LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(5);
/// Bytes that a socket's path may have.
const SOCKET_PATH: usize = 100;

/// Keeps a swarm's logs, its socket and its lock: `.swergio/NAME/` beside its file `NAME.yaml`.
///
/// Who holds the lock is the swarm. The kernel lets go of it however the swarm ends, so whatever else lies there is known to be stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

/// Holds the lock of a folder.
#[derive(Debug)]
pub(crate) struct Hold {
    // Locked as long as it is open.
    _lock: File,
}

impl Folder {
    /// Names the folder of a swarm's file. Nothing is made yet.
    pub fn of(file: &Path) -> Self {
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self { path: parent.join(FOLDER).join(file.file_stem().unwrap_or("swarm".as_ref())) }
    }

    /// Names a folder by its path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the log file of a component or replica. `NAME.log.1` beside it holds what was printed before.
    pub fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(format!("{name}.log"))
    }

    /// Returns what a swarm in the background tells of itself.
    pub fn own_log(&self) -> PathBuf {
        self.path.join("swarm.log")
    }

    /// Lists the log files, by name.
    ///
    /// # Errors
    /// `Io` when the folder cannot be read; that there is none is no error.
    pub fn logs(&self) -> Result<Vec<(String, PathBuf)>, SwarmError> {
        let folder = self.path.join("logs");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(SwarmError::io(folder.display(), &error)),
        };
        let name = |path: &Path| Some(path.file_name()?.to_str()?.strip_suffix(".log")?.to_owned());
        let mut logs: Vec<(String, PathBuf)> =
            entries.flatten().filter_map(|entry| Some((name(&entry.path())?, entry.path()))).collect();
        logs.sort();
        Ok(logs)
    }

    /// Makes the folder, for nobody but its user.
    ///
    /// # Errors
    /// `Io` when it cannot be made.
    pub fn make(&self) -> Result<(), SwarmError> {
        use std::os::unix::fs::DirBuilderExt;
        let logs = self.path.join("logs");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&logs)
            .map_err(|error| SwarmError::io(logs.display(), &error))
    }

    /// Takes the lock, and returns it with the mark of the swarm that had it before, whose processes may have outlived it.
    ///
    /// # Errors
    /// `Running` with the number of the process that has it.
    pub(crate) fn hold(&self, mark: &str) -> Result<(Hold, Option<String>), SwarmError> {
        let path = self.path.join("lock");
        let failed = |error: io::Error| SwarmError::io(path.display(), &error);
        let mut lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match patiently(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SwarmError::Running(owner(&mut lock).0)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let (_, before) = owner(&mut lock);
        lock.set_len(0).and_then(|()| lock.rewind()).map_err(failed)?;
        writeln!(lock, "{} {mark}", std::process::id()).map_err(failed)?;
        Ok((Hold { _lock: lock }, before))
    }

    /// Tells which process is the swarm; nothing when none is.
    pub fn running(&self) -> Option<u32> {
        let mut lock = File::open(self.path.join("lock")).ok()?;
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(owner(&mut lock).0),
            _ => None,
        }
    }

    /// Returns the mark of the last swarm.
    pub(crate) fn last_mark(&self) -> Option<String> {
        owner(&mut File::open(self.path.join("lock")).ok()?).1
    }

    /// Names the control socket, by a path that is short enough for one however deep the folder lies. It is good for as long as the
    /// file is open.
    pub(crate) fn socket(&self) -> io::Result<(PathBuf, Option<File>)> {
        let path = self.path.join("control");
        if path.as_os_str().len() <= SOCKET_PATH || !cfg!(target_os = "linux") {
            return Ok((path, None));
        }
        let folder = File::open(&self.path)?;
        let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
        Ok((format!("/proc/self/fd/{number}/control").into(), Some(folder)))
    }
}

/// Takes the lock, though somebody may hold it for an instant, who only looks whether there is a swarm.
fn patiently(lock: &File) -> Result<(), TryLockError> {
    for _ in 1..LOOKS {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOOK),
            outcome => return outcome,
        }
    }
    lock.try_lock()
}

/// Reads who holds, or held, the lock: its number and its mark.
fn owner(lock: &mut File) -> (u32, Option<String>) {
    let mut text = String::new();
    let _ = lock.rewind().and_then(|()| lock.take(200).read_to_string(&mut text));
    let mut words = text.split_whitespace();
    (words.next().and_then(|word| word.parse().ok()).unwrap_or_default(), words.next().map(str::to_owned))
}

/// Names the file in which a full log is put aside.
pub(crate) fn aside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> Folder {
        let folder = Folder::at(std::env::temp_dir().join(format!("swergio-{name}-{}", std::process::id())));
        folder.make().unwrap();
        folder
    }

    #[test]
    fn it_lies_beside_the_file() {
        assert_eq!(Folder::of(Path::new("a/fast.yaml")).path(), Path::new("a/.swergio/fast"));
        assert_eq!(Folder::of(Path::new("swarm.yaml")).path(), Path::new("./.swergio/swarm"));
    }

    #[test]
    fn one_swarm_at_a_time_and_the_next_learns_of_the_last() {
        let folder = folder("hold");
        assert_eq!(folder.running(), None);
        let (hold, before) = folder.hold("first").unwrap();
        assert_eq!(before, None);
        assert_eq!(folder.running(), Some(std::process::id()));
        assert_eq!(folder.hold("second").unwrap_err(), SwarmError::Running(std::process::id()));
        drop(hold);
        assert_eq!(folder.running(), None);
        assert_eq!(folder.hold("third").unwrap().1.as_deref(), Some("first"));
        assert_eq!(folder.last_mark().as_deref(), Some("third"));
        fs::remove_dir_all(folder.path()).unwrap();
    }

    #[test]
    fn a_deep_folder_has_a_short_way_to_its_socket() {
        let folder = Folder::at(folder("deep").path().join("d".repeat(120)));
        folder.make().unwrap();
        let (path, open) = folder.socket().unwrap();
        let bound = std::os::unix::net::UnixListener::bind(&path);
        assert!(bound.is_ok() || open.is_none());
        fs::remove_dir_all(folder.path().parent().unwrap()).unwrap();
    }
}
