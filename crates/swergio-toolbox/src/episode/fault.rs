//! EpisodeFault: what of an observation, action or reward cannot be read.

use crate::space::SpaceFault;

/// Tells what of a message is wrong, by code and field.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EpisodeFault {
    /// A field that the message needs is not there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is there, but is not what it should be.
    #[error("{field} cannot be read: {why}")]
    Unreadable {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A list has not one entry for each environment.
    #[error("{field} has {found} entries for {wanted} environments")]
    Length {
        /// The field.
        field: &'static str,
        /// How many environments there are.
        wanted: usize,
        /// How many entries came.
        found: usize,
    },
    /// There are more environments in one message than allowed.
    #[error("{found} environments in one message are more than the {most} that are allowed")]
    TooMany {
        /// How many are allowed.
        most: usize,
        /// How many came.
        found: usize,
    },
    /// Values are not in their space.
    #[error("{field}: {fault}")]
    NotInSpace {
        /// The field that holds them.
        field: &'static str,
        /// What does not fit.
        fault: SpaceFault,
    },
}

impl EpisodeFault {
    /// Returns the stable word for it, as `DATA/FAULT` carries it in CODE.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "MISSING",
            Self::Unreadable { .. } => "UNREADABLE",
            Self::Length { .. } => "LENGTH",
            Self::TooMany { .. } => "TOO_MANY",
            Self::NotInSpace { fault, .. } => fault.code,
        }
    }

    /// Returns the field of the message that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Missing(field) => field,
            Self::Unreadable { field, .. } | Self::Length { field, .. } | Self::NotInSpace { field, .. } => {
                field
            }
            Self::TooMany { .. } => "EPISODE",
        }
    }

    pub(crate) fn in_field(field: &'static str) -> impl Fn(SpaceFault) -> Self {
        move |fault| Self::NotInSpace { field, fault }
    }
}

/// Bounds what a message of an episode may bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpisodeLimits {
    /// How many environments may stand behind one component: 65,536.
    pub environments: usize,
}

impl Default for EpisodeLimits {
    fn default() -> Self {
        Self { environments: 65_536 }
    }
}
