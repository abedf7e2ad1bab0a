//! TrainerFault: why a training ended before its time.

use crate::BoxError;

/// Tells why a training ended before its time. What the components have learned, they keep.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainerFault {
    /// Batches could not be drawn or read.
    #[error("no batch: {0}")]
    Batches(#[source] BoxError),
    /// The loss could not be computed.
    #[error("the loss of step {step}: {fault}")]
    Loss {
        /// The step.
        step: u64,
        /// Why.
        fault: BoxError,
    },
    /// The loss is not finite. No gradient was sent.
    #[error(
        "the loss of step {step} is {loss}: lower the rates by which components learn, or limit their gradients, and go on from \
         the best weights so far"
    )]
    NotFinite {
        /// The step.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// A batch came to nothing, whatever was tried.
    #[error("step {step} came to nothing, {tries} times; the last time: {fault}")]
    Stuck {
        /// The step.
        step: u64,
        /// How often it was tried.
        tries: u32,
        /// What was wrong the last time.
        fault: BoxError,
    },
    /// Many gradients in a row did not come back.
    #[error(
        "the gradients of {losses} steps in a row, the last of them {step}, did not come back; the last time: {fault}"
    )]
    Lossy {
        /// The step.
        step: u64,
        /// How many.
        losses: u32,
        /// What was wrong the last time.
        fault: BoxError,
    },
    /// What an observer was to note could not be noted.
    #[error("an observer of the training failed: {0}")]
    Observer(#[source] BoxError),
    /// KPIs could not be sent.
    #[error("the KPIs could not be told: {0}")]
    Announcing(#[source] swergio_client::Error),
}
