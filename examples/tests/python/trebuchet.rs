//! The trebuchet with a part in Python: the chain still learns, and the other parts do not notice.

use std::process::Command;

/// Trains with a part in Python, and returns the loss of each batch.
fn train(part: &str) -> Vec<f64> {
    let python = std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON");
    let out = std::env::temp_dir().join(format!("trebuchet-{part}-{}", std::process::id()));
    let mut demo = Command::new(env!("CARGO_BIN_EXE_trebuchet"));
    demo.args(["--seed", "1", "--batches", "60", "--shots", "50", "--python-part", part]);
    let output = demo.arg("--python").arg(python).arg("--out").arg(&out).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let losses = std::fs::read_to_string(out.join("seed-1/losses.csv")).unwrap();
    std::fs::remove_dir_all(out).unwrap();
    losses.lines().skip(1).map(|line| line.split_once(',').unwrap().1.parse().unwrap()).collect()
}

fn learned(losses: &[f64]) {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..5]), mean(&losses[55..]));
    assert_eq!(losses.len(), 60);
    assert!(last < first / 5.0, "the loss went from {first} to {last} m²");
}

#[test]
fn the_chain_learns_with_a_control_network_in_python() {
    learned(&train("control-network"));
}

#[test]
fn the_chain_learns_with_a_trainer_in_python() {
    learned(&train("trainer"));
}
