//! Pass: what a component is told of the sample that it works on.

use swergio_client::{Envelope, MessageId, ModelStatus};

/// Tells of the one way forward, and back, that a message belongs to.
///
/// | `MODEL_STATUS` | gradients come back | weights change |
/// |---|---|---|
/// | [`TRAIN`](ModelStatus::TRAIN) (1), or absent | yes | yes |
/// | [`VALIDATE`](ModelStatus::VALIDATE) (2) | no: nothing is kept | no |
/// | [`PROBE`](ModelStatus::PROBE) (3) | yes | no |
///
/// Upstream knows the first two. `PROBE` is ours: it asks what the gradient is, and nobody learns from it, as when
/// the inputs of a running process are optimised or its gradients are checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// The ID under which the component's input came; its gradient goes back under it.
    pub id: MessageId,
    /// The ID of the message that began the pass.
    pub root_id: Option<String>,
    /// What the pass is for.
    pub status: ModelStatus,
    /// The component that sent the input, where the message says so.
    pub sent_by: Option<String>,
}

impl Pass {
    /// Reads the pass of a message. None when the message has no ID, to which nothing could come back.
    pub fn of(message: &Envelope) -> Option<Self> {
        Some(Self {
            id: message.id.clone()?,
            root_id: message.root_id.clone(),
            status: message.model_status.unwrap_or(ModelStatus::TRAIN),
            sent_by: message.sent_by.clone(),
        })
    }

    /// Makes a pass that is learned from, begun by the message `id` itself: for tests, and for computing without rooms.
    pub fn train(id: MessageId) -> Self {
        Self { id, root_id: None, status: ModelStatus::TRAIN, sent_by: None }
    }

    /// Tells whether a gradient may come back, so that something must be kept for it.
    pub fn wants_gradient(&self) -> bool {
        self.status != ModelStatus::VALIDATE
    }

    /// Tells whether the component may change its weights by what comes back.
    pub fn learns(&self) -> bool {
        self.status == ModelStatus::TRAIN
    }
}
