//! A component that is killed and comes back, and files that are not what they should be.

use std::fs;
use std::path::Path;

use swergio_client::{MessageId, Tensor};

use super::*;
use crate::step::{Learner, Weight};

/// y = w x, where w learns by Adam.
struct Gain {
    weight: f32,
    learner: Learner,
}

fn gain() -> Gain {
    Gain { weight: 1.0, learner: Learner::adam(0.1) }
}

impl Differentiable for Gain {
    type Input = f64;
    type Output = f64;
    type Saved = f64;

    fn forward(&mut self, x: f64, _: &Pass) -> Result<(f64, f64), BoxError> {
        Ok((f64::from(self.weight) * x, x))
    }

    fn vjp(&mut self, x: f64, cotangent: f64, pass: &Pass) -> Result<f64, BoxError> {
        let (by_input, by_weight) = (f64::from(self.weight) * cotangent, (x * cotangent) as f32);
        let mut weight = [self.weight];
        self.learner.learn(pass, &mut [Weight::new("w", &mut weight, &[by_weight])])?;
        self.weight = weight[0];
        Ok(by_input)
    }
}

impl Weights for Gain {
    fn weights(&self) -> Result<Tensors, BoxError> {
        Ok([("w".to_owned(), Tensor::from_f32([], &[self.weight])?)].into())
    }

    fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError> {
        let weight = weights["w"].to_f32_vec()[0];
        if weight.is_nan() {
            return Err("a weight must be a number".into());
        }
        self.weight = weight;
        Ok(())
    }

    fn state(&self) -> Tensors {
        self.learner.state()
    }

    fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
        Ok(self.learner.set_state(state)?)
    }
}

fn kept(home: &Path) -> Kept<Gain> {
    Kept::new(gain(), "gain", home).unwrap()
}

/// Learns from so many samples, the same in every run from sample `first` on.
fn learn(kept: &mut Kept<Gain>, first: u32, count: u32) {
    for sample in first..first + count {
        let pass = Pass::train(MessageId::new(&sample.to_string()));
        let x = f64::from(sample).cos();
        let (y, saved) = kept.forward(x, &pass).unwrap();
        kept.vjp(saved, y - 3.0 * x, &pass).unwrap();
    }
}

fn weight(kept: &Kept<Gain>) -> f32 {
    kept.with(|gain| gain.weight)
}

#[test]
fn a_process_that_comes_back_learns_on_as_if_it_had_never_gone() {
    let home = tempfile::tempdir().unwrap();
    let mut without = kept(&home.path().join("other"));
    learn(&mut without, 0, 30);

    let mut first = kept(home.path()).every(10);
    assert!(!first.resume().unwrap());
    learn(&mut first, 0, 25);
    let first_version = first.weights_version();
    drop(first); // killed: the last five steps are lost
    let mut second = kept(home.path()).every(10);
    assert!(second.resume().unwrap());
    // R94: one that comes back has older weights, and says so.
    assert_eq!((first_version, second.steps(), second.weights_version()), (Some(25), 20, Some(20)));
    learn(&mut second, 20, 10);
    assert_eq!((weight(&second), second.steps()), (weight(&without), 30));
    assert_eq!(second.with(|gain| gain.state()), without.with(|gain| gain.state()));
}

#[test]
fn nothing_is_saved_of_what_nobody_learns_from() {
    let home = tempfile::tempdir().unwrap();
    let mut kept = kept(home.path()).every(1);
    let probe = Pass { status: crate::ModelStatus::PROBE, ..Pass::train(MessageId::new("i")) };
    let (_, saved) = kept.forward(1.0, &probe).unwrap();
    kept.vjp(saved, 1.0, &probe).unwrap();
    assert_eq!((kept.steps(), fs::read_dir(home.path()).unwrap().count()), (0, 0));
}

#[test]
fn a_bad_file_is_told_and_the_running_weights_stay() {
    let home = tempfile::tempdir().unwrap();
    let mut kept = kept(home.path());
    learn(&mut kept, 0, 5);
    let (path, before) = (kept.save("good").unwrap(), (weight(&kept), kept.with(|gain| gain.state())));
    learn(&mut kept, 5, 5);
    let now = (weight(&kept), kept.with(|gain| gain.state()));
    assert_ne!(before, now);

    let whole = fs::read(&path).unwrap();
    let half = home.path().join("half/gain.safetensors");
    fs::create_dir_all(half.parent().unwrap()).unwrap();
    fs::write(half, &whole[..whole.len() / 2]).unwrap();
    let other = |name: &str, weights: Tensors, state: Tensors| {
        let path = home.path().join(name).join("gain.safetensors");
        Checkpoint { weights, state, steps: 1 }.write(path).unwrap();
    };
    let scalar = |number: f32| Tensor::from_f32([], &[number]).unwrap();
    other("foreign", [("v".to_owned(), scalar(1.0))].into(), Tensors::new());
    other("shape", [("w".to_owned(), Tensor::from_f32([2], &[1.0, 2.0]).unwrap())].into(), Tensors::new());
    other("refused", [("w".to_owned(), scalar(f32::NAN))].into(), Tensors::new());
    let steps = ("step".to_owned(), Tensor::from_i64([], &[-3]).unwrap());
    other("state", [("w".to_owned(), scalar(1.0))].into(), [steps].into());
    // Both moments fit each other, and not the weight.
    let mut state = kept.with(|gain| gain.state());
    for slot in ["w.exp_avg", "w.exp_avg_sq"] {
        state.insert(slot.to_owned(), Tensor::from_f64([2], &[0.0, 0.0]).unwrap());
    }
    other("moments", [("w".to_owned(), scalar(1.0))].into(), state);
    let fresh = self::kept(home.path());
    let told = fresh.load("moments").unwrap_err().to_string();
    assert!(told.contains("needs 1 numbers, and 2 came") && fresh.steps() == 0, "{told}");
    for (name, word) in [
        ("moments", "\"exp_avg\" of the weight \"w\" needs 1 numbers, and 2 came"),
        ("half", "restore the file"),
        ("foreign", "missing"),
        ("shape", "f32[2]"),
        ("refused", "must be a number"),
        ("state", "number of steps"),
        ("never saved", "never saved"),
        ("../good", "file's name"),
    ] {
        let told = kept.load(name).unwrap_err().to_string();
        assert!(told.contains(word), "{name}: {told}");
        assert_eq!((weight(&kept), kept.with(|gain| gain.state())), now, "{name}");
    }
    kept.load("good").unwrap();
    assert_eq!((weight(&kept), kept.with(|gain| gain.state()), kept.steps()), (before.0, before.1, 5));
}

#[test]
fn a_file_without_what_learning_remembers_begins_learning_afresh() {
    let home = tempfile::tempdir().unwrap();
    let mut kept = kept(home.path());
    learn(&mut kept, 0, 5);
    let weights = [("w".to_owned(), Tensor::from_f64([], &[0.5]).unwrap())].into();
    let path = home.path().join("from elsewhere/gain.safetensors");
    Checkpoint { weights, ..Checkpoint::default() }.write(path).unwrap();
    kept.load("from elsewhere").unwrap();
    assert_eq!((weight(&kept), kept.with(|gain| gain.learner.steps())), (0.5, 0));
}

#[test]
fn learning_goes_on_when_the_disk_does_not() {
    let home = tempfile::tempdir().unwrap();
    // A file stands where the folder of checkpoints should be.
    let blocked = home.path().join("blocked");
    fs::write(&blocked, "").unwrap();
    let mut kept = kept(&blocked).every(1);
    learn(&mut kept, 0, 3);
    assert_eq!(kept.steps(), 3);
    assert!(kept.save("best").unwrap_err().to_string().contains("blocked"));
}
