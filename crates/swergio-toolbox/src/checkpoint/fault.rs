//! CheckpointFault: why something was not saved or restored.

use std::io;
use std::path::{Path, PathBuf};

use crate::BoxError;
use crate::weights::Misfit;

/// Tells why something was not saved or restored. The running weights and the files are as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointFault {
    /// The name of a checkpoint or component is none that a file can have.
    #[error(
        "{0:?} cannot be part of a file's name: use up to 200 letters, digits, `-`, `_`, `.` and blanks, and no dot at the beginning"
    )]
    Name(String),
    /// The file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no checkpoint, or only a part of one.
    #[error("{path}: {why}: restore the file from a copy, or load another checkpoint", path = path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The weights are those of another component.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// The component could not give or take them.
    #[error("{0}")]
    Component(#[source] BoxError),
}

impl CheckpointFault {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(super) fn broken(path: &Path, why: impl Into<String>) -> Self {
        Self::Broken { path: path.to_owned(), why: why.into() }
    }
}
