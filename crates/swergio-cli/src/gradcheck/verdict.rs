//! Verdict: what a check found, as JSON.

use anyhow::Result;
use serde::Serialize;
use swergio_client::Body;
use swergio_toolbox::{GradcheckReport, Outcome};

#[derive(Serialize)]
struct Told<'r> {
    room: &'r str,
    output: &'r str,
    verdict: &'static str,
    findings: Vec<Found<'r>>,
    checked: Vec<Compared>,
    forwards: usize,
    gradients: usize,
    seed: u64,
}

#[derive(Serialize)]
struct Found<'r> {
    fault: &'static str,
    port: Option<&'r str>,
    place: Option<&'r str>,
    sentence: &'r str,
}

#[derive(Serialize)]
struct Compared {
    claimed: f64,
    measured: f64,
    allowed: f64,
    outcome: String,
}

/// Spells a report as one JSON object.
pub(super) fn json(room: &str, output: &str, report: &GradcheckReport) -> Result<Vec<u8>> {
    let verdict = match (report.passed(), report.is_unclear()) {
        (true, _) => "right",
        (_, true) => "unclear",
        _ => "wrong",
    };
    let findings = report.findings.iter().map(|finding| Found {
        fault: finding.fault.code(),
        port: finding.port.as_deref(),
        place: finding.place.as_deref(),
        sentence: &finding.sentence,
    });
    let checked = report.checked.iter().map(|checked| Compared {
        claimed: checked.claimed,
        measured: checked.measured,
        allowed: checked.allowed,
        outcome: match &checked.outcome {
            Outcome::Agrees => "agrees".to_owned(),
            Outcome::Differs => "differs".to_owned(),
            Outcome::Unclear(why) => format!("unclear: {why}"),
        },
    });
    let told = Told {
        room,
        output,
        verdict,
        findings: findings.collect(),
        checked: checked.collect(),
        forwards: report.forwards,
        gradients: report.gradients,
        seed: report.seed,
    };
    Ok(Body::of(&told)?.to_json())
}
