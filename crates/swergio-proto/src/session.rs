//! Session: one connection's protocol state. A head in, a step out.

use std::sync::Arc;

use indexmap::IndexSet;

use crate::kind::Command;
use crate::{Address, AddressBuf, Fault, Grant, Head, Kind, Limits, MemberName, Naming, RoomName};

/// Sets the rules that every session of a broker follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// The bounds.
    pub limits: Limits,
    /// Restores the published Python server's ways: control messages are echoed to their TO_ROOM, every name is
    /// taken, an ill-typed TO reaches nobody instead of being refused.
    pub upstream: bool,
}

impl Rules {
    /// Returns which names are taken under these rules.
    pub fn naming(&self) -> Naming {
        if self.upstream { Naming::Upstream } else { Naming::Strict }
    }
}

/// Names what a frame asks the broker to do, besides being delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    Say,
    /// Give the connection a seat under `name`, and take away the one under `was`.
    Register {
        /// The new name.
        name: MemberName,
        /// The name until now, when it is another one.
        was: Option<MemberName>,
    },
    /// Give the connection a seat in the room; it has none there.
    Join(RoomName),
    /// Take away the connection's seat in the room.
    Leave(RoomName),
    /// Close the connection.
    Disconnect,
}

/// Says where a frame goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route<'h> {
    /// The room, whose members but the sender hear it.
    pub room: Option<Address<'h>>,
    /// The members of one name, the sender included if it is one.
    pub member: Option<Address<'h>>,
    /// Whether `_logging` is sent a copy.
    pub logged: bool,
    /// Whether the frame lacks SENT_BY, which must then be spliced in.
    pub unsigned: bool,
    /// Whether the sender wants to be told how many received it.
    pub ack: bool,
}

/// Says what one frame asks for: first the act, then the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'h> {
    /// What changes.
    pub act: Act,
    /// Where the frame goes; nowhere when it was consumed.
    pub route: Route<'h>,
}

/// Keeps one connection's protocol state: its name, its rooms, and what it may do.
///
/// ```
/// use swergio_proto::{Act, Frame, Grant, Head, Rules, Session};
///
/// let mut session = Session::new(Rules::default(), Grant::open());
/// let frame = Frame::json(r#"{"TYPE": "COMMAND/REGISTER", "NAME": "ada"}"#);
/// let head = Head::peek(&frame, 64)?;
/// let step = session.receive(&head)?;
/// assert!(matches!(step.act, Act::Register { .. }));
/// assert_eq!(session.name().unwrap(), "ada");
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Debug)]
pub struct Session {
    rules: Arc<Rules>,
    grant: Arc<Grant>,
    name: Option<MemberName>,
    rooms: IndexSet<RoomName>,
    /// The room that was sent to last: neither rules nor grant change, so it need not be checked again.
    last: Option<AddressBuf>,
}

impl Session {
    /// Begins a session that has not registered yet. Rules and grants are shared by many.
    pub fn new(rules: impl Into<Arc<Rules>>, grant: impl Into<Arc<Grant>>) -> Self {
        Self { rules: rules.into(), grant: grant.into(), name: None, rooms: IndexSet::new(), last: None }
    }

    /// Returns the registered name.
    pub fn name(&self) -> Option<&MemberName> {
        self.name.as_ref()
    }

    /// Lists the rooms that it sits in, in no particular order.
    pub fn rooms(&self) -> impl ExactSizeIterator<Item = &RoomName> + Clone {
        self.rooms.iter()
    }

    /// Returns the rules that it follows.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Takes in the head of one frame and says what the frame asks for.
    ///
    /// # Errors
    /// A fault of the peer's. The session is as it was before; the frame must go nowhere.
    #[inline]
    pub fn receive<'h>(&mut self, head: &'h Head<'_>) -> Result<Step<'h>, Fault> {
        let kind = head.kind()?;
        match (kind.command(), self.name.is_some()) {
            (Some(Command::Disconnect), _) => Ok(Step { act: Act::Disconnect, route: Route::default() }),
            (None | Some(Command::Join | Command::Leave), false) => Err(Fault::Unregistered),
            (None, true) => Ok(Step { act: Act::Say, route: self.route(head, &kind)? }),
            (Some(command), _) => self.obey(command, head, &kind),
        }
    }

    /// Takes a seat back from the session's books when the broker could not give it, as with too many rooms.
    pub fn undo_join(&mut self, room: &RoomName) {
        self.rooms.swap_remove(room);
    }

    /// Works out where a control message goes before anything changes, so that a bad one changes nothing.
    #[inline(never)]
    fn obey<'h>(&mut self, command: Command, head: &'h Head<'_>, kind: &Kind<'_>) -> Result<Step<'h>, Fault> {
        let consumed = Route { ack: head.ack, ..Route::default() };
        let route = if self.rules.upstream { self.route(head, kind)? } else { consumed };
        let act = match command {
            Command::Register => self.register(head)?,
            Command::Join => self.join(head)?,
            _ => self.leave(head)?,
        };
        Ok(Step { act, route })
    }

    fn register(&mut self, head: &Head<'_>) -> Result<Act, Fault> {
        let text = head.name.required("NAME")?;
        let name = MemberName::parse_within(text, "NAME", &self.rules.limits, self.rules.naming())?;
        self.grant.may_be(text)?;
        let was = self.name.replace(name.clone());
        Ok(if was.as_ref() == Some(&name) { Act::Say } else { Act::Register { name, was } })
    }

    fn join(&mut self, head: &Head<'_>) -> Result<Act, Fault> {
        let room = self.room(head)?;
        if self.rooms.contains(&room) {
            return Ok(Act::Say);
        }
        self.grant.may_join(room.as_str())?;
        let limit = self.rules.limits.rooms_per_connection;
        if self.rooms.len() >= limit {
            return Err(Fault::RoomLimit { limit, scope: "per connection" });
        }
        self.rooms.insert(room.clone());
        Ok(Act::Join(room))
    }

    fn leave(&mut self, head: &Head<'_>) -> Result<Act, Fault> {
        let room = self.room(head)?;
        Ok(if self.rooms.swap_remove(&room) { Act::Leave(room) } else { Act::Say })
    }

    fn room(&self, head: &Head<'_>) -> Result<RoomName, Fault> {
        let text = head.room.required("ROOM")?;
        RoomName::parse_within(text, "ROOM", &self.rules.limits, self.rules.naming())
    }

    #[inline]
    fn route<'h>(&mut self, head: &'h Head<'_>, kind: &Kind<'_>) -> Result<Route<'h>, Fault> {
        self.check_sender(head)?;
        let room = match head.to_room.optional("TO_ROOM")? {
            None => None,
            Some(text) => Some(self.room_to_send_to(text)?),
        };
        let (limits, naming) = (&self.rules.limits, self.rules.naming());
        // Upstream compares TO with every name and finds no match; it forwards to the room all the same.
        let to = if self.rules.upstream { head.to.text() } else { head.to.optional("TO")? };
        let member = match to {
            None => None,
            Some(text) => {
                let member = Address::parse_member(text, limits, naming)?;
                self.grant.may_tell(text)?;
                Some(member)
            }
        };
        let unsigned = head.sent_by.is_absent();
        Ok(Route { room, member, logged: kind.is_logged(), unsigned, ack: head.ack })
    }

    #[inline]
    fn room_to_send_to<'h>(&mut self, text: &'h str) -> Result<Address<'h>, Fault> {
        if let Some(again) = self.last.as_ref().and_then(|last| last.address().again(text)) {
            return Ok(again);
        }
        let room = Address::parse_room(text, &self.rules.limits, self.rules.naming())?;
        self.grant.may_send(text)?;
        match &mut self.last {
            Some(last) => last.fill(room),
            none => *none = Some(room.into()),
        }
        Ok(room)
    }

    #[inline]
    fn check_sender(&self, head: &Head<'_>) -> Result<(), Fault> {
        if self.rules.upstream && !self.grant.authenticated {
            return Ok(());
        }
        let claimed = head.sent_by.optional("SENT_BY")?;
        // A REGISTER that is forwarded speaks for the name that it is about to take.
        let name = self.name.as_ref().map_or(head.name.text(), |name| Some(name.as_str()));
        match (claimed, name) {
            (Some(claimed), Some(name)) if self.grant.authenticated && name != claimed => {
                Err(Fault::Impostor { registered: name.to_owned(), claimed: claimed.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Frame, Pattern};

    fn say(session: &mut Session, json: &str) -> Result<(Act, Option<String>, Option<String>), Fault> {
        let frame = Frame::json(json.to_owned());
        let head = Head::peek(&frame, 64)?;
        let step = session.receive(&head)?;
        let name = |address: Option<Address<'_>>| address.map(|address| address.name().to_owned());
        Ok((step.act, name(step.route.room), name(step.route.member)))
    }

    fn registered(rules: Rules, grant: Grant) -> Session {
        let mut session = Session::new(rules, grant);
        say(&mut session, r#"{"TYPE":"COMMAND/REGISTER","NAME":"ada"}"#).unwrap();
        session
    }

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    /// R10: nothing but REGISTER and DISCONNECT is taken from a stranger.
    #[test]
    fn a_stranger_may_only_register_or_leave() {
        let mut session = Session::new(Rules::default(), Grant::open());
        for json in [r#"{"TYPE":"DATA/TEXT","TO_ROOM":"lab"}"#, r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"lab"}"#]
        {
            assert_eq!(say(&mut session, json), Err(Fault::Unregistered));
        }
        assert_eq!(say(&mut session, r#"{"TYPE":"COMMAND/DISCONNECT"}"#).unwrap().0, Act::Disconnect);
    }

    #[test]
    fn registering_again_renames() {
        let mut session = registered(Rules::default(), Grant::open());
        let (act, ..) = say(&mut session, r#"{"TYPE":"COMMAND/REGISTER","NAME":"eve"}"#).unwrap();
        let name = MemberName::parse("eve").unwrap();
        assert_eq!(act, Act::Register { name, was: Some(MemberName::parse("ada").unwrap()) });
    }

    /// R15: control messages are consumed, unless upstream's ways are asked for.
    #[test]
    fn a_join_is_echoed_only_in_upstreams_way() {
        let join = r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"lab","TO_ROOM":"_command"}"#;
        let mut ours = registered(Rules::default(), Grant::open());
        assert_eq!(say(&mut ours, join).unwrap(), (Act::Join(room("lab")), None, None));
        let mut theirs = registered(Rules { upstream: true, ..Rules::default() }, Grant::open());
        assert_eq!(say(&mut theirs, join).unwrap(), (Act::Join(room("lab")), Some("_command".into()), None));
    }

    #[test]
    fn joining_twice_and_leaving_nowhere_change_nothing() {
        let mut session = registered(Rules::default(), Grant::open());
        let join = r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"lab"}"#;
        let leave = r#"{"TYPE":"COMMAND/LEAVEROOM","ROOM":"lab"}"#;
        let acts: Vec<Act> =
            [leave, join, join, leave, leave].iter().map(|json| say(&mut session, json).unwrap().0).collect();
        assert_eq!(acts, [Act::Say, Act::Join(room("lab")), Act::Say, Act::Leave(room("lab")), Act::Say]);
    }

    #[test]
    fn a_connection_sits_in_no_more_rooms_than_it_may() {
        let limits = Limits { rooms_per_connection: 1, ..Limits::default() };
        let mut session = registered(Rules { limits, ..Rules::default() }, Grant::open());
        say(&mut session, r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"a"}"#).unwrap();
        let fault = say(&mut session, r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"b"}"#).unwrap_err();
        assert_eq!(fault.code(), "ROOM_LIMIT");
        assert_eq!(session.rooms().len(), 1);
    }

    #[test]
    fn a_bad_field_is_named() {
        let mut session = registered(Rules::default(), Grant::open());
        for (json, field) in [
            (r#"{"TO_ROOM":"lab"}"#, "TYPE"),
            (r#"{"TYPE":5,"TO_ROOM":"lab"}"#, "TYPE"),
            (r#"{"TYPE":"DATA/TEXT","TO_ROOM":null}"#, "TO_ROOM"),
            (r#"{"TYPE":"DATA/TEXT","TO":["x"]}"#, "TO"),
            (r#"{"TYPE":"DATA/TEXT","TO_ROOM":"_mine"}"#, "TO_ROOM"),
            (r#"{"TYPE":"DATA/TEXT","SENT_BY":1}"#, "SENT_BY"),
            (r#"{"TYPE":"COMMAND/JOINROOM"}"#, "ROOM"),
            (r#"{"TYPE":"COMMAND/REGISTER","NAME":7}"#, "NAME"),
        ] {
            let fault = say(&mut session, json).unwrap_err();
            assert_eq!(fault.offending_field(), Some(field), "{json}");
        }
        assert_eq!(session.name().unwrap(), "ada");
    }

    /// R1, R5: half a surrogate pair matters where a name is wanted; upstream finds nobody of such a name.
    #[test]
    fn half_a_surrogate_pair_is_the_name_of_nobody() {
        let with = |field: &str| format!(r#"{{"TYPE":"DATA/TEXT","TO_ROOM":"lab","{field}":"\ud800"}}"#);
        let lab = || Ok((Act::Say, Some("lab".to_owned()), None));
        let mut ours = registered(Rules::default(), Grant::open());
        let mut theirs = registered(Rules { upstream: true, ..Rules::default() }, Grant::open());
        for forwarded in ["NAME", "ROOM", "ID", "SENT_BY", "DATA", "X"] {
            assert_eq!(say(&mut ours, &with(forwarded)), lab(), "{forwarded}");
        }
        for refused in ["TYPE", "TO_ROOM", "TO"] {
            let fault = say(&mut ours, &with(refused)).unwrap_err();
            assert_eq!(fault.offending_field(), Some(refused));
        }
        assert_eq!(say(&mut theirs, &with("TO")), lab());
    }

    #[test]
    fn an_authenticated_peer_cannot_speak_as_somebody_else() {
        let grant = Grant { authenticated: true, ..Grant::open() };
        let mut session = registered(Rules::default(), grant);
        let fault = say(&mut session, r#"{"TYPE":"DATA/TEXT","SENT_BY":"bob"}"#).unwrap_err();
        assert_eq!((fault.code(), fault.offending_field()), ("IMPOSTOR", Some("SENT_BY")));
        assert!(say(&mut session, r#"{"TYPE":"DATA/TEXT","SENT_BY":"ada"}"#).is_ok());
    }

    /// R15, R63: what upstream's ways forward of a stranger's REGISTER does not speak for somebody else.
    #[test]
    fn an_authenticated_peer_cannot_register_in_somebody_elses_name() {
        let grant = Grant { authenticated: true, ..Grant::open() };
        let mut session = Session::new(Rules { upstream: true, ..Rules::default() }, grant);
        let register = r#"{"TYPE":"COMMAND/REGISTER","NAME":"ada","TO_ROOM":"lab","SENT_BY":"bob"}"#;
        assert_eq!(say(&mut session, register).unwrap_err().code(), "IMPOSTOR");
        assert_eq!(session.name(), None);
        assert!(say(&mut session, &register.replace("bob", "ada")).is_ok());
    }

    #[test]
    fn a_grant_bounds_rooms_and_members() {
        let lab = || vec![Pattern::new("lab*")];
        let grant = Grant { join: lab(), send: lab(), tell: lab(), ..Grant::open() };
        let mut session = registered(Rules::default(), grant);
        for (json, field) in [
            (r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"hall"}"#, "ROOM"),
            (r#"{"TYPE":"DATA/TEXT","TO_ROOM":"hall"}"#, "TO_ROOM"),
            (r#"{"TYPE":"DATA/TEXT","TO":"bob"}"#, "TO"),
        ] {
            let fault = say(&mut session, json).unwrap_err();
            assert_eq!((fault.code(), fault.offending_field()), ("FORBIDDEN", Some(field)));
        }
        assert!(say(&mut session, r#"{"TYPE":"COMMAND/JOINROOM","ROOM":"lab 2"}"#).is_ok());
        // What was allowed once, and is not checked again, allows nothing else.
        for (room, allowed) in [("lab", true), ("lab", true), ("hall", false), ("la", false), ("lab 2", true)]
        {
            let said = say(&mut session, &format!(r#"{{"TYPE":"DATA/TEXT","TO_ROOM":"{room}"}}"#));
            assert_eq!(said.is_ok(), allowed, "{room}");
        }
    }
}
