//! What a learner does, against the formulas and figures that it promises.

use super::*;
use crate::weights::Tensors;
use swergio_client::{MessageId, ModelStatus, Tensor};

/// The gradients of the worked examples; the weight begins at 1, the rate is 0.1.
const GRADIENTS: [f64; 3] = [0.5, -0.25, 1.0];

fn pass(status: ModelStatus) -> Pass {
    Pass { id: MessageId::new("i"), root_id: None, status, sent_by: None }
}

fn train() -> Pass {
    pass(ModelStatus::TRAIN)
}

/// Learns one number, and tells how it changes.
fn way(mut learner: Learner, gradients: &[f64]) -> Vec<f64> {
    let mut weight = [1.0];
    gradients
        .iter()
        .map(|gradient| {
            learner.learn(&train(), &mut [Weight::new("w", &mut weight, &[*gradient])]).unwrap();
            weight[0]
        })
        .collect()
}

fn near(came: &[f64], wanted: &[f64]) {
    assert_eq!(came.len(), wanted.len());
    for (came, wanted) in came.iter().zip(wanted) {
        assert!((came - wanted).abs() < 1e-12, "{came} is not {wanted}");
    }
}

// The figures are those of the formulas in the documentation of torch.optim.SGD, Adam and AdamW, worked by a script of their own.

#[test]
fn gradient_descent_takes_the_steps_of_its_formula() {
    near(&way(Learner::sgd(0.1), &GRADIENTS), &[0.95, 0.975, 0.875]);
}

#[test]
fn momentum_takes_the_steps_of_its_formula() {
    let momentum = Sgd { momentum: 0.9, ..Sgd::default() };
    near(&way(Learner::new(momentum, 0.1), &GRADIENTS), &[0.95, 0.93, 0.812]);
    let nesterov = Sgd { nesterov: true, ..momentum };
    near(&way(Learner::new(nesterov, 0.1), &GRADIENTS), &[0.905, 0.912, 0.7058]);
    let decaying = Sgd { weight_decay: 0.01, ..momentum };
    near(&way(Learner::new(decaying, 0.1), &GRADIENTS), &[0.949, 0.927_151, 0.806_559_749]);
}

#[test]
fn adam_takes_the_steps_of_its_formula() {
    let plain = [0.900_000_002, 0.873_366_298_707_846_3, 0.807_555_139_677_089_8];
    near(&way(Learner::adam(0.1), &GRADIENTS), &plain);
    let decaying = Adam { weight_decay: 0.1, ..Adam::default() };
    let wanted = [0.900_000_001_666_666_6, 0.854_441_367_461_762_5, 0.781_504_399_863_165_8];
    near(&way(Learner::new(decaying, 0.1), &GRADIENTS), &wanted);
    let decoupled = [0.890_000_002, 0.854_466_298_687_846_3, 0.780_110_476_670_211_3];
    near(&way(Learner::adamw(0.1, 0.1), &GRADIENTS), &decoupled);
}

#[test]
fn schedules_change_the_rate_as_pytorch_does() {
    let cosine = Schedule::Cosine { steps: 10, floor: 0.01 };
    let rates = |schedule: &Schedule, steps: &[u64]| -> Vec<f64> {
        steps.iter().map(|step| 0.1 * schedule.factor(*step)).collect()
    };
    near(&rates(&cosine, &[0, 3, 5, 10, 99]), &[0.1, 0.079_595_369_988_477_42, 0.0505, 0.001, 0.001]);
    near(
        &rates(&Schedule::Staircase { every: 2, factor: 0.5 }, &[0, 1, 2, 3, 4]),
        &[0.1, 0.1, 0.05, 0.05, 0.025],
    );
    near(&rates(&Schedule::Decay { factor: 0.9 }, &[0, 1, 2]), &[0.1, 0.09, 0.081]);
    let warm = Schedule::Warmup { steps: 4, then: Box::new(Schedule::Decay { factor: 0.5 }) };
    near(&rates(&warm, &[0, 1, 3, 4, 5]), &[0.025, 0.05, 0.1, 0.1, 0.05]);
}

#[test]
fn the_rate_follows_the_schedule_from_step_to_step() {
    let learner = Learner::sgd(0.1).with_schedule(Schedule::Decay { factor: 0.5 });
    near(&way(learner, &[1.0, 1.0, 1.0]), &[0.9, 0.85, 0.825]);
}

#[test]
fn gradients_are_shortened_all_weights_together() {
    let (mut a, mut b) = ([0.0_f64], [0.0_f64]);
    let mut learner = Learner::sgd(1.0).with_clip(Clip::Norm(1.0));
    let mut weights = [Weight::new("a", &mut a, &[3.0]), Weight::new("b", &mut b, &[4.0])];
    learner.learn(&train(), &mut weights).unwrap();
    assert!((a[0] + 0.6).abs() < 1e-6 && (b[0] + 0.8).abs() < 1e-6, "{a:?} {b:?}");

    near(&way(Learner::sgd(1.0).with_clip(Clip::Norm(1.0)), &[0.5]), &[0.5]);
    near(&way(Learner::sgd(1.0).with_clip(Clip::Value(0.25)), &[0.5, -7.0]), &[0.75, 1.0]);
}

#[test]
fn four_gradients_make_one_step_by_their_mean() {
    let learner = Learner::sgd(1.0).with_gathering(4);
    near(&way(learner, &[1.0, 2.0, 3.0, -2.0, 8.0]), &[1.0, 1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn nobody_learns_from_a_probe() {
    let (mut learner, mut weight) = (Learner::adam(0.1), [1.0]);
    let came = learner.learn(&pass(ModelStatus::PROBE), &mut [Weight::new("w", &mut weight, &[9.0])]);
    assert_eq!((came, weight, learner.steps()), (Ok(Learned::Nothing), [1.0], 0));
}

#[test]
fn a_bad_gradient_changes_nothing() {
    let (mut learner, mut good, mut bad) = (Learner::adam(0.1), [1.0_f32], [1.0_f32, 2.0]);
    let mut weights =
        [Weight::new("good", &mut good, &[1.0]), Weight::new("bad", &mut bad, &[0.0, f32::NAN])];
    let told = learner.learn(&train(), &mut weights);
    assert_eq!(told, Err(StepFault::NotFinite { weight: "bad".to_owned(), place: 1 }));
    let told = learner.learn(&train(), &mut [Weight::new("good", &mut good, &[1.0, 2.0])]);
    assert_eq!(told, Err(StepFault::Size { weight: "good".to_owned(), needs: 1, came: 2 }));
    assert_eq!((good, bad, learner.steps()), ([1.0], [1.0, 2.0], 0));

    learner.learn(&train(), &mut [Weight::new("good", &mut good, &[1.0])]).unwrap();
    let told = learner.learn(&train(), &mut [Weight::new("good", &mut bad, &[1.0, 1.0])]);
    assert_eq!(told, Err(StepFault::Changed { weight: "good".to_owned(), was: 1, is: 2 }));
}

#[test]
fn learning_goes_on_from_a_state_as_if_there_had_been_no_restart() {
    let momentum = Learner::new(Sgd { momentum: 0.9, ..Sgd::default() }, 0.1);
    for learner in [Learner::adamw(0.1, 0.1), momentum, Learner::sgd(0.1)] {
        let learner = learner.with_schedule(Schedule::Cosine { steps: 3, floor: 0.0 });
        let whole = way(learner.clone(), &GRADIENTS);

        let (mut before, mut weight) = (learner.clone(), [1.0]);
        for gradient in &GRADIENTS[..2] {
            before.learn(&train(), &mut [Weight::new("layer.w", &mut weight, &[*gradient])]).unwrap();
        }
        let mut after = learner;
        after.set_state(&before.state()).unwrap();
        assert_eq!(after.steps(), 2);
        after.learn(&train(), &mut [Weight::new("layer.w", &mut weight, &[GRADIENTS[2]])]).unwrap();
        assert_eq!(weight[0], whole[2]);
    }
}

#[test]
fn the_state_of_another_rule_is_refused() {
    let (mut adam, mut weight) = (Learner::adam(0.1), [1.0]);
    adam.learn(&train(), &mut [Weight::new("w", &mut weight, &[1.0])]).unwrap();
    let told = Learner::sgd(0.1).set_state(&adam.state());
    assert!(matches!(told, Err(StepFault::State(why)) if why.contains("w.exp_avg")));

    let mut half = adam.state();
    half.remove("w.exp_avg_sq");
    assert!(matches!(Learner::adam(0.1).set_state(&half), Err(StepFault::State(_))));
    half.clear();
    half.insert("step".to_owned(), Tensor::from_i64([], &[-1]).unwrap());
    assert!(matches!(Learner::adam(0.1).set_state(&half), Err(StepFault::State(_))));
    assert_eq!(Learner::adam(0.1).set_state(&Tensors::new()), Ok(()));
}

#[test]
fn moments_of_another_size_are_refused_when_they_are_loaded() {
    let learned = |size: usize| {
        let (mut learner, mut weight) = (Learner::adam(0.1), vec![1.0; size]);
        learner.learn(&train(), &mut [Weight::new("layer.w", &mut weight, &vec![1.0; size])]).unwrap();
        learner
    };
    let weights = |size: usize| {
        Tensors::from([("layer.w".to_owned(), Tensor::from_f64([size], &vec![1.0; size]).unwrap())])
    };
    let fault = |slot: &str| StepFault::Moments {
        weight: "layer.w".to_owned(),
        slot: slot.to_owned(),
        needs: 3,
        came: 2,
    };

    // One that has learned knows the size; a fresh one is told the weights.
    let mut old = learned(3);
    let before = old.state();
    assert_eq!(old.set_state(&learned(2).state()), Err(fault("exp_avg")));
    assert_eq!((old.state(), old.set_state(&before)), (before.clone(), Ok(())));
    let mut fresh = Learner::adam(0.1);
    assert_eq!(fresh.set_state_of(&weights(3), &learned(2).state()), Err(fault("exp_avg")));
    assert_eq!((fresh.steps(), fresh.set_state_of(&weights(3), &before)), (0, Ok(())));

    let mut uneven = before;
    uneven.insert("layer.w.exp_avg_sq".to_owned(), Tensor::from_f64([2], &[0.0, 0.0]).unwrap());
    assert_eq!(Learner::adam(0.1).set_state(&uneven), Err(fault("exp_avg_sq")));
    let told = fault("exp_avg").to_string();
    assert!(["layer.w", "exp_avg", "3", "2"].iter().all(|word| told.contains(word)), "{told}");
}
