//! SwarmError: what keeps a swarm from doing what it was asked.

use std::io;

/// Tells what went wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwarmError {
    /// The file cannot be read, or says something that makes no sense, at the line that is named.
    #[error("{0}")]
    File(String),
    /// What is to be started makes no sense: a cycle, an unknown name, a bad name.
    #[error("{0}")]
    Plan(String),
    /// There is no component of this name.
    #[error("there is no component {0:?} in this swarm")]
    Unknown(String),
    /// A component has failed for good, or waits for one that has.
    #[error("{name} {why}")]
    Failed {
        /// Its name.
        name: String,
        /// What became of it.
        why: String,
    },
    /// There is no program that can stand guard over the processes.
    #[error(
        "nobody can stand guard over the processes: call `swergio_toolbox::swarm::guard()` first thing in `main`, or name a \
         program that does with `guarded_by`, such as `swergio`"
    )]
    Unguarded,
    /// A swarm runs already from this file.
    #[error(
        "this swarm runs already, as process {0}; see `swergio swarm ps`, or end it with `swergio swarm down`"
    )]
    Running(u32),
    /// No swarm runs from this file.
    #[error("no swarm runs here; start it with `swergio swarm up`")]
    Away,
    /// A swarm in another process will not do what it was asked.
    #[error("the swarm refuses: {0}")]
    Refused(String),
    /// The operating system refused something.
    #[error("{0}")]
    Io(String),
    /// The swarm's task is gone.
    #[error("the swarm is gone")]
    Gone,
}

impl SwarmError {
    /// Tells what was tried when the operating system refused.
    pub(crate) fn io(what: impl std::fmt::Display, error: &io::Error) -> Self {
        Self::Io(format!("{what}: {error}"))
    }
}
