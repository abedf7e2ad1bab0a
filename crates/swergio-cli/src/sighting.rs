//! Sighting: one message that was seen, taken out of the wrapper that `_logging` puts around it.

use anyhow::Result;
use swergio_client::{Body, Codec, Envelope, Frame, Kind, Message};
use swergio_proto::{LOGGING, Limits, transcode};

use crate::digest::Digest;

/// Holds a message as it was sent.
#[derive(Debug)]
pub(crate) struct Sighting {
    pub(crate) envelope: Envelope,
    frame: Frame,
}

impl Sighting {
    pub(crate) fn of(message: &Message) -> Self {
        wrapped(message)
            .unwrap_or_else(|| Self { envelope: message.to_envelope(), frame: message.frame().clone() })
    }

    /// Spells the whole message as JSON, tensors as nested lists.
    pub(crate) fn json(&self) -> Result<Vec<u8>> {
        Ok(transcode(&self.frame, Codec::Json, nesting())?.bytes().to_vec())
    }

    /// Spells the message as JSON, with its bulk summed up.
    pub(crate) fn summary(&self) -> Result<Vec<u8>> {
        let brief = |body: &Body| Body::of(&Digest::of(body));
        let mut envelope = self.envelope.clone();
        for (_, body) in &mut envelope.fields {
            *body = brief(body)?;
        }
        envelope.data = self.envelope.data.as_ref().map(brief).transpose()?;
        Ok(envelope.encode(Codec::Json)?.into_bytes().to_vec())
    }
}

/// Returns the message that a LOG/MESSAGES in `_logging` is about.
fn wrapped(message: &Message) -> Option<Sighting> {
    let logged = message.kind == Kind::MESSAGES && message.to_room.as_ref()? == LOGGING;
    let body = Envelope::field(message, "MESSAGE").filter(|_| logged)?;
    let frame = Frame::msgpack(body.to_msgpack());
    let envelope = Envelope::decode(&frame, nesting()).ok()?;
    Some(Sighting { envelope, frame })
}

fn nesting() -> usize {
    Limits::default().nesting
}
