//! Payload: the tensors in the DATA of a message.

use std::collections::BTreeMap;

use swergio_client::{Message, Tensor};

use crate::{PassFault, Values};

/// Reads one tensor, or several by name. A tensor shares the received bytes.
pub(super) fn values(message: &Message) -> Result<Values, PassFault> {
    match message.tensor() {
        Ok(tensor) => Ok(Values::One(tensor)),
        Err(error) => match message.data::<BTreeMap<String, Tensor>>() {
            Ok(named) if !named.is_empty() => Ok(Values::Named(named.into_iter().collect())),
            _ => Err(PassFault::Unreadable(error.to_string())),
        },
    }
}
