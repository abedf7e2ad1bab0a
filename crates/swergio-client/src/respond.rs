//! Respond: what all replies of a handler are, where they go, and what they inherit.

use swergio_proto::{Envelope, Fault, Kind, MemberName, RoomName};

use crate::{Message, Reply, id};

/// Says once for all replies of a handler what they are and where they go: upstream's `responseType`,
/// `responseRooms` and `responseComponent`. What it says overrides what a reply says.
///
/// | said by `Respond`, or else by the reply | sent |
/// |---|---|
/// | nothing | back where the message came from |
/// | rooms | one copy to each room |
/// | rooms and component | one copy to each room, which carries the component's name as `TO` too |
/// | component | one direct message |
/// | no rooms: `rooms([])` | nothing |
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Respond {
    kind: Option<Kind<'static>>,
    rooms: Option<Vec<RoomName>>,
    to: Option<MemberName>,
    fault: Option<Fault>,
}

impl Respond {
    /// Makes every reply one of this kind.
    pub fn with(kind: impl Into<Kind<'static>>) -> Self {
        Self { kind: Some(kind.into()), ..Self::default() }
    }

    /// Leaves the kind to each reply.
    pub fn as_is() -> Self {
        Self::default()
    }

    /// Sends replies to these rooms, which are joined when the handler is installed.
    pub fn rooms<R: AsRef<str>>(mut self, rooms: impl IntoIterator<Item = R>) -> Self {
        match rooms.into_iter().map(|room| RoomName::parse(room.as_ref())).collect() {
            Ok(rooms) => self.rooms = Some(rooms),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Sends replies to the components of this name.
    pub fn component(mut self, name: impl AsRef<str>) -> Self {
        match MemberName::parse(name.as_ref()) {
            Ok(name) => self.to = Some(name),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Returns the rooms to join, or what is wrong with a name.
    pub(crate) fn joined(&self) -> Result<&[RoomName], Fault> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => Ok(self.rooms.as_deref().unwrap_or_default()),
        }
    }

    /// Makes a reply of the component `name` to `message` into what is sent.
    pub(crate) fn address(
        &self,
        reply: Reply,
        message: &Message,
        name: &MemberName,
    ) -> Result<Vec<Envelope>, Fault> {
        if let Some(fault) = reply.fault {
            return Err(fault);
        }
        let mut envelope = reply.envelope;
        envelope.kind = self.kind.clone().or(reply.kind).ok_or_else(|| {
            Fault::field("TYPE", "neither the reply nor the handler's Respond says of what kind it is")
        })?;
        inherit(&mut envelope, message, name);
        let rooms = self.rooms.clone().or(reply.rooms);
        let to = self.to.clone().or(reply.to);
        match (rooms, to) {
            (None, None) => send_back(envelope, message).map(|envelope| vec![envelope]),
            (None, Some(to)) => Ok(vec![envelope.with_to(to)]),
            (Some(rooms), to) => {
                envelope.to = to;
                Ok(rooms.into_iter().map(|room| envelope.clone().with_to_room(room)).collect())
            }
        }
    }
}

fn inherit(envelope: &mut Envelope, message: &Message, name: &MemberName) {
    let said = |envelope: &Envelope, key: &str| envelope.field(key).is_some();
    if envelope.id.is_none() && !said(envelope, "ID") {
        envelope.id = Some(id::fresh());
    }
    if envelope.root_id.is_none() && !said(envelope, "ROOT_ID") {
        envelope.root_id.clone_from(&message.root_id);
        inherit_as_it_is(envelope, message, "ROOT_ID");
    }
    if envelope.model_status.is_none() && !said(envelope, "MODEL_STATUS") {
        envelope.model_status = message.model_status;
        inherit_as_it_is(envelope, message, "MODEL_STATUS");
    }
    if envelope.sent_by.is_none() && !said(envelope, "SENT_BY") {
        envelope.sent_by = Some(name.as_str().to_owned());
    }
}

/// Takes over a value of an unusual type, such as a number for ROOT_ID, which is kept among the fields.
fn inherit_as_it_is(envelope: &mut Envelope, message: &Message, key: &str) {
    if let Some((key, body)) = message.fields.iter().find(|(name, _)| name == key) {
        envelope.fields.push((key.clone(), body.clone()));
    }
}

fn send_back(mut envelope: Envelope, message: &Message) -> Result<Envelope, Fault> {
    match (&message.to_room, message.sender()) {
        (Some(room), _) => envelope.to_room = Some(room.clone()),
        (None, Some(sender)) => envelope.to = Some(MemberName::parse(sender)?),
        (None, None) => return Err(Fault::field("SENT_BY", "the message does not say who sent it")),
    }
    Ok(envelope)
}
