//! CandleModule: a component of whatever candle can differentiate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError};

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
/// While several samples are in flight the weights may have changed since a sample went forward. Its gradients are those at the weights that it went forward with,
/// and what is learned from them is learned by the weights of now. For that a copy of the weights is kept for each change of them that samples in flight have
/// seen go by, until their gradients come; with one sample in flight none is. While such a gradient is computed the variables hold the older weights.
pub struct CandleModule {
    vars: VarMap,
    forward: Forward,
    learner: Option<Learner>,
    dtype: DType,
    device: Device,
    /// Counts the changes of the weights.
    version: u64,
    /// What samples that go forward now share.
    era: Arc<Era>,
}

/// Stands for the time between two changes of the weights.
#[derive(Debug, Default)]
struct Era {
    /// The weights as they were, once they have changed while samples of this era were in flight.
    weights: OnceLock<Vec<(Var, Tensor)>>,
}

/// Lends the variables the weights of an era that has gone by; dropping it gives them those of now back.
struct Lent {
    now: Vec<(Var, Tensor)>,
}

impl Lent {
    fn of(old: &[(Var, Tensor)]) -> candle_core::Result<Self> {
        let now = old.iter().map(|(var, _)| Ok((var.clone(), var.copy()?)));
        let lent = Self { now: now.collect::<candle_core::Result<_>>()? };
        old.iter().try_for_each(|(var, weight)| var.set(weight))?;
        Ok(lent)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        for (var, weight) in &self.now {
            // It is a copy of the variable itself, so it fits.
            let _ = var.set(weight);
        }
    }
}

/// Keeps the graph of one forward.
#[derive(Debug)]
pub struct Recorded {
    /// The dtype in which the input came, and its gradient goes back.
    came: DType,
    input: Var,
    output: Tensor,
    era: Arc<Era>,
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
        Self {
            vars,
            forward: Box::new(forward),
            learner: None,
            dtype,
            device,
            version: 0,
            era: Arc::default(),
        }
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
    fn pull(&self, saved: &Recorded, cotangent: &Tensor) -> Result<(Tensor, GradStore), BoxError> {
        // candle's graph sees weights that were changed in place.
        let _lent = saved.era.weights.get().map(|old| Lent::of(old)).transpose()?;
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
            begin_era(&mut self.era, &vars)?;
            self.version += 1;
            for (_, var, values, _) in steps {
                var.set(&Tensor::from_vec(values, var.shape(), var.device())?.to_dtype(var.dtype())?)?;
            }
        }
        Ok(())
    }
}

/// Begins a new era, now that the weights are about to change; what samples of the old one will need is kept with them.
fn begin_era(era: &mut Arc<Era>, vars: &BTreeMap<String, Var>) -> candle_core::Result<()> {
    if Arc::strong_count(era) > 1 {
        let old = vars.values().map(|var| Ok((var.clone(), var.copy()?)));
        let old = old.collect::<candle_core::Result<_>>()?;
        era.weights.set(old).expect("an era ends once");
    }
    *era = Arc::default();
    Ok(())
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
        Ok((output.detach(), Recorded { came, input, output, era: Arc::clone(&self.era) }))
    }

    fn infer(&mut self, input: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let input = self.take_in(&input)?;
        Ok((self.forward)(&input, pass.learns())?.detach())
    }

    fn vjp(&mut self, saved: Recorded, cotangent: Tensor, pass: &Pass) -> Result<Tensor, BoxError> {
        let (by_input, gradients) = self.pull(&saved, &cotangent)?;
        // It needs the weights of its era no more.
        drop(saved);
        self.learn(&gradients, pass)?;
        Ok(by_input)
    }

    fn vjp_batch(
        &mut self,
        saved: Recorded,
        cotangents: Vec<Tensor>,
        _: &Pass,
    ) -> Option<Result<Vec<Tensor>, BoxError>> {
        let pull = |cotangent| self.pull(&saved, cotangent).map(|(by_input, _)| by_input);
        Some(cotangents.iter().map(pull).collect())
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
        let vars = self.named();
        begin_era(&mut self.era, &vars)?;
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
        let own = self.weights()?;
        match &mut self.learner {
            Some(learner) => Ok(learner.set_state_of(&own, state)?),
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
