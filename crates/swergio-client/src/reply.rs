//! Reply: what a handler gives back, and where it goes.

use std::error::Error as StdError;

use serde::Serialize;
use swergio_proto::{Body, Envelope, Fault, Kind, MemberName, MessageId, ModelStatus, RoomName, Tensor};

use crate::{Message, id};

/// Answers a message. Without a destination it goes back where the message came from: into its room, or to its
/// sender if it was a direct one.
///
/// What it does not say it inherits: ROOT_ID and MODEL_STATUS from the message, SENT_BY from the component, a
/// fresh ID. A payload that cannot be spelt is reported when the reply is sent.
///
/// ```
/// use swergio_client::{Kind, Message, Reply};
///
/// async fn echo(message: Message) -> Reply {
///     Reply::new(Kind::TEXT).data(&format!("heard {:?}", message.sender()))
/// }
/// async fn split(message: Message) -> Vec<Reply> {
///     vec![Reply::new(Kind::TEXT).rooms(["a", "b"]), Reply::new(Kind::TEXT).to("boss").answering(&message)]
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Everything but kind and destination, which are empty in it.
    envelope: Envelope,
    kind: Option<Kind<'static>>,
    rooms: Option<Vec<RoomName>>,
    to: Option<MemberName>,
    fault: Option<Fault>,
}

impl Reply {
    /// Begins a reply of a kind.
    pub fn new(kind: impl Into<Kind<'static>>) -> Self {
        Self::from(Envelope::new(kind))
    }

    /// Begins a reply whose kind [`Respond`] gives, with a payload.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::new("").data(value)
    }

    /// Gives it an ID of your own.
    pub fn id(mut self, id: MessageId) -> Self {
        self.envelope.id = Some(id);
        self
    }

    /// Gives it the ID of the message that it answers, as gradients and rewards have it.
    pub fn answering(mut self, message: &Message) -> Self {
        self.envelope.id = message.id.clone();
        self
    }

    /// Sends it to these rooms, one copy each under one ID. To none: it is not sent.
    pub fn rooms<R: AsRef<str>>(mut self, rooms: impl IntoIterator<Item = R>) -> Self {
        match rooms.into_iter().map(|room| RoomName::parse(room.as_ref())).collect() {
            Ok(rooms) => self.rooms = Some(rooms),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Sends it to the components of this name; if it has rooms too, each copy carries the name as well.
    pub fn to(mut self, component: impl AsRef<str>) -> Self {
        match MemberName::parse(component.as_ref()) {
            Ok(name) => self.to = Some(name),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Begins a pass of its own instead of inheriting ROOT_ID.
    pub fn root_id(mut self, root_id: impl Into<String>) -> Self {
        self.envelope.root_id = Some(root_id.into());
        self
    }

    /// Says whether to learn from it, instead of inheriting that.
    pub fn model_status(mut self, status: ModelStatus) -> Self {
        self.envelope.model_status = Some(status);
        self
    }

    /// Speaks under another name than the component's.
    pub fn sent_by(mut self, name: impl Into<String>) -> Self {
        self.envelope.sent_by = Some(name.into());
        self
    }

    /// Adds a field.
    pub fn field<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        match Body::of(value) {
            Ok(body) => self.envelope.fields.push((name.into(), body)),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Sets the payload.
    pub fn data<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match Body::of(value) {
            Ok(body) => self.envelope.data = Some(body),
            Err(fault) => self.fault = Some(fault),
        }
        self
    }

    /// Sets the payload to a tensor.
    pub fn tensor(mut self, tensor: Tensor) -> Self {
        self.envelope.data = Some(tensor.into());
        self
    }
}

/// Takes over all that the envelope says, its destination too. An empty kind is one that [`Respond`] gives.
impl From<Envelope> for Reply {
    fn from(mut envelope: Envelope) -> Self {
        let kind = std::mem::replace(&mut envelope.kind, "".into());
        let (room, to) = (envelope.to_room.take(), envelope.to.take());
        let kind = (!kind.as_str().is_empty()).then_some(kind);
        Self { envelope, kind, rooms: room.map(|room| vec![room]), to, fault: None }
    }
}

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

/// Turns what a handler returns into replies: `()`, a [`Reply`], an [`Envelope`], an [`Option`], [`Vec`] or array
/// of them, or a [`Result`] with any of these.
pub trait IntoReplies {
    /// Makes the replies.
    ///
    /// # Errors
    /// The handler's own error.
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError>;
}

/// Holds whatever error a handler returns.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

impl IntoReplies for () {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        Ok(Vec::new())
    }
}

impl IntoReplies for Reply {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        Ok(vec![self])
    }
}

impl IntoReplies for Envelope {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        Ok(vec![self.into()])
    }
}

impl<T: IntoReplies> IntoReplies for Option<T> {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        self.map_or_else(|| Ok(Vec::new()), T::into_replies)
    }
}

impl<T: Into<Reply>> IntoReplies for Vec<T> {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        Ok(self.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Reply>, const N: usize> IntoReplies for [T; N] {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        Ok(self.into_iter().map(Into::into).collect())
    }
}

impl<T: IntoReplies, E: Into<HandlerError>> IntoReplies for Result<T, E> {
    fn into_replies(self) -> Result<Vec<Reply>, HandlerError> {
        self.map_err(Into::into)?.into_replies()
    }
}
