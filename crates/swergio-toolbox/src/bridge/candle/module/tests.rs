//! A small network as a component, against finite differences, candle's own optimiser, and itself.

use candle_nn::{AdamW, Module, Optimizer, ParamsAdamW, VarBuilder, linear, ops::sigmoid};
use swergio_client::{MessageId, ModelStatus};

use super::*;
use crate::step::Sgd;

/// Makes a net of 2, 3 and 2 units in the given dtype, its weights the same in every run.
fn net(dtype: DType) -> CandleModule {
    let vars = VarMap::new();
    let at = VarBuilder::from_varmap(&vars, dtype, &Device::Cpu);
    let (first, second) = (linear(2, 3, at.pp("a")).unwrap(), linear(3, 2, at.pp("b")).unwrap());
    let module = CandleModule::new(vars, move |x| second.forward(&sigmoid(&first.forward(x)?)?));
    for (seed, var) in module.named().into_values().enumerate() {
        let numbers: Vec<f64> =
            (0..var.elem_count()).map(|place| ((7 * seed + 3 * place + 1) as f64).sin()).collect();
        var.set(&tensor(&numbers, var.dims()).to_dtype(dtype).unwrap()).unwrap();
    }
    module
}

fn tensor(numbers: &[f64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(numbers, shape, &Device::Cpu).unwrap()
}

fn pass(status: ModelStatus) -> Pass {
    Pass { id: MessageId::new("i"), root_id: None, status, sent_by: None }
}

/// Returns a batch of four inputs, and a gradient by their outputs.
fn sample() -> (Tensor, Tensor) {
    let x = tensor(&[0.5, -1.0, 2.0, 0.25, -0.75, 1.5, 0.0, 3.0], &[4, 2]);
    (x, tensor(&[1.0, -2.0, 0.5, 0.25, -1.0, 3.0, 0.75, 1.25], &[4, 2]))
}

/// Computes the sum of the outputs, weighted by the cotangent.
fn weighted(net: &mut CandleModule, x: &Tensor, cotangent: &Tensor) -> f64 {
    let y = net.infer(x.clone(), &pass(ModelStatus::VALIDATE)).unwrap();
    numbers(&(y * cotangent).unwrap()).unwrap().iter().sum()
}

fn near(came: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(came.len(), wanted.len());
    for (came, wanted) in came.iter().zip(wanted) {
        assert!((came - wanted).abs() < tolerance, "{came} is not {wanted}");
    }
}

/// Differentiates by central differences.
fn differences(numbers: &[f64], mut f: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    const STEP: f64 = 1e-5;
    let mut at = |place: usize, by: f64| {
        let mut moved = numbers.to_vec();
        moved[place] += by;
        f(&moved)
    };
    (0..numbers.len()).map(|place| (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP)).collect()
}

#[test]
fn the_gradient_by_the_input_is_that_of_finite_differences() {
    let (mut net, (x, cotangent)) = (net(DType::F64), sample());
    let (_, saved) = net.forward(x.clone(), &pass(ModelStatus::PROBE)).unwrap();
    let by_input = net.vjp(saved, cotangent.clone(), &pass(ModelStatus::PROBE)).unwrap();
    let wanted = differences(&numbers(&x).unwrap(), |x| weighted(&mut net, &tensor(x, &[4, 2]), &cotangent));
    assert_eq!(by_input.dims(), x.dims());
    near(&numbers(&by_input).unwrap(), &wanted, 1e-8);
}

#[test]
fn the_gradients_by_the_weights_are_those_of_finite_differences() {
    let (mut net, (x, cotangent)) = (net(DType::F64).with_learner(Learner::sgd(1.0)), sample());
    let before = net.weights().unwrap();
    let mut wanted = BTreeMap::new();
    for (name, var) in net.named() {
        let old = numbers(&var).unwrap();
        let slope = differences(&old, |moved| {
            var.set(&tensor(moved, var.dims())).unwrap();
            weighted(&mut net, &x, &cotangent)
        });
        var.set(&tensor(&old, var.dims())).unwrap();
        wanted.insert(name, slope);
    }
    let (_, saved) = net.forward(x, &pass(ModelStatus::TRAIN)).unwrap();
    net.vjp(saved, cotangent, &pass(ModelStatus::TRAIN)).unwrap();
    assert_eq!(wanted.len(), 4);
    for (name, after) in net.weights().unwrap() {
        // At the rate 1 the weight falls by its gradient.
        let fell: Vec<f64> =
            before[&name].to_f64_vec().iter().zip(after.to_f64_vec()).map(|(old, new)| old - new).collect();
        near(&fell, &wanted[&name], 1e-8);
    }
}

#[test]
fn a_hundred_steps_are_those_of_candles_adamw() {
    let (x, _) = sample();
    let mut ours = net(DType::F64).with_learner(Learner::adamw(0.01, 0.1));
    let mut theirs = net(DType::F64);
    let params = ParamsAdamW { lr: 0.01, weight_decay: 0.1, ..ParamsAdamW::default() };
    let mut adamw = AdamW::new(theirs.vars.all_vars(), params).unwrap();
    for _ in 0..100 {
        let (y, saved) = ours.forward(x.clone(), &pass(ModelStatus::TRAIN)).unwrap();
        ours.vjp(saved, (y * 2.0).unwrap(), &pass(ModelStatus::TRAIN)).unwrap();
        let y = (theirs.forward)(&x, true).unwrap();
        adamw.backward_step(&y.sqr().unwrap().sum_all().unwrap()).unwrap();
    }
    for (name, wanted) in theirs.weights().unwrap() {
        near(&ours.weights().unwrap()[&name].to_f64_vec(), &wanted.to_f64_vec(), 1e-10);
    }
}

#[test]
fn a_net_of_32_bits_answers_whoever_sends_64() {
    let (x, cotangent) = sample();
    let (mut narrow, mut wide) = (net(DType::F32), net(DType::F64));
    let (y, saved) = narrow.forward(x.clone(), &pass(ModelStatus::TRAIN)).unwrap();
    assert_eq!(y.dtype(), DType::F32);
    let by_input = narrow.vjp(saved, cotangent.clone(), &pass(ModelStatus::TRAIN)).unwrap();
    assert_eq!(by_input.dtype(), DType::F64);
    let (_, saved) = wide.forward(x, &pass(ModelStatus::TRAIN)).unwrap();
    let wanted = wide.vjp(saved, cotangent, &pass(ModelStatus::TRAIN)).unwrap();
    near(&numbers(&by_input).unwrap(), &numbers(&wanted).unwrap(), 1e-5);
}

#[test]
fn samples_in_flight_get_the_gradients_of_the_weights_they_went_forward_with() {
    let (mut net, (x, cotangent)) = (net(DType::F64).with_learner(Learner::sgd(0.1)), sample());
    let train = pass(ModelStatus::TRAIN);
    let start = net.weights().unwrap();
    let wanted = differences(&numbers(&x).unwrap(), |x| weighted(&mut net, &tensor(x, &[4, 2]), &cotangent));
    let recorded: Vec<Recorded> = (0..3).map(|_| net.forward(x.clone(), &train).unwrap().1).collect();
    let mut after = Vec::new();
    for (turn, saved) in recorded.into_iter().enumerate() {
        let by_input = net.vjp(saved, cotangent.clone(), &train).unwrap();
        near(&numbers(&by_input).unwrap(), &wanted, 1e-8);
        after.push(net.weights().unwrap());
        // What came between is of its own weights, and is not disturbed.
        let (_, own) = net.forward(x.clone(), &train).unwrap();
        let now = differences(&numbers(&x).unwrap(), |x| weighted(&mut net, &tensor(x, &[4, 2]), &cotangent));
        let probed = net.vjp(own, cotangent.clone(), &pass(ModelStatus::PROBE)).unwrap();
        near(&numbers(&probed).unwrap(), &now, 1e-8);
        assert_ne!(after[turn], start);
    }
    // Three gradients by the same weights: three equal steps, each from where the one before it had led.
    for (name, start) in start {
        let [one, three] = [0, 2].map(|turn: usize| after[turn][&name].to_f64_vec());
        let step: Vec<f64> =
            start.to_f64_vec().iter().zip(&one).map(|(start, one)| 3.0 * (one - start)).collect();
        let all: Vec<f64> =
            start.to_f64_vec().iter().zip(&three).map(|(start, three)| three - start).collect();
        near(&all, &step, 1e-12);
    }
}

#[test]
fn weights_that_are_replaced_meanwhile_stay_replaced() {
    let (mut net, (x, cotangent)) = (net(DType::F64).with_learner(Learner::sgd(0.1)), sample());
    let probe = pass(ModelStatus::PROBE);
    let wanted = differences(&numbers(&x).unwrap(), |x| weighted(&mut net, &tensor(x, &[4, 2]), &cotangent));
    let (_, saved) = net.forward(x, &probe).unwrap();
    let other: Tensors =
        net.weights().unwrap().into_iter().map(|(name, weight)| (name, 0.5 * weight)).collect();
    net.set_weights(&other).unwrap();
    near(&numbers(&net.vjp(saved, cotangent, &probe).unwrap()).unwrap(), &wanted, 1e-8);
    assert_eq!(net.weights().unwrap(), other);
}

#[test]
fn a_probe_leaves_the_weights_and_a_wrong_gradient_is_told() {
    let (mut net, (x, cotangent)) = (net(DType::F64).with_learner(Learner::sgd(0.1)), sample());
    let before = net.weights().unwrap();
    let (_, saved) = net.forward(x.clone(), &pass(ModelStatus::PROBE)).unwrap();
    net.vjp(saved, cotangent.clone(), &pass(ModelStatus::PROBE)).unwrap();
    let (_, saved) = net.forward(x, &pass(ModelStatus::TRAIN)).unwrap();
    let turned = cotangent.t().unwrap();
    let told = net.vjp(saved, turned, &pass(ModelStatus::TRAIN)).unwrap_err().to_string();
    assert!(told.contains("[4, 2]") && told.contains("[2, 4]"), "{told}");
    assert_eq!(net.weights().unwrap(), before);
}

#[test]
fn several_gradients_of_one_forward_are_those_of_several_forwards() {
    let (mut net, (x, cotangent), probe) = (net(DType::F64), sample(), pass(ModelStatus::PROBE));
    let twice = (&cotangent * 2.0).unwrap();
    let (_, saved) = net.forward(x.clone(), &probe).unwrap();
    let together = net.vjp_batch(saved, vec![cotangent.clone(), twice.clone()], &probe).unwrap().unwrap();
    for (came, cotangent) in together.iter().zip([cotangent, twice]) {
        let (_, saved) = net.forward(x.clone(), &probe).unwrap();
        let alone = net.vjp(saved, cotangent, &probe).unwrap();
        assert_eq!(numbers(came).unwrap(), numbers(&alone).unwrap());
    }
}

#[test]
fn an_input_that_does_not_matter_has_the_gradient_zero() {
    let mut constant = CandleModule::new(VarMap::new(), |x| Tensor::ones((), x.dtype(), x.device()));
    let (_, saved) = constant.forward(tensor(&[1.0, 2.0], &[2]), &pass(ModelStatus::TRAIN)).unwrap();
    let by_input = constant.vjp(saved, tensor(&[1.0], &[]), &pass(ModelStatus::TRAIN)).unwrap();
    assert_eq!(by_input.to_vec1::<f64>().unwrap(), [0.0, 0.0]);
}

#[test]
fn weights_and_state_move_to_another_net_that_goes_on_the_same() {
    let learner = || Learner::new(Sgd { momentum: 0.9, ..Sgd::default() }, 0.05);
    let (mut old, (x, cotangent)) = (net(DType::F32).with_learner(learner()), sample());
    let step = |net: &mut CandleModule| {
        let (_, saved) = net.forward(x.clone(), &pass(ModelStatus::TRAIN)).unwrap();
        net.vjp(saved, cotangent.clone(), &pass(ModelStatus::TRAIN)).unwrap();
    };
    step(&mut old);
    let mut new = net(DType::F32).with_learner(learner());
    new.set_weights(&old.weights().unwrap()).unwrap();
    new.set_state(&old.state()).unwrap();
    step(&mut old);
    step(&mut new);
    assert_eq!(new.weights().unwrap(), old.weights().unwrap());
}
