//! Hit: what came out of a chain, and the way back through it.

use std::fmt;
use std::sync::Arc;

use swergio_client::{Envelope, Kind, Message, MessageId, ModelStatus};
use tokio::sync::OwnedSemaphorePermit;

use super::{Chain, ChainError, Shared, payload};
use crate::Value;

/// Holds one output, and takes the gradient by it back, once.
///
/// What the components keep for that gradient they keep until it comes or grows too old. Dropping a hit is fine: the
/// components forget it by themselves.
pub struct Hit<X, Y> {
    chain: Chain<X, Y>,
    open: Open,
    value: Y,
    output: MessageId,
    sent_by: Option<String>,
}

/// One pass from its beginning until it is dropped.
pub(super) struct Open {
    shared: Arc<Shared>,
    number: u64,
    _place: OwnedSemaphorePermit,
}

impl Open {
    pub(super) fn new(shared: Arc<Shared>, number: u64, place: OwnedSemaphorePermit) -> Self {
        Self { shared, number, _place: place }
    }

    /// Returns the ID of the pass: that of its input, and its ROOT_ID.
    pub(super) fn id(&self) -> MessageId {
        self.shared.passes().id_of(self.number)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.passes().end(self.number);
    }
}

impl<X, Y> Hit<X, Y> {
    pub(super) fn new(chain: Chain<X, Y>, open: Open, value: Y, message: &Message) -> Self {
        let output = message.id.clone().expect("only what has an ID answers a pass");
        Self { chain, open, value, output, sent_by: message.sent_by.clone() }
    }

    /// Returns the output.
    pub fn value(&self) -> &Y {
        &self.value
    }

    /// Returns the output, and gives up the way back.
    pub fn into_value(self) -> Y {
        self.value
    }

    /// Returns the ID of the pass, which all its messages carry as ROOT_ID.
    pub fn id(&self) -> MessageId {
        self.open.id()
    }

    /// Returns the name of the component that the output came from.
    pub fn sent_by(&self) -> Option<&str> {
        self.sent_by.as_deref()
    }

    /// Counts the further outputs that have come for the same input: more than one component answers in the room.
    ///
    /// The first output is the one that counts; [`ChainTally::rivals`](super::ChainTally::rivals) counts the others of all
    /// passes, and the first is told as a warning.
    pub fn rivals(&self) -> usize {
        self.open.shared.passes().rivals(self.open.number)
    }
}

impl<X: Value + Clone, Y: Value> Hit<X, Y> {
    /// Sends the gradient by the output back, and waits for the gradient by the input.
    ///
    /// # Errors
    /// [`ChainError::NotKept`] for a pass as `VALIDATE`; otherwise as [`Chain::forward`].
    pub async fn backward(self, cotangent: Y) -> Result<X, ChainError> {
        let Self { chain, open, output, .. } = self;
        if chain.status == ModelStatus::VALIDATE {
            return Err(ChainError::NotKept(chain.status));
        }
        let (shared, data) = (&chain.shared, payload::body(cotangent)?);
        let answer = shared.passes().turn_back(open.number)?;
        let envelope = Envelope {
            data: Some(data),
            root_id: Some(open.id().as_str().to_owned()),
            ..chain.envelope(Kind::GRADIENT, output, &shared.output)
        };
        let message = shared.ask(envelope, answer, chain.deadline, &shared.input, Kind::GRADIENT).await?;
        payload::value(&message)
    }

    /// Sends a reward for the output, `DATA/REWARD` under its ID, and awaits nothing.
    ///
    /// # Errors
    /// [`ChainError::Unreadable`] when it cannot be spelt, [`ChainError::Client`] when it was not sent.
    pub async fn reward(self, reward: impl Value) -> Result<(), ChainError> {
        let shared = &self.chain.shared;
        let envelope = Envelope {
            data: Some(payload::body(reward)?),
            root_id: Some(self.open.id().as_str().to_owned()),
            ..self.chain.envelope(Kind::REWARD, self.output.clone(), &shared.output)
        };
        shared.client.send(envelope).await?;
        Ok(())
    }
}

impl<X, Y: fmt::Debug> fmt::Debug for Hit<X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hit")
            .field("value", &self.value)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}
