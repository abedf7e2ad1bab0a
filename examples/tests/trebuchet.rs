//! The trebuchet from its command line: a shot, a search, and the whole demo, if only for a few batches.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::path::PathBuf;
use std::process::{Command, Output};

fn trebuchet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trebuchet")).args(args).output().expect("the example runs")
}

fn told(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_shot_is_told_as_one_object() {
    let output = trebuchet(&["shoot", "--wind", "-5", "--angle", "60", "--weight", "150"]);
    let told = told(&output);
    assert!(output.status.success());
    assert!((told["distance"].as_f64().unwrap() - 37.304_685_176).abs() < 1e-6, "{told}");
    assert!((told["gradient"]["weight"].as_f64().unwrap() - 0.064_213_84).abs() < 1e-6, "{told}");
}

#[test]
fn a_shot_that_is_repeated_says_how_long_one_takes() {
    let output = trebuchet(&["shoot", "--angle", "45", "--weight", "150", "--repeat", "20"]);
    let told = told(&output);
    assert!(output.status.success() && told["milliseconds"].as_f64().unwrap() > 0.0, "{told}");
    assert_eq!(told["outcome"], "landed");
}

#[test]
fn a_shot_that_comes_down_nowhere_is_told_the_same_way_and_fails() {
    let output = trebuchet(&["shoot", "--angle", "45", "--weight", "5"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told(&output)["outcome"], "no_lift_off");
}

#[test]
fn a_target_is_hit_without_a_network_or_told_to_be_out_of_reach() {
    let output = trebuchet(&["control", "--wind", "3", "--target", "80"]);
    let found = told(&output);
    assert!(output.status.success(), "{found}");
    assert!(found["off"].as_f64().unwrap().abs() < 1e-3, "{found}");

    let output = trebuchet(&["control", "--wind", "-12", "--target", "100"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told(&output)["outcome"], "out_of_reach");
}

#[test]
fn the_demo_trains_three_processes_and_examines_them() {
    let out: PathBuf = std::env::temp_dir().join(format!("trebuchet-demo-{}", std::process::id()));
    let output =
        trebuchet(&["--seed", "4", "--batches", "40", "--shots", "50", "--out", out.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("on the tape 0 of 0 bytes").count(), 2, "{said}");

    let folder = out.join("seed-4");
    let losses = std::fs::read_to_string(folder.join("losses.csv")).unwrap();
    assert_eq!(losses.lines().count(), 41);
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["reachable"]["count"], 1_000);
    assert!(std::fs::read_to_string(folder.join("training.svg")).unwrap().starts_with("<svg"));
    std::fs::remove_dir_all(out).unwrap();
}
