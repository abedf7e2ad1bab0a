//! What the caller of a chain, an auditor and an optimiser see, played in a hall in memory: no port, no sleeping.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]
#![allow(clippy::needless_pass_by_value, reason = "a vjp owns the gradient that it is given")]

mod audit;
mod audited;
mod chain;
mod derive;
mod gradcheck;
mod hall;
mod optimize;
mod planted;
