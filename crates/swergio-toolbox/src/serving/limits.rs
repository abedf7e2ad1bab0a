//! Limits of a served component, and what it counts.

use crate::{TapeLimits, TapeTally};

/// Bounds what a served component keeps and holds ready.
///
/// Messages that wait for it are bounded by the client's [`Bounds::inbox`](swergio_client::Bounds::inbox).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServingLimits {
    /// What is kept until gradients come.
    pub tape: TapeLimits,
    /// Cotangents that may come in one gradient. 4,096.
    pub cotangents: usize,
    /// Ports that a neighbour may announce. Beyond it the announcement is passed over, with a warning in the log. 256.
    pub ports: usize,
    /// Events that wait for one listener. Beyond it the oldest are forgotten. 256.
    pub events: usize,
    /// Calls of [`Serving::with`](crate::Serving::with) that wait. Beyond it the next caller waits. At least 1. 16.
    pub jobs: usize,
}

impl Default for ServingLimits {
    fn default() -> Self {
        Self { tape: TapeLimits::default(), cotangents: 4096, ports: 256, events: 256, jobs: 16 }
    }
}

/// Counts what a served component has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServingTally {
    /// Inputs for which an output went out.
    pub forwards: u64,
    /// Inputs that were refused, or that the component failed on.
    pub refused: u64,
    /// Gradients that were handed back.
    pub gradients: u64,
    /// Gradients that were refused, or that the component failed on; those that are late, repeated or unknown included.
    pub refused_gradients: u64,
    /// Faults of components further on that were handed back.
    pub relayed: u64,
    /// Messages that were not what the component is for, such as a reward.
    pub ignored: u64,
    /// Messages that the client left out because the component was too slow.
    pub missed: u64,
    /// What the tape counts.
    pub tape: TapeTally,
}
