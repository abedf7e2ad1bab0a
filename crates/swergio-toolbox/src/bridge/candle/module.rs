//! CandleModule: a component of whatever candle can differentiate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::PoisonError;

use candle_core::{DType, Device, Tensor, Var, backprop::GradStore};
use candle_nn::VarMap;

use super::{to_candle, to_tensor};
use crate::step::{Learned, Learner, Weight};
use crate::weights::{Tensors, Weights};
use crate::{BoxError, Differentiable, Pass};

type Forward = Box<dyn FnMut(&Tensor, bool) -> candle_core::Result<Tensor> + Send>;

/// Runs a candle module as a differentiable component: forward records candle's graph, backward runs through it.
///
/// Inputs and gradients are converted to the dtype and moved to the device of the module's variables (so that JSON peers, whose
/// numbers have 64 bits, may speak to a module of 32), and the gradient by the input back to the input's.
///
/// While several samples are in flight the weights may have changed since a sample went forward. Its gradient is then taken at
/// the weights as they are: the forward is computed anew, for candle's graph sees weights that were changed in place, and would mix the two.
pub struct CandleModule {
    vars: VarMap,
    forward: Forward,
    learner: Option<Learner>,
    dtype: DType,
    device: Device,
    /// Counts the changes of the weights.
    version: u64,
}

/// Keeps the graph of one forward.
#[derive(Debug)]
pub struct Recorded {
    /// The dtype in which the input came, and its gradient goes back.
    came: DType,
    input: Var,
    output: Tensor,
    version: u64,
}

impl CandleModule {
    /// Takes the variables that `forward` was built from, and `forward`: `|x| net.forward(x)`. It learns nothing by itself.
    pub fn new<F>(vars: VarMap, mut forward: F) -> Self
    where
        F: FnMut(&Tensor) -> candle_core::Result<Tensor> + Send + 'static,
    {
        Self::new_t(vars, move |x, _| forward(x))
    }

    /// Takes a forward that is also told whether the component learns from this pass, as dropout needs to know:
    /// `|x, train| net.forward_t(x, train)`.
    pub fn new_t<F>(vars: VarMap, forward: F) -> Self
    where
        F: FnMut(&Tensor, bool) -> candle_core::Result<Tensor> + Send + 'static,
    {
        let first = vars.all_vars().into_iter().find(|var| var.dtype().is_float());
        let (dtype, device) =
            first.map_or((DType::F32, Device::Cpu), |var| (var.dtype(), var.device().clone()));
        Self { vars, forward: Box::new(forward), learner: None, dtype, device, version: 0 }
    }

    /// Learns from each gradient that comes back.
    #[must_use]
    pub fn with_learner(self, learner: Learner) -> Self {
        Self { learner: Some(learner), ..self }
    }

    /// Returns the variables: what is changed through them is seen by the next forward.
    pub fn vars(&self) -> &VarMap {
        &self.vars
    }

    /// Returns what it learns by, if it does.
    pub fn learner(&self) -> Option<&Learner> {
        self.learner.as_ref()
    }

    fn take_in(&self, tensor: &Tensor) -> candle_core::Result<Tensor> {
        let tensor = tensor.to_device(&self.device)?;
        if tensor.dtype().is_float() { tensor.to_dtype(self.dtype) } else { Ok(tensor) }
    }

    /// Computes the gradient by the input, and those by the variables.
    fn pull(
        &mut self,
        saved: &mut Recorded,
        cotangent: &Tensor,
        pass: &Pass,
    ) -> Result<(Tensor, GradStore), BoxError> {
        if saved.version != self.version {
            saved.output = (self.forward)(saved.input.as_tensor(), pass.learns())?;
            saved.version = self.version;
        }
        let (output, input) = (&saved.output, &saved.input);
        if output.dims() != cotangent.dims() {
            let (needs, had) = (output.dims(), cotangent.dims());
            return Err(format!("the output has the shape {needs:?}, the gradient by it {had:?}").into());
        }
        let cotangent = cotangent.to_device(&self.device)?.to_dtype(output.dtype())?;
        let gradients = (output * cotangent)?.sum_all()?.backward()?;
        let by_input = match gradients.get(input) {
            Some(gradient) => gradient.detach(),
            None => input.zeros_like()?,
        };
        Ok((by_input.to_dtype(saved.came)?, gradients))
    }

    /// Lists the variables in the order of their names, which is the same in every run.
    fn named(&self) -> BTreeMap<String, Var> {
        let vars = self.vars.data().lock().unwrap_or_else(PoisonError::into_inner);
        vars.iter().map(|(name, var)| (name.clone(), var.clone())).collect()
    }

    fn learn(&mut self, gradients: &GradStore, pass: &Pass) -> Result<(), BoxError> {
        let vars = self.named();
        let Some(learner) = self.learner.as_mut().filter(|_| pass.learns()) else { return Ok(()) };
        let mut steps = Vec::new();
        for (name, var) in &vars {
            if let Some(gradient) = gradients.get(var).filter(|_| var.dtype().is_float()) {
                steps.push((name, var, numbers(var)?, numbers(gradient)?));
            }
        }
        let mut weights: Vec<Weight<'_, f64>> =
            steps.iter_mut().map(|(name, _, values, gradient)| Weight::new(name, values, gradient)).collect();
        if learner.learn(pass, &mut weights)? == Learned::Stepped {
            self.version += 1;
            for (_, var, values, _) in steps {
                var.set(&Tensor::from_vec(values, var.shape(), var.device())?.to_dtype(var.dtype())?)?;
            }
        }
        Ok(())
    }
}

/// Reads the numbers of a tensor, in C order.
fn numbers(tensor: &Tensor) -> candle_core::Result<Vec<f64>> {
    tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

impl Differentiable for CandleModule {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = Recorded;

    fn forward(&mut self, input: Tensor, pass: &Pass) -> Result<(Tensor, Recorded), BoxError> {
        let came = input.dtype();
        let input = Var::from_tensor(&self.take_in(&input)?)?;
        let output = (self.forward)(input.as_tensor(), pass.learns())?;
        Ok((output.detach(), Recorded { came, input, output, version: self.version }))
    }

    fn infer(&mut self, input: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let input = self.take_in(&input)?;
        Ok((self.forward)(&input, pass.learns())?.detach())
    }

    fn vjp(&mut self, mut saved: Recorded, cotangent: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let (by_input, gradients) = self.pull(&mut saved, &cotangent, pass)?;
        self.learn(&gradients, pass)?;
        Ok(by_input)
    }

    fn vjp_batch(
        &mut self,
        mut saved: Recorded,
        cotangents: Vec<Tensor>,
        pass: &Pass,
    ) -> Option<Result<Vec<Tensor>, BoxError>> {
        let mut pull = |cotangent| self.pull(&mut saved, cotangent, pass).map(|(by_input, _)| by_input);
        Some(cotangents.iter().map(&mut pull).collect())
    }

    fn weights_version(&self) -> Option<u64> {
        Some(self.version)
    }
}

impl Weights for CandleModule {
    fn weights(&self) -> Result<Tensors, BoxError> {
        let tensors = self.named().into_iter().map(|(name, var)| Ok((name, to_tensor(&var)?)));
        tensors.collect()
    }

    fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError> {
        let mut changes = Vec::new();
        for (name, var) in self.named() {
            let weight = weights.get(&name).ok_or_else(|| format!("the weight {name:?} is missing"))?;
            let weight = to_candle(weight, var.device())?;
            if (weight.dtype(), weight.dims()) != (var.dtype(), var.dims()) {
                return Err(
                    format!("the weight {name:?} is {:?}, not {:?}", var.dims(), weight.dims()).into()
                );
            }
            changes.push((var, weight));
        }
        self.version += 1;
        for (var, weight) in changes {
            var.set(&weight)?;
        }
        Ok(())
    }

    fn state(&self) -> Tensors {
        self.learner.as_ref().map(Learner::state).unwrap_or_default()
    }

    fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
        match &mut self.learner {
            Some(learner) => Ok(learner.set_state(state)?),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for CandleModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CandleModule")
            .field("weights", &self.named().keys())
            .field("learner", &self.learner)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
