//! The ensemble as a swarm of processes, for a short time: bred, examined, judged, though a member crashes.

use std::process::Command;

use serde_json::Value;

#[test]
fn an_ensemble_learns_is_bred_and_judged_though_a_member_crashes() {
    let out = std::env::temp_dir().join(format!("cartpole-{}", std::process::id()));
    let mut demo = Command::new(env!("CARGO_BIN_EXE_cartpole"));
    demo.args(["--members", "4", "--steps", "2000", "--crashing", "1", "--out"]);
    let output = demo.arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let summary: Value = serde_json::from_str(&read("summary.json")).unwrap();
    let number = |key: &str| summary[key].as_f64().unwrap();
    assert!(number("generations") >= 1.0, "{said}");
    assert!(number("judged_mean_return") > 9.0, "{said}");
    assert!(number("credit_rounds") > 100.0 && number("credit_error") < 1e-9, "{said}");
    assert!(said.contains("crashes after 100 answers"), "{said}");
    assert!(read("curve.csv").lines().count() > 2 && read("score.svg").contains("evolution"));
    std::fs::remove_dir_all(out).unwrap();
}
