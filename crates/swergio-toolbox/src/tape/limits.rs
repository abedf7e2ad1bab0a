//! Limits of a tape, and what is counted when they are reached.

use std::time::Duration;

/// Bounds what a tape keeps.
///
/// ```
/// use swergio_toolbox::TapeLimits;
///
/// let limits = TapeLimits { count: 64, ..TapeLimits::default() };
/// assert_eq!(limits.bytes, 1 << 30);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapeLimits {
    /// Forwards whose gradient may be awaited at once. Beyond it the oldest goes. At least 1. 4,096.
    pub count: usize,
    /// Bytes of what is kept, as far as they are known. Beyond it the oldest go; one alone is always kept. 1 GiB.
    pub bytes: usize,
    /// How long a gradient is awaited, also while the link is down. 10 minutes.
    pub age: Duration,
    /// IDs that are remembered after what they stand for was used or had to go. Beyond it the oldest is forgotten, and
    /// its gradient is then unknown instead of late or repeated. 16,384.
    pub remembered: usize,
}

impl Default for TapeLimits {
    fn default() -> Self {
        Self { count: 4096, bytes: 1 << 30, age: Duration::from_secs(600), remembered: 16_384 }
    }
}

/// Says why something had to go before its gradient came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Eviction {
    /// It was kept for [`TapeLimits::age`].
    Age,
    /// More than [`TapeLimits::count`] were kept.
    Count,
    /// More than [`TapeLimits::bytes`] were kept.
    Bytes,
    /// A fault said that no gradient will come.
    Fault,
}

/// Counts what a tape has kept, given back and let go.
///
/// `kept` and `bytes` are what there is now; the others only grow. When every gradient has come, `kept` is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TapeTally {
    /// Forwards whose gradient is awaited now.
    pub kept: usize,
    /// Bytes that are kept now.
    pub bytes: usize,
    /// Forwards whose gradient came.
    pub returned: u64,
    /// Forwards that went by [`TapeLimits::age`].
    pub evicted_by_age: u64,
    /// Forwards that went by [`TapeLimits::count`].
    pub evicted_by_count: u64,
    /// Forwards that went by [`TapeLimits::bytes`].
    pub evicted_by_bytes: u64,
    /// Forwards that were forgotten because a fault came instead of a gradient.
    pub forgotten: u64,
    /// Gradients that came after what they needed had gone.
    pub late: u64,
    /// Gradients for an output that had one already.
    pub repeated: u64,
    /// Gradients for an output for which nothing was kept on purpose.
    pub unwanted: u64,
    /// Gradients for an output that nobody remembers.
    pub unknown: u64,
}

impl TapeTally {
    pub(super) fn count(&mut self, why: Eviction) {
        match why {
            Eviction::Age => self.evicted_by_age += 1,
            Eviction::Count => self.evicted_by_count += 1,
            Eviction::Bytes => self.evicted_by_bytes += 1,
            Eviction::Fault => self.forgotten += 1,
        }
    }
}
