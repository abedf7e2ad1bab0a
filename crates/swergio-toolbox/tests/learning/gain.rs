//! Gain: y = w x for each number of a batch, where w learns by Adam.

use swergio_toolbox::step::{Learner, Weight};
use swergio_toolbox::weights::{Tensors, Weights};
use swergio_toolbox::{BoxError, Differentiable, Pass, Tensor};

pub(crate) struct Gain {
    pub(crate) weight: f64,
    learner: Learner,
}

impl Gain {
    pub(crate) fn of(weight: f64, rate: f64) -> Self {
        Self { weight, learner: Learner::adam(rate) }
    }
}

impl Differentiable for Gain {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Tensor;

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, Tensor), BoxError> {
        Ok((&x * self.weight, x))
    }

    fn vjp(&mut self, x: Tensor, cotangent: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let by_input = &cotangent * self.weight;
        let by_weight = [(&x * &cotangent).to_f64_vec().iter().sum()];
        let mut weight = [self.weight];
        self.learner.learn(pass, &mut [Weight::new("w", &mut weight, &by_weight)])?;
        self.weight = weight[0];
        Ok(by_input)
    }
}

impl Weights for Gain {
    fn weights(&self) -> Result<Tensors, BoxError> {
        Ok([("w".to_owned(), Tensor::from_f64([], &[self.weight])?)].into())
    }

    fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError> {
        self.weight = weights["w"].to_f64_vec()[0];
        Ok(())
    }

    fn state(&self) -> Tensors {
        self.learner.state()
    }

    fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
        Ok(self.learner.set_state(state)?)
    }
}
