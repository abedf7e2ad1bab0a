//! Nature: the numbers that an agent learns by, as it is born with them.

use swergio_toolbox::dice::Dice;

use crate::agent::Recipe;

/// How many genes these are.
pub(crate) const GENES: usize = 3;
/// Where each may lie: rate, worth of indecision, horizon (steps).
const BOUNDS: [(f64, f64); GENES] = [(4e-4, 1e-2), (3e-3, 3e-2), (5.0, 500.0)];

/// Holds how large steps of the weights are, how much indecision is rewarded, and how many steps ahead rewards count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Nature {
    pub(crate) rate: f64,
    pub(crate) entropy: f64,
    pub(crate) horizon: f64,
}

impl Nature {
    /// Takes what the recipe says.
    pub(crate) fn of(recipe: &Recipe) -> Self {
        Self { rate: recipe.rate, entropy: recipe.entropy, horizon: 1.0 / (1.0 - recipe.gamma) }
    }

    /// Rolls one, anywhere within the bounds, as if nobody knew it better.
    pub(crate) fn rolled(dice: &mut Dice) -> Self {
        Self::read(BOUNDS.map(|(low, high)| dice.between(low.ln(), high.ln())))
    }

    /// Lists the logarithms: what is added to them multiplies.
    pub(crate) fn genes(self) -> [f64; GENES] {
        [self.rate, self.entropy, self.horizon].map(f64::ln)
    }

    /// Reads genes; what is out of its bounds is put on them.
    pub(crate) fn read(genes: [f64; GENES]) -> Self {
        let within = |place: usize| genes[place].exp().clamp(BOUNDS[place].0, BOUNDS[place].1);
        Self { rate: within(0), entropy: within(1), horizon: within(2) }
    }

    /// Leaves so much of its rate to whoever has these genes.
    pub(crate) fn calm(genes: &mut [f64], left: f64) {
        if let Some(rate) = genes.first_mut() {
            *rate = (*rate + left.ln()).max(BOUNDS[0].0.ln());
        }
    }

    /// Returns what a reward is worth a step later.
    pub(crate) fn gamma(self) -> f64 {
        1.0 - 1.0 / self.horizon
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natures_differ_and_lie_within_bounds() {
        let (recipe, mut dice) = (Recipe::quick(), Dice::seeded(1));
        let rolled: Vec<Nature> = (0..200).map(|_| Nature::rolled(&mut dice)).collect();
        let below = rolled.iter().filter(|nature| nature.rate < 2e-3).count();
        assert!((70..130).contains(&below), "{below}");
        assert!((Nature::of(&recipe).gamma() - recipe.gamma).abs() < 1e-12);
        let odd = Nature::read([100.0, -100.0, -5.0]);
        assert!((odd.rate - 1e-2).abs() < 1e-12 && (odd.entropy - 3e-3).abs() < 1e-12);
        assert_eq!(odd.horizon, 5.0);
    }
}
