#![doc = include_str!("../README.md")]

mod differentiable;
mod fault;
mod pass;
mod value;

pub use differentiable::{BoxError, Differentiable};
pub use fault::PassFault;
pub use pass::Pass;
pub use value::{Value, Values};

pub use swergio_client::{Client, Dtype, MessageId, ModelStatus, RoomName, Tensor};
