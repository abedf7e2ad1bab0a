//! Episode: what an environment shows, what is done about it, and what comes of that, as messages.

mod fault;
mod message;

pub use fault::{EpisodeFault, EpisodeLimits};
pub use message::{Action, Observation, Reward};
