//! Limits: what a council goes by, and what it counts.

use crate::TapeLimits;
use crate::ensemble::Combine;
use crate::environment::ActorLimits;
use crate::gather::{GatherLimits, Want};

/// Says how a council decides and how long it waits.
#[derive(Clone, Debug, PartialEq)]
pub struct CouncilPlan {
    /// How the members' logits become one distribution. [`Combine::Mean`].
    pub combine: Combine,
    /// When there are answers enough. [`Want::All`].
    pub want: Want,
    /// How long members are waited for, and when not any more.
    pub gather: GatherLimits,
    /// Whether the most likely action is taken, rather than each as likely as it is. No.
    pub greedy: bool,
    /// What chance comes from. 0.
    pub seed: u64,
    /// How long shares wait for their reward.
    pub credit: TapeLimits,
    /// How long an environment is waited for.
    pub actor: ActorLimits,
}

impl Default for CouncilPlan {
    fn default() -> Self {
        Self {
            combine: Combine::default(),
            want: Want::All,
            gather: GatherLimits::default(),
            greedy: false,
            seed: 0,
            credit: TapeLimits::default(),
            actor: ActorLimits::default(),
        }
    }
}

/// Counts what a council has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CouncilTally {
    /// Rounds in which it acted.
    pub rounds: u64,
    /// Rounds in which nobody had anything to say, and chance decided.
    pub by_chance: u64,
    /// Answers that were no logits, or not as many as there are actions.
    pub refused: u64,
    /// Shares that were paid.
    pub paid: u64,
    /// Rewards that could not be shared out.
    pub unpaid: u64,
}
