//! Process: the processor time and memory that a process has used, as the kernel counts them.

use std::fs;
use std::time::Duration;

/// Looks at one process of this machine.
#[derive(Clone, Debug)]
pub(super) struct Process {
    folder: String,
}

/// Holds what a process had used at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Used {
    /// Time on a processor, in its own code and in the kernel's, of all threads.
    pub(super) cpu: Duration,
    /// Resident memory, in bytes.
    pub(super) memory: u64,
}

impl Process {
    pub(super) fn ourselves() -> Self {
        Self { folder: "/proc/self".to_owned() }
    }

    pub(super) fn of(id: u32) -> Self {
        Self { folder: format!("/proc/{id}") }
    }

    /// Returns what it has used so far; nothing where there is no such process, or no `/proc`.
    pub(super) fn used(&self) -> Option<Used> {
        let read = |file: &str| fs::read_to_string(format!("{}/{file}", self.folder)).ok();
        let ticks = ticks(&read("stat")?)?;
        let pages: u64 = read("statm")?.split(' ').nth(1)?.parse().ok()?;
        let second = rustix::param::clock_ticks_per_second().max(1);
        Some(Used {
            cpu: Duration::from_secs_f64(ticks as f64 / second as f64),
            memory: pages * rustix::param::page_size() as u64,
        })
    }
}

/// Adds the user's and the system's ticks of a line of `/proc/PID/stat`; the program's name, in brackets, may hold
/// anything.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_any_name() {
        let stat = "4242 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 100 23 0 0 20 0 4 0 999 1 2";
        assert_eq!(ticks(stat), Some(123));
        assert_eq!(ticks("nonsense"), None);
    }

    #[test]
    fn we_use_memory_and_nobody_does_not() {
        assert!(Process::ourselves().used().unwrap().memory > 0);
        assert_eq!(Process::of(u32::MAX).used(), None);
    }
}
