//! Gene: one place of a genome, and how chance changes it.

use crate::dice::Dice;

/// Changes by mutation: a bit flips, a number is moved by some of the normal distribution.
pub trait Gene: Copy + Send + 'static {
    /// Returns the gene after a mutation of this strength. A bit, which has no strength, flips.
    #[must_use]
    fn mutated(self, strength: f64, dice: &mut Dice) -> Self;
}

impl Gene for bool {
    fn mutated(self, _: f64, _: &mut Dice) -> Self {
        !self
    }
}

impl Gene for f32 {
    fn mutated(self, strength: f64, dice: &mut Dice) -> Self {
        (f64::from(self) + strength * dice.normal()) as Self
    }
}

impl Gene for f64 {
    fn mutated(self, strength: f64, dice: &mut Dice) -> Self {
        self + strength * dice.normal()
    }
}
