//! Adam: steps that are about as long as the rate says, along a running mean of the gradient.

use swergio_client::MessageId;

use super::bounds::Bounds;
use super::{Ask, Search, Told};
use crate::Pass;
use crate::step::{Learner, Weight};

/// Moves a point by the toolbox's own Adam; one that leaves the box is moved back to its edge.
pub(super) struct Adam {
    learner: Learner,
    bounds: Bounds,
    place: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    told: bool,
    stuck: bool,
}

impl Adam {
    pub(super) fn new(place: Vec<f64>, bounds: Bounds, rate: f64) -> Self {
        let gradient = vec![0.0; place.len()];
        let learner = Learner::adam(rate);
        Self { learner, bounds, place, loss: f64::INFINITY, gradient, told: false, stuck: false }
    }
}

impl Search for Adam {
    fn tell(&mut self, told: Told) -> bool {
        let finite = told.loss.is_finite() && told.gradient.iter().all(|number| number.is_finite());
        self.stuck = !finite;
        (self.loss, self.gradient, self.told) = (told.loss, told.gradient, true);
        finite
    }

    fn ask(&mut self) -> Ask {
        if self.stuck {
            return Ask::Stuck;
        }
        if self.told {
            let pass = Pass::train(MessageId::new("step"));
            let weight = Weight::new("input", &mut self.place, &self.gradient);
            if self.learner.learn(&pass, &mut [weight]).is_err() {
                return Ask::Stuck;
            }
            self.place = self.bounds.projected(std::mem::take(&mut self.place));
        }
        Ask::Evaluate(self.place.clone())
    }

    fn place(&self) -> (&[f64], f64, &[f64]) {
        (&self.place, self.loss, &self.gradient)
    }
}
