//! Latency: how long messages took, kept in a histogram of high dynamic range.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(600);
/// Significant digits of a time.
const DIGITS: u8 = 3;

/// Keeps times from a nanosecond to ten minutes, to three digits.
#[derive(Clone, Debug)]
pub(super) struct Latencies(Histogram<u64>);

/// Shows the spread of many times, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p99_9: f64,
    pub(super) max: f64,
}

impl Latencies {
    pub(super) fn new() -> Self {
        let longest = u64::try_from(LONGEST.as_nanos()).unwrap_or(u64::MAX);
        Self(Histogram::new_with_bounds(1, longest, DIGITS).expect("these bounds make a histogram"))
    }

    pub(super) fn record(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    pub(super) fn clear(&mut self) {
        self.0.reset();
    }

    /// Returns the spread; nothing when nothing was recorded.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let at = |quantile| self.0.value_at_quantile(quantile) as f64 / 1e3;
        (!self.0.is_empty()).then(|| Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            max: at(1.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(micros: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::new();
        micros.into_iter().for_each(|time| latencies.record(Duration::from_micros(time)));
        latencies
    }

    fn near(value: f64, wanted: f64) -> bool {
        (value / wanted - 1.0).abs() < 2e-3
    }

    #[test]
    fn the_spread_of_a_thousand_times() {
        let spread = recorded(1..=1000).percentiles().unwrap();
        assert!(near(spread.p50, 500.0) && near(spread.p90, 900.0) && near(spread.p99, 990.0), "{spread:?}");
        assert!(near(spread.p99_9, 999.0) && near(spread.max, 1000.0), "{spread:?}");
    }

    #[test]
    fn a_time_beyond_all_bounds_is_the_longest() {
        let spread = recorded([1, u64::MAX / 1000]).percentiles().unwrap();
        assert!(near(spread.max, LONGEST.as_secs_f64() * 1e6), "{spread:?}");
    }

    #[test]
    fn nothing_recorded_has_no_spread() {
        let mut latencies = recorded([5]);
        latencies.clear();
        assert_eq!(latencies.percentiles(), None);
    }
}
