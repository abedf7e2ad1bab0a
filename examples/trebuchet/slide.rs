//! Slide: the first stage of a shot, the projectile drawn along the ground until it is lifted.

use super::body::{Machine, Pose, sags};
use super::dual::Dual;
use super::event::Stage;
use super::mishap::Mishap;
use super::solver::Motion;

/// Draws the projectile over the ground, without friction. It ends when the ground has nothing more to carry.
pub(super) struct Slide<const K: usize>(pub(super) Machine<K>);

impl<const K: usize> Motion<6, K> for Slide<K> {
    fn rates(&self, pose: &Pose<K>) -> Pose<K> {
        let [arm, hanger, sling] = self.0.sliding(pose).turns;
        [pose[3], pose[4], pose[5], arm, hanger, sling]
    }
}

impl<const K: usize> Stage<6, K> for Slide<K> {
    type Plain<const M: usize> = Slide<M>;

    fn plain<const M: usize>(&self) -> Slide<M> {
        Slide(self.0.keep::<0>().keep())
    }

    fn ending(&self, pose: &Pose<K>) -> Dual<K> {
        self.0.sliding(pose).ground
    }

    fn mishap(&self, pose: &Pose<K>) -> Option<Mishap> {
        // The arm's angle falls while the counterweight does.
        let sinks = pose[3].re >= 0.0;
        let slack = sags(pose, &self.0.sliding(pose));
        if sinks { Some(Mishap::NoLiftOff) } else { slack.then_some(Mishap::SlackSling) }
    }

    fn endless(&self) -> Mishap {
        Mishap::NoLiftOff
    }
}
