#![doc = include_str!("../README.md")]

mod audit;
pub mod bridge;
mod chain;
#[cfg(feature = "checkpoint")]
pub mod checkpoint;
mod component;
pub mod council;
pub mod credit;
mod derive;
pub mod dice;
mod differentiable;
pub mod ensemble;
pub mod environment;
pub mod episode;
pub mod evolution;
mod fault;
pub mod feedback;
mod function;
pub mod gather;
mod gradcheck;
pub mod kpi;
mod numbered;
mod optimize;
mod pass;
#[cfg(feature = "plot")]
pub mod plot;
mod port;
#[cfg(feature = "progress")]
pub mod progress;
pub mod reward;
mod serving;
mod slope;
pub mod space;
pub mod step;
#[cfg(all(feature = "swarm", unix))]
pub mod swarm;
mod tape;
pub mod trainer;
mod value;
pub mod weights;

pub use audit::{Audit, AuditFinding, AuditLimits, AuditTally, Auditing};
pub use chain::{Chain, ChainError, ChainLimits, ChainTally, Hit, Opening};
pub use component::{Batched, Closures, Component, Forward, InRoom, NoRoom, Undefined, component};
pub use derive::{Jacobian, Question, Slope, Vjp, gradient, hvp, jacobian, jacobian_by_row, jvp};
pub use differentiable::{BoxError, Differentiable};
pub use fault::PassFault;
pub use function::{Function, function};
pub use gradcheck::{Checked, Finding, Gradcheck, GradcheckReport, GradientFault, Outcome};
pub use optimize::{Iterate, Method, Optimize, Optimum, Reason, Stop, optimize};
pub use pass::Pass;
pub use port::{Announcement, Column, Dim, IntoDims, Mismatch, Port, Side};
pub use serving::{Serving, ServingEvent, ServingEvents, ServingLimits, ServingTally};
pub use tape::{Evicted, Eviction, Return, Tape, TapeLimits, TapeTally};
pub use value::{Value, Values};

pub use swergio_client::{Client, Dtype, MessageId, ModelStatus, RoomName, Tensor};
