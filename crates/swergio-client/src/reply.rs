//! Reply: what a handler gives back, and where it goes.

use std::error::Error as StdError;

use serde::Serialize;
use swergio_proto::{Body, Envelope, Fault, Kind, MemberName, MessageId, ModelStatus, RoomName, Tensor};

use crate::Message;

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
    pub(crate) envelope: Envelope,
    pub(crate) kind: Option<Kind<'static>>,
    pub(crate) rooms: Option<Vec<RoomName>>,
    pub(crate) to: Option<MemberName>,
    pub(crate) fault: Option<Fault>,
}

impl Reply {
    /// Begins a reply of a kind.
    pub fn new(kind: impl Into<Kind<'static>>) -> Self {
        Self::from(Envelope::new(kind))
    }

    /// Begins a reply whose kind [`Respond`](crate::Respond) gives, with a payload.
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

/// Takes over all that the envelope says, its destination too. An empty kind is one that [`Respond`](crate::Respond) gives.
impl From<Envelope> for Reply {
    fn from(mut envelope: Envelope) -> Self {
        let kind = std::mem::replace(&mut envelope.kind, "".into());
        let (room, to) = (envelope.to_room.take(), envelope.to.take());
        let kind = (!kind.as_str().is_empty()).then_some(kind);
        Self { envelope, kind, rooms: room.map(|room| vec![room]), to, fault: None }
    }
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
