//! Grant: which names and rooms a session may use; data, not a callback.

use serde::{Deserialize, Serialize};

use crate::{Fault, name};

/// Matches a name exactly, or by its beginning when it ends in `*`.
///
/// `*` alone matches every name that does not begin with `_`: what everybody else says (`_logging`) and who is
/// there (`_presence`) must be granted by name.
///
/// ```
/// use swergio_proto::Pattern;
///
/// assert!(Pattern::new("trainer-*").matches("trainer-7"));
/// assert!(!Pattern::new("*").matches("_logging"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Takes a name, or the beginning of names followed by `*`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Tells whether `name` is covered.
    pub fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some("") => !name.starts_with('_'),
            Some(beginning) => name.starts_with(beginning),
            None => self.0 == name,
        }
    }
}

/// Says what one session may do. A guard hands it out once, when the connection is admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether somebody vouched for the peer. If so, SENT_BY must be its registered name.
    pub authenticated: bool,
    /// Names that it may register.
    pub names: Vec<Pattern>,
    /// Rooms that it may join.
    pub join: Vec<Pattern>,
    /// Rooms that it may send to.
    pub send: Vec<Pattern>,
    /// Members that it may send to directly.
    pub tell: Vec<Pattern>,
}

impl Grant {
    /// Allows everything to a peer that nobody vouched for, the rooms of ours included.
    pub fn open() -> Self {
        let all = || vec![Pattern::new("*"), Pattern::new("_*")];
        Self { authenticated: false, names: all(), join: all(), send: all(), tell: all() }
    }

    /// Checks that the peer may register `name`.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] naming NAME.
    pub fn may_be(&self, name: &str) -> Result<(), Fault> {
        allowed(&self.names, "NAME", name)
    }

    /// Checks that the peer may join `room`. Everybody may join `_command`, as upstream's clients do.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] naming ROOM.
    pub fn may_join(&self, room: &str) -> Result<(), Fault> {
        if room == name::COMMAND { Ok(()) } else { allowed(&self.join, "ROOM", room) }
    }

    /// Checks that the peer may send to `room`.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] naming TO_ROOM.
    pub fn may_send(&self, room: &str) -> Result<(), Fault> {
        allowed(&self.send, "TO_ROOM", room)
    }

    /// Checks that the peer may send to the members named `name`.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] naming TO.
    pub fn may_tell(&self, name: &str) -> Result<(), Fault> {
        allowed(&self.tell, "TO", name)
    }
}

fn allowed(patterns: &[Pattern], field: &'static str, name: &str) -> Result<(), Fault> {
    if patterns.iter().any(|pattern| pattern.matches(name)) {
        return Ok(());
    }
    Err(Fault::Forbidden { field, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_covers_no_room_of_ours() {
        let grant = Grant { join: vec![Pattern::new("*")], ..Grant::open() };
        assert!(grant.may_join("lab").is_ok());
        assert!(grant.may_join("_command").is_ok());
        assert_eq!(
            grant.may_join("_logging"),
            Err(Fault::Forbidden { field: "ROOM", name: "_logging".into() })
        );
    }

    #[test]
    fn a_pattern_without_a_star_is_one_name() {
        assert!(Pattern::new("ada").matches("ada"));
        assert!(!Pattern::new("ada").matches("adam"));
        assert!(Pattern::new("ada*").matches("adam"));
    }
}
