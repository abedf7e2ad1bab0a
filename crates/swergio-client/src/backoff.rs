//! Backoff: how long to wait before coming back.

use std::time::Duration;

/// Decides whether and when a client whose link broke comes back: exponential, with full jitter.
///
/// The wait before attempt *n* is drawn evenly from zero to `base` × 2ⁿ⁻¹, but `cap` at most, so that a thousand
/// components that were cut off together do not come back together. A link that lived longer than `cap` counts
/// as a success: the next wait begins at `base` again.
///
/// ```
/// use std::time::Duration;
/// use swergio_client::Reconnect;
///
/// let patient = Reconnect { attempts: Some(10), ..Reconnect::default() };
/// assert!(patient.delay(1, 1.0) == patient.base);
/// assert!(patient.delay(60, 1.0) == patient.cap);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnect {
    /// The longest wait before the first attempt. 250 ms.
    pub base: Duration,
    /// The longest wait before any attempt. 30 s.
    pub cap: Duration,
    /// Attempts in a row that may fail before the client gives up; nothing means never. `Some(0)`: not one.
    pub attempts: Option<u32>,
    /// Whether the very first connection is also tried again. By default it fails at once, as most likely the
    /// address is wrong. A component that may start before its broker sets this.
    pub initially: bool,
}

impl Default for Reconnect {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(30),
            attempts: None,
            initially: false,
        }
    }
}

impl Reconnect {
    /// Does not come back: the client is closed as soon as its link breaks.
    pub fn never() -> Self {
        Self { attempts: Some(0), ..Self::default() }
    }

    /// Comes back for ever, and waits for a broker that has not started yet.
    pub fn patiently() -> Self {
        Self { initially: true, ..Self::default() }
    }

    /// Returns the wait before the given attempt (counted from 1), for a fraction drawn from 0 to 1.
    pub fn delay(&self, attempt: u32, fraction: f64) -> Duration {
        let doubled = self.base.saturating_mul(2u32.saturating_pow(attempt.saturating_sub(1)));
        doubled.min(self.cap).mul_f64(fraction.clamp(0.0, 1.0))
    }

    /// Tells whether the given attempt (counted from 1) may be made.
    pub(crate) fn allows(&self, attempt: u32) -> bool {
        self.attempts.is_none_or(|most| attempt <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let reconnect =
            Reconnect { base: Duration::from_secs(1), cap: Duration::from_secs(5), ..Reconnect::default() };
        let ceilings: Vec<u64> = (1..=5).map(|n| reconnect.delay(n, 1.0).as_secs()).collect();
        assert_eq!(ceilings, [1, 2, 4, 5, 5]);
        assert_eq!(reconnect.delay(3, 0.0), Duration::ZERO);
        assert_eq!(reconnect.delay(3, 0.5), Duration::from_secs(2));
        assert_eq!(reconnect.delay(u32::MAX, 7.0), reconnect.cap);
    }

    #[test]
    fn attempts_are_counted_from_one() {
        assert!(!Reconnect::never().allows(1));
        let twice = Reconnect { attempts: Some(2), ..Reconnect::default() };
        assert!(twice.allows(2) && !twice.allows(3));
        assert!(Reconnect::default().allows(u32::MAX));
    }
}
