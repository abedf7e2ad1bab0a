//! Network: from wind and target to angle and counterweight.

use std::f64::consts::PI;

use candle_core::{D, Device, Result, Tensor, Var};
use candle_nn::ops::sigmoid;
use candle_nn::{Linear, Module, VarMap};
use swergio_toolbox::bridge::candle::CandleModule;
use swergio_toolbox::step::{Learner, Schedule};

/// How wide each layer is, from wind and target to the two numbers that say how to shoot.
const LAYERS: [usize; 5] = [2, 16, 64, 16, 2];
/// Mean and spread of wind (m/s) and target (m) as they are drawn.
const USUAL: [[f64; 2]; 2] = [[0.0, 60.0], [5.0, 23.0]];
/// The counterweight for which the second output is zero, and what a unit of it adds, lb.
const WEIGHT: [f64; 2] = [200.0, 100.0];
/// How much wider than Glorot's the range is that hidden weights are drawn from: a sigmoid turns a quarter as steeply as a tangent.
const HIDDEN_GAIN: f64 = 4.0;
/// How much narrower it is for the outputs, which so begin about the same for all targets.
const OUTPUT_GAIN: f64 = 0.3;
/// Where the first output begins: at 60 degrees, above the angle of the farthest shots for every wind. There a lower angle
/// always throws farther, and the network need not choose between two answers.
const OUTPUT_BIAS: f64 = 0.7;
/// The rate of learning at its highest.
const RATE: f64 = 0.02;

/// Builds a network that learns for so many batches, from weights that the seed decides.
///
/// It takes `[batch, 2]`, wind in m/s and target in m, and gives `[batch, 3]`: the wind as it came, the angle in degrees and the
/// counterweight in lb, which are what the trebuchet takes.
///
/// # Errors
/// When candle has no room.
pub(crate) fn network(seed: u64, batches: u64) -> Result<CandleModule> {
    let vars = VarMap::new();
    let layers = draw(&vars, seed)?;
    let [middle, spread] = USUAL.map(|pair| Tensor::new(&pair, &Device::Cpu));
    let (middle, spread) = (middle?, spread?);
    let forward = move |x: &Tensor| {
        let told = x.broadcast_sub(&middle)?.broadcast_div(&spread)?;
        aim(x, &answer(&layers, told)?)
    };
    Ok(CandleModule::new(vars, forward).with_learner(learner(batches)))
}

/// Learns by Adam, at a rate that rises for a twentieth of the time and then falls to almost nothing.
fn learner(batches: u64) -> Learner {
    let rise = batches / 20;
    let fall = Schedule::Cosine { steps: batches - rise, floor: 1e-3 };
    Learner::adam(RATE).with_schedule(Schedule::Warmup { steps: rise, then: Box::new(fall) })
}

/// Goes through the layers, with a sigmoid behind each but the last.
fn answer(layers: &[Linear], told: Tensor) -> Result<Tensor> {
    let (last, hidden) = layers.split_last().expect("there are layers");
    let deep = hidden.iter().try_fold(told, |x, layer| sigmoid(&layer.forward(&x)?))?;
    last.forward(&deep)
}

/// Puts what the trebuchet takes together: the wind, and of the network's outputs the angle and the counterweight.
fn aim(x: &Tensor, outputs: &Tensor) -> Result<Tensor> {
    let wind = x.narrow(D::Minus1, 0, 1)?;
    let angle = (sigmoid(&outputs.narrow(D::Minus1, 0, 1)?)? * 90.0)?;
    let weight = outputs.narrow(D::Minus1, 1, 1)?.affine(WEIGHT[1], WEIGHT[0])?;
    Tensor::cat(&[wind, angle, weight], D::Minus1)
}

/// Draws the weights, and shares them with `vars`.
fn draw(vars: &VarMap, seed: u64) -> Result<Vec<Linear>> {
    let mut dice = fastrand::Rng::with_seed(seed);
    let last = LAYERS.len() - 2;
    let mut layers = Vec::new();
    for (number, pair) in LAYERS.windows(2).enumerate() {
        let (ins, outs) = (pair[0], pair[1]);
        let gain = if number == last { OUTPUT_GAIN } else { HIDDEN_GAIN };
        let reach = gain * (6.0 / (ins + outs) as f64).sqrt();
        let mut symmetric = || reach * (2.0 * dice.f64() - 1.0);
        let weights: Vec<f64> = (0..ins * outs).map(|_| symmetric()).collect();
        // Behind the first layer inputs are about a half: the bias takes that out, so that sigmoids begin in their middle.
        let centred = |row: &[f64]| -0.5 * row.iter().sum::<f64>();
        let mut biases: Vec<f64> = match number {
            0 => (0..outs).map(|_| symmetric()).collect(),
            _ => weights.chunks(ins).map(centred).collect(),
        };
        if number == last {
            biases[0] += OUTPUT_BIAS;
        }
        let weight = shared(vars, number, "weight", &Tensor::from_vec(weights, (outs, ins), &Device::Cpu)?)?;
        let bias = shared(vars, number, "bias", &Tensor::from_vec(biases, outs, &Device::Cpu)?)?;
        layers.push(Linear::new(weight, Some(bias)));
    }
    Ok(layers)
}

/// Makes a variable of a tensor, under the name that PyTorch would give it in a `Sequential` of layers and sigmoids.
fn shared(vars: &VarMap, layer: usize, name: &str, tensor: &Tensor) -> Result<Tensor> {
    let var = Var::from_tensor(tensor)?;
    let weight = var.as_tensor().clone();
    let mut named = vars.data().lock().expect("nobody panics while holding it");
    named.insert(format!("{}.{name}", 2 * layer), var);
    Ok(weight)
}

/// Draws a wind in m/s, from a normal distribution of 5 m/s round none, and a target in m, from 20 to 100.
pub(crate) fn wish(dice: &mut fastrand::Rng) -> [f64; 2] {
    // Box and Muller's way; the first number is above zero.
    let (radius, turn) = ((-2.0 * (1.0 - dice.f64()).ln()).sqrt(), 2.0 * PI * dice.f64());
    [5.0 * radius * turn.cos(), 20.0 + 80.0 * dice.f64()]
}
