//! The trebuchet with a part in Python: the chain still learns, and the other parts do not notice.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

/// Trains with a part in Python, and returns the loss of each batch, and the summary.
fn train(part: &str) -> (Vec<f64>, Value) {
    let python = std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON");
    let out = std::env::temp_dir().join(format!("trebuchet-{part}-{}", std::process::id()));
    let mut demo = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
    demo.args(["--seed", "1", "--batches", "60", "--shots", "50", "--python-part", part]);
    let output = demo.arg("--python").arg(python).arg("--out").arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let losses = std::fs::read_to_string(out.join("seed-1/losses.csv")).unwrap();
    let summary = serde_json::from_slice(&std::fs::read(out.join("seed-1/summary.json")).unwrap()).unwrap();
    std::fs::remove_dir_all(out).unwrap();
    let losses = losses.lines().skip(1).map(|line| line.split_once(',').unwrap().1.parse().unwrap());
    (losses.collect(), summary)
}

fn learned((losses, summary): (Vec<f64>, Value)) {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..5]), mean(&losses[55..]));
    assert_eq!(losses.len(), 60);
    assert!(last < first / 5.0, "the loss went from {first} to {last} m²");

    // Whoever trains writes down the same.
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(keys(&summary), set(&["seed", "batches", "shots_in_a_batch", "reachable", "unreachable"]));
    let each = ["count", "median_m", "rmse_m", "within_1_m", "worst_m"];
    assert_eq!([keys(&summary["reachable"]), keys(&summary["unreachable"])], [set(&each), set(&each)]);
    assert_eq!([&summary["seed"], &summary["batches"], &summary["shots_in_a_batch"]], [1, 60, 50]);
    assert_eq!(summary["reachable"]["count"], 1_000);
    assert!((20..150).contains(&summary["unreachable"]["count"].as_u64().unwrap()), "{summary}");
    let [median, worst] = ["median_m", "worst_m"].map(|key| summary["reachable"][key].as_f64().unwrap());
    assert!(median < last.sqrt() && median < worst, "{summary}");
}

#[test]
fn the_chain_learns_with_a_control_network_in_python() {
    learned(train("control-network"));
}

#[test]
fn the_chain_learns_with_a_trainer_in_python() {
    learned(train("trainer"));
}
