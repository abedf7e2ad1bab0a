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

/// Holds an address of its own, to outlive the message that named it. It can be filled again without allocating.
///
/// ```
/// use swergio_proto::{Address, AddressBuf, RoomName};
///
/// let lab = RoomName::parse("lab")?;
/// let kept = AddressBuf::from(Address::room(&lab));
/// assert_eq!(kept.address(), Address::room(&lab));
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBuf {
    space: Space,
    name: String,
}

impl AddressBuf {
    /// Keeps `address` in place of what was kept.
    pub fn fill(&mut self, address: Address<'_>) {
        self.space = address.space;
        self.name.clear();
        self.name.push_str(address.name);
    }

    /// Returns the address that is kept.
    pub fn address(&self) -> Address<'_> {
        Address { space: self.space, name: &self.name }
    }
}

impl From<Address<'_>> for AddressBuf {
    fn from(address: Address<'_>) -> Self {
        Self { space: address.space, name: address.name.to_owned() }
    }
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

    /// Returns this address with `text` for its name, if that is what it is called: no need to parse it again.
    #[inline]
    pub(crate) fn again<'t>(self, text: &'t str) -> Option<Address<'t>> {
        (self.name == text).then_some(Address { space: self.space, name: text })
    }

    /// Addresses `_logging`, which needs no parsing.
    pub fn logging() -> Address<'static> {
        Address { space: Space::Room, name: crate::name::LOGGING }
    }

    /// Addresses `_presence`, which needs no parsing.
    pub fn presence() -> Address<'static> {
        Address { space: Space::Room, name: crate::name::PRESENCE }
    }

    /// Addresses `_watch`, which needs no parsing.
    pub fn watch() -> Address<'static> {
        Address { space: Space::Room, name: crate::name::WATCH }
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
