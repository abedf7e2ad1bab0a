//! Audits: how many planted mistakes are named in the right component, and how many false alarms there are in many clean audits.
//!
//! `cargo run --release -p swergio-toolbox --example audits -- 10000`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that goes wrong fails, and prints what it finds"
)]
#![allow(dead_code, unreachable_pub, reason = "the hall and the plants are those of the tests")]

#[path = "../tests/caller/audited.rs"]
mod audited;
#[path = "../tests/caller/hall.rs"]
mod hall;
#[path = "../tests/caller/planted.rs"]
mod planted;

use std::time::Instant;

use swergio_toolbox::{Audit, Gradcheck};

use audited::audited;
use planted::{PLANTS, Planted, sample};

/// Components of the chain, each of which is audited in every pass.
const COMPONENTS: usize = 3;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let wanted: usize = std::env::args().nth(1).map_or(10_000, |count| count.parse().unwrap());
    let (mut checked, mut caught, mut flowed) = (0, 0, 0);
    println!("{:<22} {:<32} audit of what flows", "planted", "gradcheck");
    for (plant, words) in PLANTS {
        let report = Gradcheck::default().here(&mut Planted::new(plant), sample(0)).unwrap();
        let named = report.findings.iter().find(|finding| words.contains(&finding.fault.code()));
        checked += usize::from(named.is_some());
        let told = report.findings.first().map_or("missed", |finding| finding.fault.code());
        let audit = if *plant == "refused" { None } else { Some(audited(plant, 8, Audit::every(1)).await.0) };
        let blamed = audit.map(|findings| {
            flowed += 1;
            let right = !findings.is_empty() && findings.iter().all(|finding| finding.component == "middle");
            caught += usize::from(right);
            let first = findings.first().map_or("missed", |finding| finding.fault.code());
            format!("{first} in {}", if right { "middle, where it is" } else { "the wrong component" })
        });
        let blamed = blamed.unwrap_or_else(|| "nothing flows: the caller is told".to_owned());
        println!("{plant:<22} {told:<32} {blamed}");
    }
    println!(
        "\nnamed by gradcheck: {checked} of {}; named by the audit, in the right component: {caught} of {flowed}",
        PLANTS.len()
    );

    let began = Instant::now();
    let (findings, tally) =
        audited("none", wanted.div_ceil(COMPONENTS).next_multiple_of(2), Audit::every(1)).await;
    println!(
        "clean audits: {} right, {} unclear, {} moved, {} false alarms, in {:.1?}",
        tally.right,
        tally.unclear,
        tally.moved,
        tally.wrong,
        began.elapsed()
    );
    for finding in findings {
        println!("false: {finding}");
    }
    let alarms = (0..wanted as u64).filter(|seed| {
        let check = Gradcheck { seed: *seed, ..Gradcheck::default() };
        !check.here(&mut Planted::new("none"), sample(*seed as usize)).unwrap().passed()
    });
    println!("clean checks: {} false alarms of {wanted}", alarms.count());
}
