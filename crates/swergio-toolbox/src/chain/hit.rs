//! Hit: what came out of a chain, and the way back through it.

use std::fmt;
use std::sync::Arc;

use swergio_client::{Body, Envelope, Kind, Message, MessageId, ModelStatus, Tensor};
use tokio::sync::OwnedSemaphorePermit;

use super::{Chain, ChainError, Shared, payload};
use crate::serving::cotangents;
use crate::{Value, Values};

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
        let data = payload::body(cotangent)?;
        payload::value(&self.turn_back(data, None).await?)
    }

    /// Sends several gradients by the output back in one message, and waits for as many by the input.
    ///
    /// # Errors
    /// [`ChainError::Fault`] with the code `COTANGENTS` when a component takes one at a time, or the pass is no probe;
    /// [`ChainError::Unreadable`] when the cotangents are of different forms, or other than as many gradients come; otherwise as
    /// [`backward`](Self::backward).
    pub async fn backward_many(self, cotangents: Vec<Y>) -> Result<Vec<X>, ChainError> {
        let count = cotangents.len();
        let rows = cotangents.into_iter().map(Value::into_values).collect::<Result<Vec<_>, _>>();
        let joined = rows.map_err(ChainError::Unreadable)?;
        let joined = cotangents::join(&joined).ok_or_else(|| {
            payload::odd("several cotangents are sent together only if they are of one form")
        })?;
        let message = self.turn_back(payload::body(joined)?, Some(count)).await?;
        let several: Values = payload::value(&message)?;
        let lead = |tensor: &Tensor| tensor.shape().first() == Some(&count);
        let told = message.field::<usize>(cotangents::FIELD).ok().flatten();
        if told != Some(count) || !several.iter().all(|(_, tensor)| lead(tensor)) {
            return Err(payload::odd(
                "the gradients by the input are not as many as the cotangents that were sent",
            ));
        }
        let parts = cotangents::part(&several, count).into_iter().map(X::from_values);
        parts.collect::<Result<_, _>>().map_err(ChainError::Unreadable)
    }

    /// Sends what is the gradient by the output, and waits for the one by the input.
    async fn turn_back(self, data: Body, count: Option<usize>) -> Result<Message, ChainError> {
        let Self { chain, open, output, .. } = self;
        if chain.status == ModelStatus::VALIDATE {
            return Err(ChainError::NotKept(chain.status));
        }
        let shared = &chain.shared;
        let answer = shared.passes().turn_back(open.number)?;
        let mut envelope = Envelope {
            data: Some(data),
            root_id: Some(open.id().as_str().to_owned()),
            ..chain.envelope(Kind::GRADIENT, output, &shared.output)
        };
        if let Some(count) = count {
            envelope = envelope.with_field(cotangents::FIELD, &count).map_err(swergio_client::Error::from)?;
        }
        shared.ask(envelope, answer, chain.deadline, &shared.input, Kind::GRADIENT).await
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
