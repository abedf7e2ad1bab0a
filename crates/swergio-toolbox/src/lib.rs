#![doc = include_str!("../README.md")]

pub mod bridge;
mod chain;
mod component;
pub mod credit;
pub mod dice;
mod differentiable;
pub mod ensemble;
pub mod evolution;
mod fault;
pub mod gather;
mod pass;
mod port;
pub mod reward;
mod serving;
pub mod step;
#[cfg(all(feature = "swarm", unix))]
pub mod swarm;
mod tape;
mod value;
pub mod weights;

pub use chain::{Chain, ChainError, ChainLimits, ChainTally, Hit, Opening};
pub use component::{Batched, Closures, Component, Forward, InRoom, NoRoom, Undefined, component};
pub use differentiable::{BoxError, Differentiable};
pub use fault::PassFault;
pub use pass::Pass;
pub use port::{Column, Dim, IntoDims, Port};
pub use serving::{Serving, ServingEvent, ServingEvents, ServingLimits, ServingTally};
pub use tape::{Evicted, Eviction, Return, Tape, TapeLimits, TapeTally};
pub use value::{Value, Values};

pub use swergio_client::{Client, Dtype, MessageId, ModelStatus, RoomName, Tensor};
