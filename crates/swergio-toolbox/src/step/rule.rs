//! Rule: one step of one weight, by the formulas that PyTorch documents.

use super::Real;

/// Chooses how a gradient changes a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rule {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam, or AdamW.
    Adam(Adam),
}

/// Steps against the gradient, with or without momentum: `torch.optim.SGD` without dampening.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sgd {
    /// The share of the last step's direction that is kept, from 0 to below 1. 0.
    pub momentum: f64,
    /// Looks ahead along the momentum. No.
    pub nesterov: bool,
    /// What is added to the gradient for each unit of the weight. 0.
    pub weight_decay: f64,
}

/// Steps by running means of the gradient and of its square: `torch.optim.Adam`, and with `decoupled` `torch.optim.AdamW`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// How much of the mean is kept from step to step. 0.9.
    pub beta1: f64,
    /// How much of the mean square is kept from step to step. 0.999.
    pub beta2: f64,
    /// What is added to the root of the mean square. 1e-8.
    pub epsilon: f64,
    /// How much of a weight decays. 0.
    pub weight_decay: f64,
    /// Decays the weight itself by its share of the rate (AdamW), instead of adding to the gradient. No.
    pub decoupled: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

impl From<Sgd> for Rule {
    fn from(sgd: Sgd) -> Self {
        Self::Sgd(sgd)
    }
}

impl From<Adam> for Rule {
    fn from(adam: Adam) -> Self {
        Self::Adam(adam)
    }
}

/// Names whatever any rule remembers of a weight.
pub(super) const SLOTS: [&str; 3] = ["momentum_buffer", "exp_avg", "exp_avg_sq"];

impl Rule {
    /// Names what is remembered of each weight, as PyTorch's `state_dict` does.
    pub(super) fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd(sgd) if sgd.momentum == 0.0 => &[],
            Self::Sgd(_) => &["momentum_buffer"],
            Self::Adam(_) => &["exp_avg", "exp_avg_sq"],
        }
    }

    /// Takes step number `step`, the first of which is 1.
    pub(super) fn apply<R: Real>(
        &self,
        step: u64,
        rate: f64,
        weight: &mut [R],
        gradient: &[f64],
        slots: &mut [Vec<f64>],
    ) {
        match (self, slots) {
            (Self::Sgd(sgd), []) => sgd.plain(rate, weight, gradient),
            (Self::Sgd(sgd), [velocity, ..]) => sgd.moving(rate, weight, gradient, velocity),
            (Self::Adam(adam), [mean, square, ..]) => adam.apply(step, rate, weight, gradient, mean, square),
            (Self::Adam(_), _) => unreachable!("Adam has two slots"),
        }
    }
}

impl Sgd {
    fn plain<R: Real>(&self, rate: f64, weight: &mut [R], gradient: &[f64]) {
        for (weight, gradient) in weight.iter_mut().zip(gradient) {
            let w = weight.real();
            *weight = R::of(w - rate * (gradient + self.weight_decay * w));
        }
    }

    fn moving<R: Real>(&self, rate: f64, weight: &mut [R], gradient: &[f64], velocity: &mut [f64]) {
        for ((weight, gradient), velocity) in weight.iter_mut().zip(gradient).zip(velocity) {
            let w = weight.real();
            let g = gradient + self.weight_decay * w;
            *velocity = self.momentum * *velocity + g;
            let direction = if self.nesterov { g + self.momentum * *velocity } else { *velocity };
            *weight = R::of(w - rate * direction);
        }
    }
}

impl Adam {
    fn apply<R: Real>(
        &self,
        step: u64,
        rate: f64,
        weight: &mut [R],
        gradient: &[f64],
        mean: &mut [f64],
        square: &mut [f64],
    ) {
        let begun = |beta: f64| 1.0 - beta.powf(step as f64);
        let (rate1, root2) = (rate / begun(self.beta1), begun(self.beta2).sqrt());
        let (keep, add) =
            if self.decoupled { (1.0 - rate * self.weight_decay, 0.0) } else { (1.0, self.weight_decay) };
        let moments = mean.iter_mut().zip(square);
        for ((weight, gradient), (mean, square)) in weight.iter_mut().zip(gradient).zip(moments) {
            let w = weight.real();
            let g = gradient + add * w;
            *mean = self.beta1 * *mean + (1.0 - self.beta1) * g;
            *square = self.beta2 * *square + (1.0 - self.beta2) * g * g;
            *weight = R::of(keep * w - rate1 * *mean / (square.sqrt() / root2 + self.epsilon));
        }
    }
}
