//! Guard: the small program that stands between the swarm and one process, so that nothing of it is left behind.
//!
//! It is this very program, run again under another first argument. It becomes the process's parent and the one to whom its
//! orphaned descendants fall ("subreaper"), and holds one end of a socket to the swarm: on a word from there, or when the swarm is gone, it
//! ends the whole tree. The process in turn is killed by the kernel when its guard dies.

mod ward;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio, exit};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ward::Ward;

/// The first argument of a program that is to stand guard.
pub(crate) const GUARD: &str = "swarm-guard";
/// The first argument of a program that is about to become the process.
const WARD: &str = "swarm-ward";
/// The word that asks a process to end.
pub(crate) const TERMINATE: u8 = b'T';
/// The word that ends a process.
pub(crate) const KILL: u8 = b'K';
/// The status of a process that could not be started, as shells have it.
const NOT_STARTED: i32 = 127;

static STANDS: AtomicBool = AtomicBool::new(false);

/// Stands guard over a process, if that is what this program was started for; otherwise returns at once.
///
/// A program that starts a [`Swarm`](super::Swarm) calls it first thing in `main`, before threads and runtimes: the swarm runs the
/// program once more for each process. The program `swergio` does so too, see [`guarded_by`](super::Plan::guarded_by).
///
/// ```no_run
/// swergio_toolbox::swarm::guard();
/// // … and now the program itself, in which a swarm may be started.
/// ```
pub fn guard() {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(word) if word == GUARD => exit(stand(args)),
        Some(word) if word == WARD => exit(turn_into(args)),
        _ => STANDS.store(true, Ordering::Release),
    }
}

/// Returns the program that stands guard, if this one can.
pub(crate) fn own_program() -> Option<OsString> {
    STANDS.load(Ordering::Acquire).then(own_image)
}

/// Names this program's image. On Linux it is the one that runs, even if the file was replaced since.
fn own_image() -> OsString {
    let image = if cfg!(target_os = "linux") { None } else { std::env::current_exe().ok() };
    image.map_or_else(|| "/proc/self/exe".into(), Into::into)
}

/// Spells the arguments of a guard.
pub(crate) fn arguments(grace: Duration) -> [OsString; 2] {
    [GUARD.into(), grace.as_millis().to_string().into()]
}

/// Starts the process, and ends it and all that it left when the swarm says so, or says nothing more.
fn stand(mut args: impl Iterator<Item = OsString>) -> i32 {
    let grace = args.next().and_then(|text| text.to_str()?.parse().ok()).map(Duration::from_millis);
    let (Some(grace), Ok(swarm)) = (grace, own_stdin().map(UnixStream::from)) else {
        let _ = writeln!(io::stderr(), "{GUARD} is for a swarm to run, not by hand");
        return NOT_STARTED;
    };
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    match spawn(args) {
        Ok(ward) => keep(&ward, &swarm, grace),
        Err(error) => {
            report(&swarm, format_args!("F {error}"));
            NOT_STARTED
        }
    }
}

/// Watches over the process to its end, and reports that.
fn keep(ward: &Ward, swarm: &UnixStream, grace: Duration) -> i32 {
    report(swarm, format_args!("P {}", ward.pid()));
    thread::scope(|threads| {
        threads.spawn(|| {
            obey(ward, swarm);
            // The swarm is gone. What is left has a moment to end by itself.
            ward.terminate();
            thread::sleep(grace);
            ward.kill();
        });
        let how = ward.wait();
        ward.clear();
        report(swarm, format_args!("{how}"));
        exit(0)
    })
}

/// Does what the swarm says, until it says nothing more.
fn obey(ward: &Ward, mut swarm: &UnixStream) {
    let mut word = [0];
    while matches!(swarm.read(&mut word), Ok(1)) {
        match word[0] {
            TERMINATE => ward.terminate(),
            KILL => ward.kill(),
            _ => {}
        }
    }
}

/// Starts the process in a group of its own. It tells through its standard input why it could not.
fn spawn(command: impl Iterator<Item = OsString>) -> io::Result<Ward> {
    let (mut told, teller) = io::pipe()?;
    let mut ward = Command::new(own_image());
    ward.arg0("swergio").arg(WARD).arg(std::process::id().to_string()).args(command);
    let child = ward.stdin(Stdio::from(teller)).process_group(0).spawn()?;
    // The command holds the other end of the pipe.
    drop(ward);
    let mut failure = String::new();
    told.read_to_string(&mut failure)?;
    match failure.is_empty() {
        true => Ok(Ward::new(child.id())),
        false => Err(io::Error::other(failure)),
    }
}

/// Becomes the process: asks the kernel to be killed with its guard, and runs the command in its own place.
fn turn_into(mut args: impl Iterator<Item = OsString>) -> i32 {
    let guard: Option<u32> = args.next().and_then(|text| text.to_str()?.parse().ok());
    let (Some(guard), Some(program), Ok(teller)) = (guard, args.next(), own_stdin()) else {
        let _ = writeln!(io::stderr(), "{WARD} is for a swarm to run, not by hand");
        return NOT_STARTED;
    };
    let failure = detach(guard).err().unwrap_or_else(|| Command::new(&program).args(args).exec());
    let _ = write!(std::fs::File::from(teller), "{}: {failure}", Path(&program));
    NOT_STARTED
}

/// Ties the process to its guard's life, and leaves it no standard input.
fn detach(guard: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    if std::os::unix::process::parent_id() != guard {
        return Err(io::Error::other("its guard is gone"));
    }
    let nothing = std::fs::File::open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdin(nothing)?)
}

/// Takes standard input for ourselves: a copy that no process inherits.
fn own_stdin() -> io::Result<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned()
}

/// Tells the swarm, if it is still there.
fn report(mut swarm: &UnixStream, line: std::fmt::Arguments<'_>) {
    let line = line.to_string().replace('\n', " ") + "\n";
    let _ = swarm.write_all(line.as_bytes());
}

/// Shows a program as people write it.
struct Path<'a>(&'a OsStr);

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.to_string_lossy().fmt(f)
    }
}
