//! Names of rooms, members and messages: parsed once at the door.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use crate::{Fault, Limits};

/// The room that upstream's clients all sit in, and that control messages are addressed to.
pub const COMMAND: &str = "_command";
/// The room that receives a copy of every DATA/FORWARD and DATA/GRADIENT.
pub const LOGGING: &str = "_logging";
/// The room that is told who joins and leaves which room.
pub const PRESENCE: &str = "_presence";
/// Names the room whose members are told how much is sent where, and shown some of it.
pub const WATCH: &str = "_watch";

/// Decides which names are taken: ours alone, or whatever upstream would take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// Refuses control characters, and names that begin with `_` unless they are rooms of ours.
    #[default]
    Strict,
    /// Takes every string within the length limit, as the published Python server does.
    Upstream,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the name as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }
    };
}

name! {
    /// Names a room: 256 bytes at most, no control characters, a leading `_` only for rooms of ours.
    ///
    /// The empty name is a room like any other, as it is upstream.
    ///
    /// ```
    /// use swergio_proto::RoomName;
    ///
    /// assert_eq!(RoomName::parse("lab")?, "lab");
    /// assert!(RoomName::parse("_secret").is_err());
    /// # Ok::<(), swergio_proto::Fault>(())
    /// ```
    RoomName
}

name! {
    /// Names a member: 128 bytes at most, no control characters, no leading `_`. Several members may share one.
    MemberName
}

name! {
    /// Identifies a message. Any string is accepted; upstream writes 32 lower-case hex digits.
    ///
    /// ```
    /// use swergio_proto::MessageId;
    ///
    /// assert_eq!(MessageId::from_u128(255), "000000000000000000000000000000ff");
    /// ```
    MessageId
}

impl RoomName {
    /// Parses a room's name by the default [`Limits`].
    ///
    /// # Errors
    /// [`Fault::BadName`] when it is too long, reserved, or has control characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_within(text, "ROOM", &Limits::default(), Naming::Strict)
    }

    /// Parses a room's name that came in `field`, by the given bounds.
    ///
    /// # Errors
    /// [`Fault::BadName`], as [`parse`](Self::parse).
    pub fn parse_within(
        text: &str,
        field: &'static str,
        limits: &Limits,
        naming: Naming,
    ) -> Result<Self, Fault> {
        check_room(text, field, limits, naming)?;
        Ok(Self(text.into()))
    }
}

impl MemberName {
    /// Parses a member's name by the default [`Limits`].
    ///
    /// # Errors
    /// [`Fault::BadName`] when it is too long, reserved, or has control characters.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_within(text, "NAME", &Limits::default(), Naming::Strict)
    }

    /// Parses a member's name that came in `field`, by the given bounds.
    ///
    /// # Errors
    /// [`Fault::BadName`], as [`parse`](Self::parse).
    pub fn parse_within(
        text: &str,
        field: &'static str,
        limits: &Limits,
        naming: Naming,
    ) -> Result<Self, Fault> {
        check_member(text, field, limits, naming)?;
        Ok(Self(text.into()))
    }
}

impl MessageId {
    /// Takes any string as an identifier.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Writes a number as upstream writes a UUID: 32 lower-case hex digits.
    pub fn from_u128(number: u128) -> Self {
        Self(format!("{number:032x}").into())
    }
}

pub(crate) fn check_room(
    text: &str,
    field: &'static str,
    limits: &Limits,
    naming: Naming,
) -> Result<(), Fault> {
    let ours = matches!(text, COMMAND | LOGGING | PRESENCE | WATCH);
    check(text, field, limits.room_bytes, naming, ours)
}

pub(crate) fn check_member(
    text: &str,
    field: &'static str,
    limits: &Limits,
    naming: Naming,
) -> Result<(), Fault> {
    check(text, field, limits.name_bytes, naming, false)
}

fn check(text: &str, field: &'static str, most: usize, naming: Naming, ours: bool) -> Result<(), Fault> {
    let bad = |reason: String| Err(Fault::BadName { field, reason: reason.into() });
    if text.len() > most {
        return bad(format!("{field} has {} bytes, {most} are allowed", text.len()));
    }
    if naming == Naming::Upstream || ours {
        return Ok(());
    }
    if text.starts_with('_') {
        return bad(format!("{field} {text:?}: names that begin with an underscore are reserved"));
    }
    if has_control(text) {
        return bad(format!("{field} {text:?} has a control character"));
    }
    Ok(())
}

/// Tells whether a name has a control character; most names are ASCII, where that shows by the byte.
fn has_control(name: &str) -> bool {
    if name.is_ascii() {
        return name.bytes().any(|byte| byte.is_ascii_control());
    }
    name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_refused_for_its_length_its_underscore_or_a_control_character() {
        for bad in ["_x", "a\nb", "\u{7f}", &"x".repeat(257)] {
            assert!(RoomName::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["", "lab", "räum 1", COMMAND, LOGGING, PRESENCE, WATCH, &"x".repeat(256)] {
            assert!(RoomName::parse(good).is_ok(), "{good:?}");
        }
        assert!(MemberName::parse(COMMAND).is_err());
        assert!(MemberName::parse(&"x".repeat(129)).is_err());
    }

    #[test]
    fn upstream_takes_every_short_string() {
        let limits = Limits::default();
        assert!(MemberName::parse_within("_a\u{1}", "NAME", &limits, Naming::Upstream).is_ok());
        assert!(MemberName::parse_within(&"x".repeat(129), "NAME", &limits, Naming::Upstream).is_err());
    }
}
