//! Bounds: what had to go before its gradient came is late, by name.

use std::time::Duration;

use super::stage::{Square, Stage, square};
use crate::{ServingLimits, TapeLimits};

const MINUTE: Duration = Duration::from_secs(60);

fn bounded(limits: TapeLimits) -> Stage<Square> {
    let Square { weight } = Square { weight: std::sync::Arc::new(std::sync::Mutex::new(1.0)) };
    Stage::with(Square { weight }, vec![], vec![], ServingLimits { tape: limits, ..ServingLimits::default() })
}

const LATE: [&str; 2] = ["FAULT GRADIENT_LATE about o1 > out", "FAULT GRADIENT_LATE about i1 > in"];

/// R82, R89: both sides hear of a late gradient; nobody learns from it.
#[test]
fn too_old() {
    let mut c = bounded(TapeLimits { age: MINUTE, ..TapeLimits::default() });
    c.forward("i1", "[3.0]");
    c.waits(MINUTE / 2);
    c.forward("i2", "[3.0]");
    assert_eq!(c.next_sweep(), Some(MINUTE / 2));
    c.waits(MINUTE / 2);
    c.sweeps();
    assert_eq!(c.events(), ["Evicted Age"]);
    assert_eq!(c.gradient("o1", "[1.0]"), LATE);
    assert_eq!((c.weight(), c.tally().tape.evicted_by_age, c.tally().tape.late), (1.0, 1, 1));
    assert_eq!(c.gradient("o2", "[1.0]"), ["GRADIENT i2 > in: [6.0]"]);
    assert_eq!((c.next_sweep(), c.tally().tape.kept), (None, 0));
}

#[test]
fn too_old_though_nobody_swept() {
    let mut c = bounded(TapeLimits { age: MINUTE, ..TapeLimits::default() });
    c.forward("i1", "[3.0]");
    c.waits(MINUTE);
    assert_eq!(c.gradient("o1", "[1.0]"), LATE);
    assert_eq!((c.weight(), c.tally().tape.kept), (1.0, 0));
}

#[test]
fn too_many() {
    let mut c = bounded(TapeLimits { count: 2, ..TapeLimits::default() });
    for id in ["i1", "i2", "i3"] {
        c.forward(id, "[3.0]");
    }
    assert_eq!(c.events(), ["Evicted Count"]);
    assert_eq!(c.gradient("o1", "[1.0]"), LATE);
    assert_eq!(c.gradient("o2", "[1.0]"), ["GRADIENT i2 > in: [6.0]"]);
    assert_eq!((c.tally().tape.evicted_by_count, c.tally().tape.kept), (1, 1));
}

/// Input and output are counted where the component does not say what it saved: 16 bytes a sample.
#[test]
fn too_large() {
    let mut c = bounded(TapeLimits { bytes: 40, ..TapeLimits::default() });
    c.forward("i1", "[3.0]");
    assert_eq!(c.tally().tape.bytes, 16);
    c.forward("i2", "[3.0]");
    c.forward("i3", "[3.0]");
    assert_eq!(c.events(), ["Evicted Bytes"]);
    assert_eq!(c.gradient("o1", "[1.0]"), LATE);
    let whole = format!("{:?}", [2.0; 9]);
    c.forward("i4", &whole);
    assert_eq!((c.tally().tape.kept, c.tally().tape.bytes), (1, 144), "one alone is always kept");
}

#[test]
fn memory_of_what_went_is_bounded_too() {
    let mut c = bounded(TapeLimits { remembered: 1, ..TapeLimits::default() });
    for n in 1..=2 {
        c.forward(&format!("i{n}"), "[3.0]");
        c.gradient(&format!("o{n}"), "[1.0]");
    }
    assert_eq!(c.gradient("o1", "[1.0]"), [""; 0], "forgotten, so unknown");
    assert_eq!(c.gradient("o2", "[1.0]"), ["FAULT GRADIENT_REPEATED about o2 > out"]);
    assert_eq!(square().next_sweep(), None);
}
