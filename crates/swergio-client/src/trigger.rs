//! Trigger: which messages a handler or a stream wants.

use std::fmt;

use swergio_proto::{Fault, Head, Kind, RoomName, Slot};

/// Says which messages are wanted: by kind, by room, and whether direct ones are among them.
///
/// | | rooms | direct messages |
/// |---|---|---|
/// | `Trigger::any()` | every room of ours, every kind | yes |
/// | `Trigger::kinds([Kind::TEXT])` | every room of ours | yes |
/// | `….rooms(["lab", "hall"])` | these two | yes |
/// | `….rooms(["lab"]).direct(false)` | this one | no |
/// | `….direct_only()` | none | yes |
///
/// A direct message is one without `TO_ROOM`. A trigger's rooms are joined when it is put to use.
///
/// ```
/// use swergio_client::{Frame, Head, Kind, Trigger};
///
/// let trigger = Trigger::kinds([Kind::TEXT]).rooms(["lab"]);
/// let frame = Frame::json(r#"{"TYPE": "DATA/TEXT", "TO_ROOM": "lab"}"#);
/// assert!(trigger.matches(&Head::peek(&frame, 64)?));
/// # Ok::<(), swergio_client::Fault>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    kinds: Option<Vec<Kind<'static>>>,
    rooms: Option<Vec<RoomName>>,
    direct: bool,
    fault: Option<Fault>,
}

impl Trigger {
    /// Wants every message, of whatever kind.
    pub fn any() -> Self {
        Self { kinds: None, rooms: None, direct: true, fault: None }
    }

    /// Wants messages of these kinds, in every room and direct ones. No kinds: wants nothing.
    pub fn kinds<K: Into<Kind<'static>>>(kinds: impl IntoIterator<Item = K>) -> Self {
        Self { kinds: Some(kinds.into_iter().map(Into::into).collect()), ..Self::any() }
    }

    /// Narrows the rooms to these, which are joined when the trigger is put to use. Direct messages stay wanted.
    ///
    /// A bad name is reported where the trigger is put to use.
    pub fn rooms<R: AsRef<str>>(mut self, rooms: impl IntoIterator<Item = R>) -> Self {
        match rooms.into_iter().map(|room| RoomName::parse(room.as_ref())).collect() {
            Ok(rooms) => self.rooms = Some(rooms),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Says whether direct messages are wanted.
    pub fn direct(self, direct: bool) -> Self {
        Self { direct, ..self }
    }

    /// Wants direct messages and none from rooms.
    pub fn direct_only(self) -> Self {
        Self { rooms: Some(Vec::new()), direct: true, ..self }
    }

    /// Tells whether a message with this head is wanted.
    pub fn matches(&self, head: &Head<'_>) -> bool {
        self.wants_kind(&head.kind) && self.wants_place(&head.to_room)
    }

    /// Returns the rooms to join, or what is wrong with one.
    pub(crate) fn joined(&self) -> Result<&[RoomName], Fault> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(self.rooms.as_deref().unwrap_or_default()),
        }
    }

    fn wants_kind(&self, kind: &Slot<'_>) -> bool {
        match (&self.kinds, kind.text()) {
            (None, Some(_)) => true,
            (Some(kinds), Some(kind)) => kinds.iter().any(|wanted| wanted.as_str() == kind),
            (_, None) => false,
        }
    }

    fn wants_place(&self, to_room: &Slot<'_>) -> bool {
        match (to_room, &self.rooms) {
            (Slot::Absent, _) => self.direct,
            (Slot::Text(_), None) => true,
            (Slot::Text(room), Some(rooms)) => rooms.iter().any(|wanted| *wanted == **room),
            (Slot::Other | Slot::Torn(_), _) => false,
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kinds {
            None => f.write_str("any kind")?,
            Some(kinds) => write!(f, "{kinds:?}")?,
        }
        match &self.rooms {
            None => f.write_str(" in any room"),
            Some(rooms) => write!(f, " in {rooms:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use swergio_proto::Frame;

    use super::*;

    fn wants(trigger: &Trigger, json: &'static str) -> bool {
        let frame = Frame::json(json);
        trigger.matches(&Head::peek(&frame, 64).unwrap())
    }

    const IN_LAB: &str = r#"{"TYPE":"DATA/TEXT","TO_ROOM":"lab"}"#;
    const IN_HALL: &str = r#"{"TYPE":"DATA/TEXT","TO_ROOM":"hall"}"#;
    const DIRECT: &str = r#"{"TYPE":"DATA/TEXT","TO":"w"}"#;
    const REWARD: &str = r#"{"TYPE":"DATA/REWARD","TO_ROOM":"lab"}"#;

    #[test]
    fn the_table_in_the_documentation_holds() {
        let text = || Trigger::kinds([Kind::TEXT]);
        for (trigger, lab, hall, direct, reward) in [
            (Trigger::any(), true, true, true, true),
            (text(), true, true, true, false),
            (text().rooms(["lab"]), true, false, true, false),
            (text().rooms(["lab"]).direct(false), true, false, false, false),
            (text().direct_only(), false, false, true, false),
            (text().rooms([""; 0]).direct(false), false, false, false, false),
            (Trigger::kinds([""; 0]), false, false, false, false),
        ] {
            let heard = [IN_LAB, IN_HALL, DIRECT, REWARD].map(|json| wants(&trigger, json));
            assert_eq!(heard, [lab, hall, direct, reward], "{trigger}");
        }
    }

    #[test]
    fn a_message_whose_head_makes_no_sense_is_wanted_by_nobody() {
        for json in [r#"{"TO_ROOM":"lab"}"#, r#"{"TYPE":5}"#, r#"{"TYPE":"DATA/TEXT","TO_ROOM":null}"#] {
            assert!(!wants(&Trigger::any(), json), "{json}");
        }
    }

    #[test]
    fn a_bad_room_is_reported_when_it_is_joined() {
        let fault = Trigger::any().rooms(["lab", "_mine"]).joined().unwrap_err();
        assert_eq!(fault.code(), "BAD_NAME");
    }
}
