//! Census: who descends from whom, what they use, and who bears a swarm's mark. Linux; elsewhere nobody is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// The variable by which processes of a swarm are known, should they have slipped away from everybody.
pub(crate) const MARK: &str = "SWERGIO_MARK";

/// Holds what the kernel tells of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    /// Ticks of processor time.
    ticks: u64,
    /// Pages in memory.
    pages: u64,
}

/// Holds what a tree of processes uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) memory: u64,
}

/// Lists all processes.
pub(crate) fn processes() -> impl Iterator<Item = Process> {
    numbers().filter_map(|pid| Process::read(&std::fs::read_to_string(folder(pid).join("stat")).ok()?))
}

fn numbers() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn folder(pid: u32) -> PathBuf {
    format!("/proc/{pid}").into()
}

impl Process {
    /// Reads a line of `/proc/PID/stat`. The name in it may hold anything, so it is read from its last parenthesis on.
    fn read(stat: &str) -> Option<Self> {
        let (head, rest) = stat.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let pid = head.split_once(' ')?.0.parse().ok()?;
        let parent = fields.get(1)?.parse().ok()?;
        Some(Self { pid, parent, ticks: number(11)? + number(12)?, pages: number(21)? })
    }
}

/// Adds up what the descendants of each guard use.
pub(crate) fn usage(guards: &[u32]) -> BTreeMap<u32, Usage> {
    let mut children: BTreeMap<u32, Vec<Process>> = BTreeMap::new();
    for process in processes() {
        children.entry(process.parent).or_default().push(process);
    }
    guards.iter().map(|guard| (*guard, below(&children, *guard))).collect()
}

fn below(children: &BTreeMap<u32, Vec<Process>>, guard: u32) -> Usage {
    let (mut ticks, mut pages) = (0, 0);
    let (mut seen, mut next) = (BTreeSet::new(), vec![guard]);
    while let Some(parent) = next.pop().filter(|parent| seen.insert(*parent)) {
        for process in children.get(&parent).into_iter().flatten() {
            ticks += process.ticks;
            pages += process.pages;
            next.push(process.pid);
        }
    }
    let second = rustix::param::clock_ticks_per_second().max(1);
    let page = rustix::param::page_size() as u64;
    Usage { cpu: Duration::from_secs_f64(ticks as f64 / second as f64), memory: pages * page }
}

/// Kills every process whose environment bears a mark that begins so, and returns how many there were.
///
/// It is for what nobody watches any more: the guard was killed, or the swarm and all guards at once.
pub(crate) fn sweep(mark: &str) -> usize {
    let wanted = format!("{MARK}={mark}");
    let mut swept = BTreeSet::new();
    loop {
        let before = swept.len();
        for pid in numbers().filter(|pid| *pid != std::process::id()) {
            if bears(pid, &wanted) && kill(pid, &wanted) {
                swept.insert(pid);
            }
        }
        // One of them may have begun another meanwhile.
        if swept.len() == before {
            return before;
        }
    }
}

fn bears(pid: u32, wanted: &str) -> bool {
    let environment = std::fs::read(folder(pid).join("environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(wanted.as_bytes()))
}

/// Kills a process, once it is sure that the number still means one that bears the mark.
#[cfg(target_os = "linux")]
fn kill(pid: u32, wanted: &str) -> bool {
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(process) = number.and_then(|number| pidfd_open(number, PidfdFlags::empty()).ok()) else {
        return false;
    };
    bears(pid, wanted) && pidfd_send_signal(process, Signal::KILL).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn kill(_: u32, _: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_no_obstacle() {
        let fields: Vec<String> = (3..=52).map(|field| field.to_string()).collect();
        let stat = format!("17 (a) b) R {}", fields.join(" "));
        // After the state (field 3) comes the parent: here the text "3".
        let process = Process::read(&stat).unwrap();
        assert_eq!((process.pid, process.parent), (17, 3));
        assert_eq!((process.ticks, process.pages), (13 + 14, 23));
        assert_eq!(Process::read("nonsense"), None);
    }

    #[test]
    fn we_are_among_the_processes() {
        if cfg!(target_os = "linux") {
            let own = processes().find(|process| process.pid == std::process::id()).unwrap();
            assert_eq!(own.parent, std::os::unix::process::parent_id());
        }
    }

    #[test]
    fn a_tree_is_added_up_once_and_a_circle_ends() {
        let process = |pid, parent| Process { pid, parent, ticks: 0, pages: 1 };
        let mut children: BTreeMap<u32, Vec<Process>> = BTreeMap::new();
        for one in [process(2, 1), process(3, 2), process(4, 2), process(2, 4)] {
            children.entry(one.parent).or_default().push(one);
        }
        let page = rustix::param::page_size() as u64;
        assert_eq!(below(&children, 1).memory, 4 * page);
    }
}
