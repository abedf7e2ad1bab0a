//! Address: a room, or a member by name. The one key of the router.

use crate::name::{check_member, check_room};
use crate::{Fault, Limits, MemberName, Naming, RoomName};

/// Names where a message can go: to a room, or to every member of one name.
///
/// It borrows its name, so that a message is routed without allocating. It can only be had from a parsed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address<'a> {
    space: Space,
    name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Space {
    Room,
    Member,
}

impl<'a> Address<'a> {
    /// Addresses a room.
    pub fn room(name: &'a RoomName) -> Self {
        Self { space: Space::Room, name: name.as_str() }
    }

    /// Addresses every member of this name.
    pub fn member(name: &'a MemberName) -> Self {
        Self { space: Space::Member, name: name.as_str() }
    }

    /// Addresses the room that a message's TO_ROOM names.
    ///
    /// # Errors
    /// [`Fault::BadName`], as [`RoomName::parse`].
    pub fn parse_room(text: &'a str, limits: &Limits, naming: Naming) -> Result<Self, Fault> {
        check_room(text, "TO_ROOM", limits, naming)?;
        Ok(Self { space: Space::Room, name: text })
    }

    /// Addresses the members that a message's TO names.
    ///
    /// # Errors
    /// [`Fault::BadName`], as [`MemberName::parse`].
    pub fn parse_member(text: &'a str, limits: &Limits, naming: Naming) -> Result<Self, Fault> {
        check_member(text, "TO", limits, naming)?;
        Ok(Self { space: Space::Member, name: text })
    }

    /// Addresses `_logging`, which needs no parsing.
    pub fn logging() -> Address<'static> {
        Address { space: Space::Room, name: crate::name::LOGGING }
    }

    /// Addresses `_presence`, which needs no parsing.
    pub fn presence() -> Address<'static> {
        Address { space: Space::Room, name: crate::name::PRESENCE }
    }

    /// Returns the name of the room or member.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// Tells a room from a member.
    pub fn is_room(self) -> bool {
        self.space == Space::Room
    }
}
