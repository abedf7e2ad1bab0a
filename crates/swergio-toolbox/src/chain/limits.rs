//! Limits: what a chain may hold, and how long it waits.

use std::time::Duration;

/// Bounds the passes of one chain, all its handles together.
///
/// ```
/// use std::time::Duration;
/// use swergio_toolbox::ChainLimits;
///
/// let patient = ChainLimits { deadline: Duration::from_secs(600), ..ChainLimits::default() };
/// assert_eq!(patient.in_flight, 256);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLimits {
    /// Passes that are under way at once, hits that are held included. Beyond it `forward` waits. At least 1. 256.
    pub in_flight: usize,
    /// How long `forward` and `backward` wait, each, unless a handle says otherwise. 30 s.
    pub deadline: Duration,
    /// Passes that are remembered after their end, so that what comes too late is told from what comes twice. 1,024.
    pub remembered: usize,
}

impl Default for ChainLimits {
    fn default() -> Self {
        Self { in_flight: 256, deadline: Duration::from_secs(30), remembered: 1024 }
    }
}
