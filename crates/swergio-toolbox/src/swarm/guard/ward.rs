//! Ward: the process that a guard watches over, and whatever descends from it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process, kill_process_group, wait,
    waitid,
};

/// Holds the process that a guard watches over.
#[derive(Debug)]
pub(super) struct Ward {
    pid: Pid,
    /// How it ended; nothing while its number is its own. It is reaped under this lock, so that no signal goes to a number that
    /// means somebody else by then.
    ended: Mutex<Option<How>>,
}

/// Tells how it ended, as the swarm is told: `X` and a status, or `S` and a signal.
#[derive(Clone, Copy, Debug)]
pub(super) struct How(WaitStatus);

impl Ward {
    pub(super) fn new(pid: u32) -> Self {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a child has a number");
        Self { pid, ended: Mutex::new(None) }
    }

    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Asks its group to end.
    pub(super) fn terminate(&self) {
        self.signal(|pid| {
            // One that has left its group is asked by itself; nobody is asked twice.
            if kill_process_group(pid, Signal::TERM).is_err() {
                let _ = kill_process(pid, Signal::TERM);
            }
        });
    }

    /// Ends it and its group. Descendants that left the group fall to the guard, which clears them away.
    pub(super) fn kill(&self) {
        self.signal(|pid| {
            let _ = kill_process_group(pid, Signal::KILL);
            let _ = kill_process(pid, Signal::KILL);
        });
    }

    fn signal(&self, send: impl FnOnce(Pid)) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.is_none() {
            send(self.pid);
        }
    }

    /// Waits for its end, reaps whatever else dies meanwhile, and ends its group before its number is free for others.
    pub(super) fn wait(&self) -> How {
        loop {
            // Wakes up without reaping.
            let _ = waitid(WaitId::All, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            if self.is_dead() {
                let _ = kill_process_group(self.pid, Signal::KILL);
            }
            while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
                if pid == self.pid {
                    *ended = Some(How(status));
                }
            }
            if let Some(how) = *ended {
                return how;
            }
        }
    }

    fn is_dead(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// Ends what it left behind: each orphan becomes a child of the guard, until none is left.
    pub(super) fn clear(&self) {
        loop {
            for child in children() {
                let _ = kill_process(child, Signal::KILL);
            }
            // An error says that there is no child any more.
            if wait(WaitOptions::empty()).is_err() {
                return;
            }
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.exit_status(), self.0.terminating_signal()) {
            (Some(code), _) => write!(f, "X {code}"),
            (None, Some(signal)) => write!(f, "S {signal}"),
            (None, None) => f.write_str("S 0"),
        }
    }
}

/// Lists the guard's children. A child's number stays its own until the guard has reaped it.
fn children() -> Vec<Pid> {
    let own = std::process::id();
    let all = crate::swarm::census::processes();
    all.filter(|process| process.parent == own)
        .filter_map(|process| Pid::from_raw(i32::try_from(process.pid).ok()?))
        .collect()
}
