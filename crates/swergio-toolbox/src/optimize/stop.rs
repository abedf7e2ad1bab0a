//! Stop: when a search ends, and what it has found.

use std::time::Duration;

/// Says when a search ends: at whichever comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// Steps. 200.
    pub iterations: usize,
    /// Passes forward and back, trial steps included. 2,000.
    pub evaluations: usize,
    /// The largest number of the gradient, once the bounds are taken into account, per range (or size) of its input. 1e-8.
    pub gradient: f64,
    /// The change of the loss, relative to it or to 1, in each of three steps in a row. 1e-12.
    pub change: f64,
    /// The loss that is good enough. None.
    pub target: Option<f64>,
    /// The time for all of it; the best input until then is returned. None.
    pub deadline: Option<Duration>,
}

impl Stop {
    /// Steps in a row that hardly change the loss before it counts as settled.
    pub(super) const STILL: usize = 3;
}

impl Default for Stop {
    fn default() -> Self {
        Self {
            iterations: 200,
            evaluations: 2000,
            gradient: 1e-8,
            change: 1e-12,
            target: None,
            deadline: None,
        }
    }
}

/// Says why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The loss is as small as was wanted.
    Target,
    /// The gradient is as small as was wanted: a minimum, or a saddle.
    Gradient,
    /// The loss hardly changes any more.
    Change,
    /// As many steps were made as were allowed.
    Iterations,
    /// As many passes were made as were allowed.
    Evaluations,
    /// The time was over.
    Deadline,
    /// No step along the gradient makes the loss smaller: a minimum as exact as the gradients are, a kink, or a gradient that is
    /// wrong, which [`Gradcheck`](crate::Gradcheck) tells.
    Stuck,
    /// The progress said so.
    Asked,
}

/// Tells of one step of a search.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Iterate {
    /// Which step it is; 0 is the start.
    pub iteration: usize,
    /// Passes so far.
    pub evaluations: usize,
    /// The loss here.
    pub loss: f64,
    /// As in [`Stop::gradient`].
    pub gradient: f64,
}

/// Holds what a search has found: the best input of all that were tried.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Optimum<X> {
    /// The input.
    pub input: X,
    /// The loss there.
    pub loss: f64,
    /// Why the search ended.
    pub reason: Reason,
    /// Passes forward and back.
    pub evaluations: usize,
    /// Every step.
    pub trace: Vec<Iterate>,
}
