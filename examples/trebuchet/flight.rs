//! Flight: the last stage of a shot, the projectile alone with gravity and the wind.

use super::body::{DRAG_PER_MASS, GRAVITY, PIVOT};
use super::dual::Dual;
use super::event::Stage;
use super::mishap::Mishap;
use super::solver::Motion;

/// Flies: x and y from the pivot in m, their rates in m/s. It ends on the ground.
pub(super) struct Flight<const K: usize> {
    /// The wind, m/s, along the throw.
    pub(super) wind: Dual<K>,
}

impl<const K: usize> Motion<4, K> for Flight<K> {
    fn rates(&self, &[_, _, along, up]: &[Dual<K>; 4]) -> [Dual<K>; 4] {
        let through = along - self.wind;
        let drag = (through.squared() + up.squared()).sqrt() * -DRAG_PER_MASS;
        [along, up, drag * through, drag * up + -GRAVITY]
    }
}

impl<const K: usize> Stage<4, K> for Flight<K> {
    type Plain<const M: usize> = Flight<M>;

    fn plain<const M: usize>(&self) -> Flight<M> {
        Flight { wind: self.wind.keep::<0>().keep() }
    }

    fn ending(&self, state: &[Dual<K>; 4]) -> Dual<K> {
        state[1] + PIVOT
    }

    fn mishap(&self, _: &[Dual<K>; 4]) -> Option<Mishap> {
        None
    }

    fn endless(&self) -> Mishap {
        Mishap::NeverLands
    }
}
