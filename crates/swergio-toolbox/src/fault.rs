//! PassFault: what went wrong with one pass through a component, by name.

use swergio_client::Fault;

/// Tells what went wrong with one message of one pass. The component and its other passes go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassFault {
    /// `DATA` is missing, is no tensor, or is not of the type that the component takes.
    #[error("{0}")]
    Unreadable(String),
    /// The component's own code returned an error or panicked.
    #[error("{0}")]
    Failed(String),
}

impl PassFault {
    /// Takes a fault of the wire.
    pub fn unreadable(fault: &Fault) -> Self {
        Self::Unreadable(fault.to_string())
    }

    /// Returns the stable word that `DATA/FAULT` carries as CODE.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "UNREADABLE",
            Self::Failed(_) => "FAILED",
        }
    }
}
