#![doc = include_str!("../README.md")]

mod chain;
pub mod credit;
pub mod dice;
mod differentiable;
pub mod ensemble;
pub mod evolution;
mod fault;
pub mod gather;
mod pass;
pub mod reward;
pub mod step;
mod value;
pub mod weights;

pub use chain::{Chain, ChainError, ChainLimits, ChainTally, Hit, Opening, RemoteFault};
pub use differentiable::{BoxError, Differentiable};
pub use fault::PassFault;
pub use pass::Pass;
pub use value::{Value, Values};

pub use swergio_client::{Client, Dtype, MessageId, ModelStatus, RoomName, Tensor};
