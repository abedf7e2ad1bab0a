//! Alone: one agent learns in one process, without rooms; what rooms are measured against.

use anyhow::Result;
use swergio_toolbox::environment::{TimeLimit, Vectorised};

use crate::agent::Recipe;
use crate::cart_pole::CartPole;
use crate::pupil::{Learnt, News, Pupil};

/// Makes poles side by side. The same seed gives the same episodes.
pub(crate) fn poles(count: usize, seed: u64) -> Result<Vectorised<TimeLimit<CartPole>>> {
    Ok(Vectorised::new((0..count).map(|_| CartPole::v1()), seed)?)
}

/// Learns from a seed until school is over.
pub(crate) fn learn(recipe: &Recipe, seed: u64, mut tell: impl FnMut(News)) -> Result<Learnt> {
    let mut poles = poles(recipe.environments, seed)?;
    let mut pupil = Pupil::new(recipe, seed);
    while !pupil.is_done() {
        let actions = pupil.act(poles.shown())?;
        let stepped = poles.step(&actions)?;
        if let Some(news) = pupil.take(&stepped, poles.shown())? {
            tell(news);
        }
    }
    Ok(pupil.learnt().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_learns_the_same() {
        let recipe = Recipe::quick();
        let life = |seed| {
            let mut told = Vec::new();
            let learnt = learn(&recipe, seed, |news| told.push(news)).unwrap();
            (told, learnt)
        };
        assert_eq!(life(1), life(1));
        assert_ne!(life(1).0, life(2).0);
    }
}
