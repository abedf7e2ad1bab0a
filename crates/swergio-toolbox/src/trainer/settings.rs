//! Settings: how long a training goes on, and what it puts up with.

use std::time::Duration;

use super::{Again, Patience};

/// Bounds one training.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Rounds over the batches, at most. 10.
    pub epochs: u64,
    /// Steps, at most, validation not counted. No bound.
    pub steps: Option<u64>,
    /// Samples under way at once. With more than one, a sample goes forward before its predecessors have been learned from. At least
    /// 1. 1.
    pub in_flight: usize,
    /// Ends the training when it does not become better. It does not end.
    pub patience: Option<Patience>,
    /// Ends the training when the loss of an epoch, that of validation if there is one, is so low. It does not end.
    pub until: Option<f64>,
    /// Which passes are played again. [`Again::Unlearned`].
    pub again: Again,
    /// How often one batch is played before the training gives up. How long each time takes, at most, is the chain's own
    /// deadline; a component that is started anew by then is not missed. At least 1. 10.
    pub tries: u32,
    /// Batches lost one after another before the training gives up. 10.
    pub losses: u32,
    /// The pause before a batch is played again; it doubles up to 16 times this. 100 ms.
    pub pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            epochs: 10,
            steps: None,
            in_flight: 1,
            patience: None,
            until: None,
            again: Again::Unlearned,
            tries: 10,
            losses: 10,
            pause: Duration::from_millis(100),
        }
    }
}
