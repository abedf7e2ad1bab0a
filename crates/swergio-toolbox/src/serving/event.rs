//! Events of a served component: whatever is refused, dropped or told by neighbours.

use swergio_client::{Kind, MessageId};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::{Announcement, Eviction, Mismatch, PassFault};

/// Tells what happened to a served component besides the usual. Each is also a `tracing` event.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ServingEvent {
    /// An input was refused, or the component failed on it. Its sender has been told.
    Refused {
        /// The ID of the input. Without one nobody could be told.
        id: Option<MessageId>,
        /// What is wrong.
        fault: PassFault,
    },
    /// A gradient was refused, or the component failed on it; weights are as they were, unless its own code changed them
    /// first. Whoever can be told has been told.
    GradientRefused {
        /// The ID of the output that it is the gradient of.
        id: Option<MessageId>,
        /// What is wrong.
        fault: PassFault,
    },
    /// A component further on could not do with an output, and the sender of the input has been told.
    Relayed {
        /// The ID of the output.
        id: MessageId,
        /// What is wrong.
        fault: PassFault,
    },
    /// The component before this one refused a gradient of ours.
    Objected {
        /// The ID of the input that it is the gradient of.
        id: MessageId,
        /// What is wrong.
        fault: PassFault,
    },
    /// Something on the tape had to go before its gradient came.
    Evicted {
        /// The ID of the output.
        id: MessageId,
        /// Why it had to go.
        why: Eviction,
    },
    /// A neighbour has told of its ports.
    Neighbour(Announcement),
    /// What one component gives is not what the other takes; this one is one of the two.
    Mismatch(Mismatch),
    /// A message was not what the component is for.
    Ignored {
        /// The ID of the message.
        id: Option<MessageId>,
        /// What it is.
        kind: Kind<'static>,
    },
    /// A message of ours could not be sent.
    Unsent {
        /// What it is.
        kind: Kind<'static>,
        /// Why.
        error: String,
    },
    /// The component does not keep up: from now on messages for it are left out.
    FellBehind,
    /// The component keeps up again.
    CaughtUp {
        /// How many messages were left out.
        missed: u64,
    },
}

/// Listens to a served component: a bounded queue that forgets the oldest.
#[derive(Debug)]
pub struct ServingEvents {
    receiver: broadcast::Receiver<ServingEvent>,
}

impl ServingEvents {
    pub(super) fn new(receiver: broadcast::Receiver<ServingEvent>) -> Self {
        Self { receiver }
    }

    /// Waits for the next event. Nothing when the component is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<ServingEvent> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(count)) => tracing::warn!(count, "events were forgotten unheard"),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
