//! Schedule: how the rate of learning changes from step to step.

use std::f64::consts::PI;

/// Gives the factor by which the rate of each step is multiplied.
///
/// Plain data, so that it can stand in a component's settings.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Schedule {
    /// Leaves the rate as it is.
    Constant,
    /// Multiplies by `factor` after each `every` steps, as PyTorch's `StepLR`.
    Staircase {
        /// Steps of a stair; 0 is taken as 1.
        every: u64,
        /// What the rate is multiplied by at each.
        factor: f64,
    },
    /// Multiplies by `factor` after each step, as PyTorch's `ExponentialLR`.
    Decay {
        /// What the rate is multiplied by, slightly below 1.
        factor: f64,
    },
    /// Falls along half a cosine to `floor` times the rate, and stays there, as PyTorch's `CosineAnnealingLR` once.
    Cosine {
        /// Steps until the floor.
        steps: u64,
        /// The share of the rate that is left, from 0 to 1.
        floor: f64,
    },
    /// Rises from `1 / steps` of the rate to all of it in `steps` steps, and goes on as `then` from its beginning.
    Warmup {
        /// Steps of the rise.
        steps: u64,
        /// What follows.
        then: Box<Self>,
    },
}

impl Schedule {
    /// Returns the factor for a step, the first of which is 0.
    pub fn factor(&self, step: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Staircase { every, factor } => factor.powf((step / (*every).max(1)) as f64),
            Self::Decay { factor } => factor.powf(step as f64),
            Self::Cosine { steps, floor } => {
                let way = step.min(*steps) as f64 / (*steps).max(1) as f64;
                floor + (1.0 - floor) * (1.0 + (PI * way).cos()) / 2.0
            }
            Self::Warmup { steps, .. } if step < *steps => (step + 1) as f64 / *steps as f64,
            Self::Warmup { steps, then } => then.factor(step - steps),
        }
    }
}
