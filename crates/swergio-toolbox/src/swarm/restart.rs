//! Restart: whether, when and how often a process that ended is started again.

use std::time::Duration;

/// Decides whether a process that ended by itself is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Not at all.
    Never,
    /// When it ended with another status than 0, by a signal, or was not ready in time.
    OnFailure,
    /// However it ended.
    Always,
}

/// Decides whether, after which wait and how often a process is started again.
///
/// The wait doubles from `base` to `cap` and is drawn from its upper half, so that replicas which fell together do not come back
/// together. A process that was up for as long as `cap` begins at `base` again.
///
/// ```
/// use std::time::Duration;
/// use swergio_toolbox::swarm::Restart;
///
/// let restart = Restart::default();
/// assert_eq!(restart.delay(0, 1.0), restart.base);
/// assert_eq!(restart.delay(0, 0.0), restart.base / 2);
/// assert_eq!(restart.delay(99, 1.0), restart.cap);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Restart {
    /// After which endings. On failure.
    pub when: When,
    /// The longest wait before the first restart. 200 ms.
    pub base: Duration,
    /// The longest wait before any restart. 10 s.
    pub cap: Duration,
    /// Restarts within [`window`](Self::window) after which the next ending is final. 10.
    pub attempts: u32,
    /// The time in which restarts are counted. 60 s.
    pub window: Duration,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            when: When::OnFailure,
            base: Duration::from_millis(200),
            cap: Duration::from_secs(10),
            attempts: 10,
            window: Duration::from_secs(60),
        }
    }
}

impl Restart {
    /// Never starts it again.
    pub fn never() -> Self {
        Self { when: When::Never, ..Self::default() }
    }

    /// Starts it again however it ended.
    pub fn always() -> Self {
        Self { when: When::Always, ..Self::default() }
    }

    /// Returns the wait after `row` restarts in a row, for a fraction drawn from 0 to 1.
    pub fn delay(&self, row: u32, fraction: f64) -> Duration {
        let most = self.base.saturating_mul(2u32.saturating_pow(row)).min(self.cap);
        most.mul_f64(0.5 + 0.5 * fraction.clamp(0.0, 1.0))
    }

    /// Tells whether an ending asks for a restart at all.
    pub(crate) fn wants(&self, success: bool) -> bool {
        match self.when {
            When::Never => false,
            When::OnFailure => !success,
            When::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_cap_and_is_never_less_than_half() {
        let restart =
            Restart { base: Duration::from_secs(1), cap: Duration::from_secs(5), ..Restart::default() };
        let longest: Vec<u64> = (0..5).map(|row| restart.delay(row, 1.0).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 5, 5]);
        assert_eq!(restart.delay(1, 0.0), Duration::from_secs(1));
        assert_eq!(restart.delay(u32::MAX, 9.0), restart.cap);
    }

    #[test]
    fn a_policy_is_about_failures() {
        let asked = |restart: Restart| (restart.wants(true), restart.wants(false));
        assert_eq!(asked(Restart::never()), (false, false));
        assert_eq!(asked(Restart::default()), (false, true));
        assert_eq!(asked(Restart::always()), (true, true));
    }
}
