//! candle: its tensors as what crosses between components, and a module as a component in one call.
//!
//! ```
//! use candle_core::{DType, Device};
//! use candle_nn::{Module, VarBuilder, VarMap, linear, ops::sigmoid};
//! use swergio_toolbox::bridge::candle::CandleModule;
//! use swergio_toolbox::step::Learner;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let vars = VarMap::new();
//! let at = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
//! let (hidden, out) = (linear(2, 16, at.pp("hidden"))?, linear(16, 2, at.pp("out"))?);
//! let component = CandleModule::new(vars, move |x| out.forward(&sigmoid(&hidden.forward(x)?)?))
//!     .with_learner(Learner::adam(0.01));
//! # let _ = component;
//! # Ok(()) }
//! ```
//!
//! A component computes on a thread of its own, so what the closure holds must be able to go there: candle's layers are, its
//! `seq()`, which hides what is in it, is not.

mod module;
mod value;

pub use module::{CandleModule, Recorded};
pub use value::{to_candle, to_tensor};
