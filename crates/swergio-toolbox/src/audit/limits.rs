//! Limits: what an audit may hold, and what it has counted.

use std::time::Duration;

/// Bounds an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLimits {
    /// Passes through one component that are watched at once, all components together; beyond it passes are not picked. 32.
    pub watched: usize,
    /// How long a pass is watched. One that takes longer is left out. 60 s.
    pub age: Duration,
    /// Findings that wait to be read; beyond it further ones are counted only. 64.
    pub findings: usize,
    /// Passes of a component that are kept to tell a gradient that belongs to one of them. 2.
    pub kept: usize,
    /// Bytes of one tensor, or of several in one message; passes with larger ones are not picked. A pass that is
    /// kept takes some 60 times as many. 1 MiB.
    pub bytes: usize,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self { watched: 32, age: Duration::from_secs(60), findings: 64, kept: 2, bytes: 1 << 20 }
    }
}

/// Counts what an audit has seen: passes through one component each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditTally {
    /// Picked.
    pub picked: u64,
    /// Judged, and right.
    pub right: u64,
    /// Judged, and wrong.
    pub wrong: u64,
    /// Judged, and it could not be told: a kink, or too rough.
    pub unclear: u64,
    /// Left out: the same input did not give the same output again, because the weights have changed, or by chance.
    pub moved: u64,
    /// Left out: the gradient did not come, or not all answers did.
    pub unfinished: u64,
    /// Left out: the gradient that the component was given was not one by its output.
    pub misled: u64,
    /// Findings that nobody was there to read.
    pub unread: u64,
    /// Watched right now.
    pub watching: usize,
}
