//! Printing: what processes print comes through byte for byte, and a flood stalls nobody.

use swergio_toolbox::swarm::{Ending, Swarm, SwarmLimits};

use crate::lab::{Lab, in_time};

#[tokio::test]
async fn what_is_no_text_comes_through_and_is_kept() {
    let lab = Lab::open();
    let script = r"printf '\377\376 odd\n'; printf 'error\n' >&2; printf 'no end'";
    let swarm = Swarm::of(lab.plan().with(lab.shell("odd", script))).unwrap();
    let mut lines = swarm.lines();
    swarm.start().await.unwrap();
    assert_eq!(in_time(swarm.ended("odd")).await, Ok(Ending::Code(0)));
    let seen: Vec<Vec<u8>> = std::iter::from_fn(|| lines.at_once()).map(|line| line.bytes.to_vec()).collect();
    assert_eq!(seen, [&b"\xff\xfe odd"[..], b"error", b"no end"]);
    let kept = std::fs::read(swarm.folder().unwrap().log("odd")).unwrap();
    assert_eq!(kept, b"\xff\xfe odd\nerror\nno end");
}

/// Must not: stall others, or hold more memory or disk than it may. Nobody reads the flood meanwhile.
#[tokio::test]
async fn a_flood_stalls_nobody_and_stays_within_its_bounds() {
    const FLOOD: u64 = 40 << 20;
    let lab = Lab::open();
    let limits = SwarmLimits {
        log_bytes: 1 << 20,
        feed_bytes: 64 << 10,
        line_bytes: 1 << 10,
        ..SwarmLimits::default()
    };
    let flood = lab.shell("flood", &format!("head -c {FLOOD} /dev/zero | tr '\\0' 'x'; echo; echo dry"));
    let plan = lab.plan().limits(limits).with(flood).with(lab.shell("calm", "echo one; echo two"));
    let swarm = Swarm::of(plan).unwrap();
    let mut lines = swarm.lines();
    swarm.start().await.unwrap();
    assert_eq!(in_time(swarm.ended("calm")).await, Ok(Ending::Code(0)));
    assert_eq!(in_time(swarm.ended("flood")).await, Ok(Ending::Code(0)));

    let (mut calm, mut held, mut heard, mut missed) = (Vec::new(), 0, 0, 0);
    while let Some(line) = lines.at_once() {
        match &*line.name {
            "calm" => calm.push((line.bytes.to_vec(), line.missed)),
            _ => (held, heard, missed) = (held + line.bytes.len(), heard + 1, missed + line.missed),
        }
    }
    assert_eq!(calm, [(b"one".to_vec(), 0), (b"two".to_vec(), 0)]);
    // A line that is short enough may still have found room after some that were not.
    assert!(missed == 0 || heard + missed <= (FLOOD >> 10) + 1, "{heard} {missed}");
    assert!((1 << 10..=64 << 10).contains(&held), "{held}");
    let log = swarm.folder().unwrap().log("flood");
    let kept = std::fs::metadata(&log).unwrap().len();
    assert!(kept <= 1 << 20, "{kept}");
    assert!(std::fs::read(&log).unwrap().ends_with(b"x\ndry\n"));
}
