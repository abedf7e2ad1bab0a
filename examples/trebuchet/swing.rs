//! Swing: the second stage of a shot, the sling in the air until it lets go.

use super::body::{Machine, PIVOT, Pose, projectile, sags};
use super::dual::Dual;
use super::event::Stage;
use super::mishap::Mishap;
use super::solver::Motion;

/// How deep in the ground the projectile is still on it, m.
const ROUNDING: f64 = 1e-3;

/// Swings the projectile round. It ends when the direction in which that flies, which falls from π through π/2, is the
/// angle at which the sling lets go.
pub(super) struct Swing<const K: usize> {
    machine: Machine<K>,
    /// Sine and cosine of the angle.
    release: (Dual<K>, Dual<K>),
}

impl<const K: usize> Swing<K> {
    /// Begins a swing that ends at an angle in rad.
    pub(super) fn new(machine: Machine<K>, angle: Dual<K>) -> Self {
        Self { machine, release: angle.sin_cos() }
    }
}

impl<const K: usize> Motion<6, K> for Swing<K> {
    fn rates(&self, pose: &Pose<K>) -> Pose<K> {
        let [arm, hanger, sling] = self.machine.swinging(pose).turns;
        [pose[3], pose[4], pose[5], arm, hanger, sling]
    }
}

impl<const K: usize> Stage<6, K> for Swing<K> {
    type Plain<const M: usize> = Swing<M>;

    fn plain<const M: usize>(&self) -> Swing<M> {
        let (sin, cos) = self.release;
        Swing {
            machine: self.machine.keep::<0>().keep(),
            release: (sin.keep::<0>().keep(), cos.keep::<0>().keep()),
        }
    }

    /// Returns the speed times the sine of the angle that is still to turn. An angle below the horizon begins below zero, more than
    /// half a turn away.
    fn ending(&self, pose: &Pose<K>) -> Dual<K> {
        let [_, _, along, up] = projectile(pose);
        up * self.release.1 - along * self.release.0
    }

    fn mishap(&self, pose: &Pose<K>) -> Option<Mishap> {
        let [_, height, ..] = projectile(pose);
        if height.re < -PIVOT - ROUNDING {
            return Some(Mishap::StrikesGround);
        }
        sags(pose, &self.machine.swinging(pose)).then_some(Mishap::SlackSling)
    }

    fn endless(&self) -> Mishap {
        Mishap::AngleNotReached
    }
}
