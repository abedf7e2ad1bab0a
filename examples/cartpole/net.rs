//! Net: layers of tanh with a plain one on top, forward and backward, of the few thousand weights that a pole needs.

use swergio_toolbox::dice::Dice;
use swergio_toolbox::step::{Learner, Weight};
use swergio_toolbox::{BoxError, MessageId, Pass};

/// Maps rows of numbers to rows of numbers, and learns from the gradient by its output.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    layers: Vec<Layer>,
    learner: Learner,
}

/// Holds `inputs` × `outputs` weights, a row for each input, and a bias for each output.
#[derive(Clone, Debug)]
struct Layer {
    weights: Vec<f64>,
    bias: Vec<f64>,
}

/// Holds what a forward leaves for the way back: what went into each layer, and what came out of the last.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    into: Vec<Vec<f64>>,
    /// The output, row by row.
    pub(crate) output: Vec<f64>,
}

impl Net {
    /// Makes a net with layers of these sizes, the input first. Weights are rolled so that the variance of what goes through
    /// stays; those of the last layer are a hundredth of that, so that at first every action is about as likely.
    pub(crate) fn new(sizes: &[usize], learner: Learner, dice: &mut Dice) -> Self {
        let last = sizes.len().saturating_sub(2);
        let layer = |(place, pair): (usize, &[usize])| {
            let (inputs, outputs) = (pair[0], pair[1]);
            let scale = if place == last { 0.01 } else { 1.0 } / (inputs as f64).sqrt();
            let weights = (0..inputs * outputs).map(|_| scale * dice.normal()).collect();
            Layer { weights, bias: vec![0.0; outputs] }
        };
        let layers = sizes.windows(2).enumerate().map(layer).collect();
        Self { layers, learner }
    }

    /// Computes the output of so many rows, and keeps what [`learn`](Self::learn) needs.
    pub(crate) fn forward(&self, rows: &[f64]) -> Trace {
        let (mut into, mut flow) = (Vec::with_capacity(self.layers.len()), rows.to_vec());
        for (place, layer) in self.layers.iter().enumerate() {
            let mut out = layer.forward(&flow);
            if place + 1 < self.layers.len() {
                out.iter_mut().for_each(|number| *number = number.tanh());
            }
            into.push(std::mem::replace(&mut flow, out));
        }
        Trace { into, output: flow }
    }

    /// Steps against the gradient by the output of that forward.
    ///
    /// # Errors
    /// When the gradient is not finite; nothing was changed.
    pub(crate) fn learn(&mut self, trace: &Trace, by_output: &[f64]) -> Result<(), BoxError> {
        let mut gradients = Vec::with_capacity(self.layers.len());
        let mut flow = by_output.to_vec();
        for (layer, into) in self.layers.iter().zip(&trace.into).rev() {
            gradients.push(layer.gradient(into, &flow));
            flow = layer.backward(&flow);
            // What went into a layer came out of a tanh, whose slope is 1 - tanh².
            flow.iter_mut().zip(into).for_each(|(by, tanh)| *by *= 1.0 - tanh * tanh);
        }
        gradients.reverse();
        let names: Vec<[String; 2]> = (0..self.layers.len())
            .map(|place| [format!("{place}.weight"), format!("{place}.bias")])
            .collect();
        let mut weights = Vec::new();
        for ((layer, gradient), [weight, bias]) in self.layers.iter_mut().zip(&gradients).zip(&names) {
            weights.push(Weight::new(weight, &mut layer.weights, &gradient.weights));
            weights.push(Weight::new(bias, &mut layer.bias, &gradient.bias));
        }
        self.learner.learn(&Pass::train(MessageId::new("")), &mut weights)?;
        Ok(())
    }

    /// Learns at another rate from now on.
    pub(crate) fn set_rate(&mut self, rate: f64) {
        self.learner.set_rate(rate);
    }

    /// Lists all weights in one row: a genome.
    pub(crate) fn genome(&self) -> Vec<f64> {
        self.layers.iter().flat_map(|layer| layer.weights.iter().chain(&layer.bias)).copied().collect()
    }

    /// Takes weights as [`genome`](Self::genome) lists them, from the front of `genome`, and returns what is left of it.
    pub(crate) fn set_genome<'g>(&mut self, mut genome: &'g [f64]) -> &'g [f64] {
        for layer in &mut self.layers {
            for part in [&mut layer.weights, &mut layer.bias] {
                let (own, rest) = genome.split_at(part.len());
                part.copy_from_slice(own);
                genome = rest;
            }
        }
        genome
    }
}

impl Layer {
    fn forward(&self, rows: &[f64]) -> Vec<f64> {
        let (inputs, outputs) = (self.weights.len() / self.bias.len(), self.bias.len());
        let mut out = Vec::with_capacity(rows.len() / inputs * outputs);
        for row in rows.chunks_exact(inputs) {
            let start = out.len();
            out.extend_from_slice(&self.bias);
            for (number, weights) in row.iter().zip(self.weights.chunks_exact(outputs)) {
                add(&mut out[start..], weights, *number);
            }
        }
        out
    }

    /// Computes the gradient by the weights, as a layer of gradients.
    fn gradient(&self, rows: &[f64], by_output: &[f64]) -> Self {
        let (inputs, outputs) = (self.weights.len() / self.bias.len(), self.bias.len());
        let mut sum = Self { weights: vec![0.0; self.weights.len()], bias: vec![0.0; outputs] };
        for (row, by) in rows.chunks_exact(inputs).zip(by_output.chunks_exact(outputs)) {
            add(&mut sum.bias, by, 1.0);
            for (number, weights) in row.iter().zip(sum.weights.chunks_exact_mut(outputs)) {
                add(weights, by, *number);
            }
        }
        sum
    }

    /// Computes the gradient by the input.
    fn backward(&self, by_output: &[f64]) -> Vec<f64> {
        let outputs = self.bias.len();
        let of_row = |by: &[f64]| -> Vec<f64> {
            let dot = |weights: &[f64]| weights.iter().zip(by).map(|(weight, by)| weight * by).sum();
            self.weights.chunks_exact(outputs).map(dot).collect()
        };
        by_output.chunks_exact(outputs).flat_map(of_row).collect()
    }
}

fn add(sums: &mut [f64], numbers: &[f64], factor: f64) {
    sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += factor * number);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half the squared distance of the output from ones, whose gradient by the output is output minus one.
    fn loss(net: &Net, rows: &[f64]) -> f64 {
        net.forward(rows).output.iter().map(|number| (number - 1.0).powi(2) / 2.0).sum()
    }

    #[test]
    fn a_step_goes_against_the_true_gradient() {
        let mut dice = Dice::seeded(1);
        let rows: Vec<f64> = (0..6).map(|_| dice.normal()).collect();
        let rate = 1e-6;
        let mut net = Net::new(&[3, 5, 4, 2], Learner::sgd(rate), &mut dice);
        let before = net.genome();
        let trace = net.forward(&rows);
        let by_output: Vec<f64> = trace.output.iter().map(|number| number - 1.0).collect();
        net.learn(&trace, &by_output).unwrap();
        let after = net.genome();
        for place in 0..before.len() {
            let shifted = |by: f64| {
                let mut genome = before.clone();
                genome[place] += by;
                let mut other = net.clone();
                assert!(other.set_genome(&genome).is_empty());
                loss(&other, &rows)
            };
            let difference = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
            let stepped = (before[place] - after[place]) / rate;
            assert!(
                (difference - stepped).abs() < 1e-6 * (1.0 + difference.abs()),
                "{place}: {difference} {stepped}"
            );
        }
    }

    #[test]
    fn rows_do_not_mix() {
        let net = Net::new(&[2, 4, 1], Learner::adam(0.1), &mut Dice::seeded(2));
        let both = net.forward(&[0.1, 0.2, 0.3, 0.4]).output;
        assert_eq!(both[1], net.forward(&[0.3, 0.4]).output[0]);
    }

    #[test]
    fn it_learns_a_function_that_is_not_straight() {
        let mut dice = Dice::seeded(3);
        let mut net = Net::new(&[2, 16, 1], Learner::adam(0.02), &mut dice);
        let rows = [0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
        for _ in 0..600 {
            let trace = net.forward(&rows);
            let by: Vec<f64> =
                trace.output.iter().zip([0.0, 1.0, 1.0, 0.0]).map(|(is, want)| is - want).collect();
            net.learn(&trace, &by).unwrap();
        }
        let output = net.forward(&rows).output;
        assert!(
            output.iter().zip([0.0, 1.0, 1.0, 0.0]).all(|(is, want)| (is - want).abs() < 0.05),
            "{output:?}"
        );
    }
}
