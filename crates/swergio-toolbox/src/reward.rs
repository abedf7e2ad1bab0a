//! Reward: what came of acting, from single rewards to what a policy learns from.
//!
//! All of it works on [`Steps`]: some steps of one or many environments side by side. The four things that are easily got wrong
//! are decided in one place each:
//!
//! * **terminated or truncated**: an episode that *terminated* is worth nothing any more; one that was *truncated* went on without
//!   us, so what would have come is estimated by the value of its final observation, not of the next episode's first;
//! * **nothing crosses an end**: neither a return nor an advantage carries over into the next episode;
//! * **the edge of the run** is not an end: the value of the observation that it stopped at stands for the rest;
//! * **both flags**: terminated wins.

mod gae;
mod normalise;
mod returns;
mod rollout;
mod statistics;
mod steps;

pub use gae::gae;
pub use normalise::{RewardNormaliser, RunningMoments};
pub use returns::{n_step_returns, returns};
pub use rollout::{Batch, Rollout, RolloutLimits, Transition};
pub use statistics::{EpisodeEnd, EpisodeStatistics, StatisticsLimits};
pub use steps::{RewardFault, Steps};
