//! Payload: a value as the DATA of a message, and back.

use swergio_client::{Body, Message};

use super::ChainError;
use crate::{PassFault, Value, Values};

/// Spells a value. A tensor is not copied before a frame is made of it.
pub(super) fn body(value: impl Value) -> Result<Body, ChainError> {
    value.into_values().and_then(Values::into_body).map_err(ChainError::Unreadable)
}

/// Reads one tensor, or several by name. A tensor shares the received bytes.
pub(super) fn value<V: Value>(message: &Message) -> Result<V, ChainError> {
    let data = message.data.as_ref().ok_or_else(|| PassFault::unreadable("the message has no DATA"));
    data.and_then(Values::read).and_then(V::from_values).map_err(ChainError::Unreadable)
}

/// Tells of a value that is not what it should be.
pub(super) fn odd(why: &str) -> ChainError {
    ChainError::Unreadable(PassFault::unreadable(why))
}
