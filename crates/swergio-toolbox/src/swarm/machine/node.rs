//! Node: one process as the machine sees it.

use std::collections::VecDeque;
use std::time::Duration;

use super::Time;
use crate::swarm::{Ending, Restart, State};

/// Says what the machine must know of a component.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The time after which it counts as up, where nobody will tell.
    pub(crate) after: Option<Duration>,
    pub(crate) ready_within: Duration,
    pub(crate) restart: Restart,
    pub(crate) grace: Duration,
    pub(crate) lead: bool,
}

impl Rule {
    /// Tells whether one that somebody ought to have told is ready is not, after all its time.
    pub(super) fn is_overdue(&self, since: Time, now: Time) -> bool {
        self.after.is_none() && since + self.ready_within <= now
    }
}

/// Keeps what is wanted of one process, and where it stands.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    /// Those that must be up before it starts; all stand before it.
    pub(crate) needs: Vec<usize>,
    pub(crate) rule: Rule,
    pub(crate) wanted: bool,
    pub(crate) phase: Phase,
    /// The number of its runs: tells news of this process from news of the last.
    pub(crate) run: u32,
    pub(crate) restarts: u32,
    /// Restarts since it was last up for long.
    row: u32,
    /// When it was restarted, within the window.
    recent: VecDeque<Time>,
}

/// Tells where a process stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Nobody wants it, nothing runs.
    Idle,
    /// It is wanted; what it needs is not up.
    Waiting,
    /// It runs, or is about to; it is not ready.
    Starting { since: Time },
    /// It is ready.
    Up { since: Time },
    /// It was told to end; it is killed at `kill_at`, and given up at `lost_at`, which is known once it has been killed.
    Stopping { cause: Cause, kill_at: Time, lost_at: Option<Time> },
    /// It fell, and is started again then.
    Backoff { until: Time },
    /// It ended for good.
    Ended(Ending),
}

/// Tells why a process was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Somebody asked for it.
    Asked,
    /// It was not ready in time.
    NotReady,
}

impl Node {
    pub(crate) fn new(name: String, needs: Vec<usize>, rule: Rule) -> Self {
        Self {
            name,
            needs,
            rule,
            wanted: false,
            phase: Phase::Idle,
            run: 0,
            restarts: 0,
            row: 0,
            recent: VecDeque::new(),
        }
    }

    /// Wants it, with a clean slate. One that is still ending starts anew after that.
    pub(super) fn want(&mut self) {
        self.wanted = true;
        self.row = 0;
        self.recent.clear();
        if matches!(self.phase, Phase::Idle | Phase::Ended(_) | Phase::Backoff { .. }) {
            self.phase = Phase::Waiting;
        }
    }

    /// Tells whether there is a process.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.phase, Phase::Starting { .. } | Phase::Up { .. } | Phase::Stopping { .. })
    }

    pub(super) fn is_killed(&self) -> bool {
        matches!(self.phase, Phase::Stopping { lost_at: Some(_), .. })
    }

    /// Tells whether those that need it may start.
    pub(super) fn serves(&self) -> bool {
        match &self.phase {
            Phase::Up { .. } => true,
            Phase::Ended(ending) => ending.is_success(),
            _ => false,
        }
    }

    pub(super) fn deadline(&self) -> Option<Time> {
        match self.phase {
            Phase::Starting { since } => Some(since + self.rule.after.unwrap_or(self.rule.ready_within)),
            Phase::Stopping { kill_at, lost_at, .. } => Some(lost_at.unwrap_or(kill_at)),
            Phase::Backoff { until } => Some(until),
            Phase::Idle | Phase::Waiting | Phase::Up { .. } | Phase::Ended(_) => None,
        }
    }

    /// Returns the wait before it is started again, and counts that; nothing when it stays as it is.
    pub(super) fn next_wait(&mut self, now: Time, ending: &Ending, fraction: f64) -> Option<Duration> {
        let restart = &self.rule.restart;
        let hopeless = matches!(ending, Ending::NotStarted(_) | Ending::Lost);
        if hopeless || !restart.wants(ending.is_success()) {
            return None;
        }
        while self.recent.front().is_some_and(|then| *then + restart.window <= now) {
            self.recent.pop_front();
        }
        if self.recent.len() >= restart.attempts as usize {
            return None;
        }
        if matches!(self.phase, Phase::Up { since } if now.saturating_sub(since) >= restart.cap) {
            self.row = 0;
        }
        let wait = restart.delay(self.row, fraction);
        self.row += 1;
        self.recent.push_back(now);
        self.restarts += 1;
        Some(wait)
    }

    pub(crate) fn state(&self) -> State {
        match &self.phase {
            Phase::Idle => State::Stopped,
            Phase::Waiting => State::Waiting,
            Phase::Starting { .. } => State::Starting,
            Phase::Up { .. } => State::Up,
            Phase::Stopping { .. } => State::Stopping,
            Phase::Backoff { .. } => State::Backoff,
            Phase::Ended(ending) if ending.is_success() => State::Done,
            Phase::Ended(_) => State::Failed,
        }
    }
}
