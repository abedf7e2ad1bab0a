//! Weights: the safetensors package for Python, with which PyTorch reads and writes them, and our checkpoints. Each reads the other's.

use std::path::Path;
use std::process::Command;

use swergio_toolbox::checkpoint::Checkpoint;
use swergio_toolbox::{Dtype, Tensor};

/// Runs the script beside this file.
fn python(what: &str, file: &Path) -> String {
    let python = std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/weights.py");
    let output = Command::new(python).arg(script).arg(what).arg(file).output().expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn python_reads_what_we_write() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("net.safetensors");
    let weights = [
        ("layer.bias", Tensor::from_f64([2], &[0.1, -1e300]).unwrap()),
        ("layer.flags", Tensor::from_bool([2], &[true, false]).unwrap()),
        ("layer.half", Tensor::from_f32([1], &[0.5]).unwrap().to_dtype(Dtype::F16)),
        ("layer.weight", Tensor::from_f32([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5]).unwrap()),
    ];
    let weights = weights.map(|(name, tensor)| (name.to_owned(), tensor)).into();
    let state = [("step".to_owned(), Tensor::from_i64([], &[7]).unwrap())].into();
    Checkpoint { weights, state, steps: 7 }.write(&file).unwrap();
    assert_eq!(
        python("read", &file),
        "_learner.step int64 () 7\n\
         layer.bias float64 (2,) [0.1, -1e+300]\n\
         layer.flags bool (2,) [True, False]\n\
         layer.half float16 (1,) [0.5]\n\
         layer.weight float32 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]]\n"
    );
}

#[test]
fn we_read_what_python_writes() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("net.safetensors");
    python("write", &file);
    let read = Checkpoint::read(&file).unwrap().unwrap();
    assert_eq!((read.state.len(), read.steps), (0, 0));
    assert_eq!(read.weights["weight"], Tensor::from_f32([2, 2], &[1.0, 2.0, 3.0, 4.5]).unwrap());
    assert_eq!(read.weights["count"], Tensor::from_i64([], &[12]).unwrap());
    assert_eq!(read.weights["empty"], Tensor::from_f64([0, 3], &[]).unwrap());
}
