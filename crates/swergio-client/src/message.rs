//! Message: what a component receives.

use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use swergio_proto::{Body, Envelope, Fault, Frame, Tensor};
use tokio::time::Instant;

use crate::{Error, ErrorKind};

/// Holds one received message. Cloning shares it.
///
/// Everything of the [`Envelope`] can be read directly: `message.kind`, `message.id`, `message.to_room`, …
#[derive(Clone, Debug)]
pub struct Message {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    frame: Frame,
    envelope: Envelope,
    received: Instant,
}

impl Message {
    /// Reads a frame as a message; its tensors go on sharing the frame's bytes.
    pub(crate) fn read(frame: Frame, nesting: usize) -> Result<Self, Fault> {
        let envelope = Envelope::decode(&frame, nesting)?;
        Ok(Self { parts: Arc::new(Parts { frame, envelope, received: Instant::now() }) })
    }

    /// Reads `DATA` as a type of yours.
    ///
    /// # Errors
    /// `Unreadable` when there is no DATA, or it is not a `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.body()?.read().map_err(|fault| unreadable("DATA", fault))
    }

    /// Reads `DATA` as a tensor. One that came in MessagePack shares the received bytes; nested lists are taken
    /// as well.
    ///
    /// # Errors
    /// `Unreadable` when there is no DATA, or it is no tensor.
    pub fn tensor(&self) -> Result<Tensor, Error> {
        self.body()?.tensor().map_err(|fault| unreadable("DATA", fault))
    }

    /// Reads a key of the message that has no place of its own in [`Envelope`], if it is there.
    ///
    /// # Errors
    /// `Unreadable` when it is there, but not a `T`.
    pub fn field<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let found = self.fields.iter().find(|(key, _)| key == name);
        found.map(|(_, body)| body.read().map_err(|fault| unreadable(name, fault))).transpose()
    }

    /// Returns the name of the component that sent it, if it says so: brokers fill it in.
    pub fn sender(&self) -> Option<&str> {
        self.sent_by.as_deref()
    }

    /// Tells whether it was sent to this component's name instead of a room.
    pub fn is_direct(&self) -> bool {
        self.to_room.is_none()
    }

    /// Returns the message as it crossed the link.
    pub fn frame(&self) -> &Frame {
        &self.parts.frame
    }

    /// Returns when it came off the link: how long it has waited for whoever reads it is `received().elapsed()`.
    pub fn received(&self) -> Instant {
        self.parts.received
    }

    /// Returns the message in a form that can be changed and sent on.
    pub fn to_envelope(&self) -> Envelope {
        self.parts.envelope.clone()
    }

    fn body(&self) -> Result<&Body, Error> {
        self.parts
            .envelope
            .data
            .as_ref()
            .ok_or_else(|| Error::new(ErrorKind::Unreadable, "the message has no DATA"))
    }
}

impl Deref for Message {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.parts.envelope
    }
}

fn unreadable(field: &str, fault: Fault) -> Error {
    Error::caused(ErrorKind::Unreadable, format!("{field} is not of the wanted type"), fault)
}
