//! Agent: an actor that chooses, a critic that estimates, and how both learn from what came of it (A2C).

use std::num::NonZeroUsize;

use swergio_toolbox::BoxError;
use swergio_toolbox::dice::Dice;
use swergio_toolbox::reward::{Batch, Rollout, RolloutLimits, Transition};
use swergio_toolbox::step::{Clip, Learner, Schedule};

use crate::nature::{GENES, Nature};
use crate::net::Net;

/// How many numbers a pole shows.
pub(crate) const SEEN: usize = 4;
/// How many ways there are to push.
pub(crate) const ACTIONS: usize = 2;

/// Holds the numbers that learning goes by.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Recipe {
    /// Poles that are balanced side by side.
    #[arg(long, default_value_t = 8)]
    pub(crate) environments: usize,
    /// Steps of each pole from one update to the next.
    #[arg(long, default_value_t = 32)]
    pub(crate) rollout: usize,
    /// Steps of all poles together, after which the rate has come down to a tenth.
    #[arg(long, default_value_t = 500_000)]
    pub(crate) steps: u64,
    /// How large a step of the weights is at first.
    #[arg(long, default_value_t = 2e-3)]
    pub(crate) rate: f64,
    /// What a reward is worth a step later.
    #[arg(long, default_value_t = 0.98)]
    pub(crate) gamma: f64,
    /// Between 0 (one step ahead) and 1 (to the end) when advantages are estimated.
    #[arg(long, default_value_t = 0.95)]
    pub(crate) lambda: f64,
    /// How much indecision is rewarded.
    #[arg(long, default_value_t = 0.01)]
    pub(crate) entropy: f64,
    /// Neurons in each of the two hidden layers.
    #[arg(long, default_value_t = 64)]
    pub(crate) hidden: usize,
}

impl Recipe {
    /// Takes what nobody has said otherwise.
    pub(crate) fn usual() -> Self {
        Self {
            environments: 8,
            rollout: 32,
            steps: 500_000,
            rate: 2e-3,
            gamma: 0.98,
            lambda: 0.95,
            entropy: 0.01,
            hidden: 64,
        }
    }
}

#[cfg(test)]
impl Recipe {
    /// Learns for two rollouts only.
    pub(crate) fn quick() -> Self {
        Self { environments: 2, rollout: 16, steps: 64, ..Self::usual() }
    }
}

/// Chooses and learns. Actor and critic share no weights, so that the critic's large errors do not push the actor about.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    actor: Net,
    critic: Net,
    rollout: Rollout<Deed>,
    recipe: Recipe,
    nature: Nature,
    /// How often the weights have been changed.
    pub(crate) version: u64,
}

/// What was seen and done in one step.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) seen: [f64; SEEN],
    pub(crate) action: usize,
}

/// What came of a deed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came {
    pub(crate) reward: f64,
    pub(crate) terminated: bool,
    pub(crate) truncated: bool,
    /// What was seen after it, before a new episode began.
    pub(crate) then: [f64; SEEN],
}

impl Agent {
    /// Makes one that knows nothing.
    pub(crate) fn new(recipe: Recipe, dice: &mut Dice) -> Self {
        let environments = NonZeroUsize::new(recipe.environments).unwrap_or(NonZeroUsize::MIN);
        let steps = NonZeroUsize::new(recipe.rollout).unwrap_or(NonZeroUsize::MIN);
        let updates = recipe.steps / (environments.get() * steps.get()) as u64;
        let learner = Learner::adam(recipe.rate)
            .with_clip(Clip::Norm(0.5))
            .with_schedule(Schedule::Cosine { steps: updates.max(1), floor: 0.1 });
        let wide = recipe.hidden;
        let mut net = |outputs| Net::new(&[SEEN, wide, wide, outputs], learner.clone(), dice);
        let (actor, critic) = (net(ACTIONS), net(1));
        let rollout = Rollout::new(environments, RolloutLimits { steps });
        let nature = Nature::of(&recipe);
        Self { actor, critic, rollout, recipe, nature, version: 0 }
    }

    /// Returns how much the actor is for each action, a row of [`ACTIONS`] logits for each of [`SEEN`] numbers.
    pub(crate) fn logits(&self, seen: &[f64]) -> Vec<f64> {
        self.actor.forward(&scaled(seen)).output
    }

    /// Returns what the critic expects to come, discounted, for each row.
    pub(crate) fn values(&self, seen: &[f64]) -> Vec<f64> {
        self.critic.forward(&scaled(seen)).output
    }

    /// Takes in what came of one step of all poles, and learns when there is enough: true, if it did. `then` is what they show now.
    pub(crate) fn take(&mut self, came: Vec<(Deed, Came)>, then: &[f64]) -> Result<bool, BoxError> {
        let seen: Vec<f64> = came.iter().flat_map(|(deed, _)| deed.seen).collect();
        let after: Vec<f64> = came.iter().flat_map(|(_, came)| came.then).collect();
        let values = self.values(&seen);
        let finals = if came.iter().any(|(_, came)| came.truncated) {
            self.values(&after)
        } else {
            vec![0.0; came.len()]
        };
        let step = came.into_iter().enumerate().map(|(index, (deed, came))| Transition {
            item: deed,
            value: values[index],
            reward: came.reward,
            terminated: came.terminated,
            truncated: came.truncated,
            final_value: finals[index],
        });
        self.rollout.push(step)?;
        if !self.rollout.is_full() {
            return Ok(false);
        }
        let last = self.values(then);
        let batch = self.rollout.finish(&last, self.nature.gamma(), self.recipe.lambda)?;
        self.learn(&batch)?;
        Ok(true)
    }

    /// Lists all weights, the actor's first.
    pub(crate) fn genome(&self) -> Vec<f64> {
        [self.actor.genome(), self.critic.genome()].concat()
    }

    /// Takes weights as [`genome`](Self::genome) lists them.
    pub(crate) fn set_genome(&mut self, genome: &[f64]) {
        let rest = self.actor.set_genome(genome);
        self.critic.set_genome(rest);
        self.version += 1;
    }

    /// Gives it another nature.
    pub(crate) fn with_nature(mut self, nature: Nature) -> Self {
        self.become_of(nature);
        self
    }

    /// Lists all that can be inherited: its nature's genes, then its weights.
    pub(crate) fn heritage(&self) -> Vec<f64> {
        let mut heritage = self.nature.genes().to_vec();
        heritage.extend(self.genome());
        heritage
    }

    /// Takes what [`heritage`](Self::heritage) lists in place of its own. What it remembers of its gradients stays.
    pub(crate) fn inherit(&mut self, heritage: &[f64]) -> Result<(), BoxError> {
        let (wanted, came) = (GENES + self.genome().len(), heritage.len());
        if wanted != came || !heritage.iter().all(|gene| gene.is_finite()) {
            return Err(format!("{came} genes came; {wanted} finite ones are needed").into());
        }
        let (genes, weights) = heritage.split_at(GENES);
        self.become_of(Nature::read(std::array::from_fn(|place| genes[place])));
        self.set_genome(weights);
        Ok(())
    }

    fn become_of(&mut self, nature: Nature) {
        self.nature = nature;
        self.actor.set_rate(nature.rate);
        self.critic.set_rate(nature.rate);
    }

    fn learn(&mut self, batch: &Batch<Deed>) -> Result<(), BoxError> {
        let seen: Vec<f64> = batch.items.iter().flat_map(|deed| deed.seen).collect();
        let rows = scaled(&seen);
        let count = batch.items.len() as f64;
        let trace = self.actor.forward(&rows);
        let advantages = normalised(&batch.advantages);
        let by_logits: Vec<f64> = trace
            .output
            .chunks(ACTIONS)
            .zip(batch.items.iter().zip(advantages))
            .flat_map(|(logits, (deed, advantage))| {
                slope(logits, deed.action, advantage, self.nature.entropy)
            })
            .map(|by| by / count)
            .collect();
        self.actor.learn(&trace, &by_logits)?;
        let trace = self.critic.forward(&rows);
        let by_values: Vec<f64> = trace
            .output
            .iter()
            .zip(&batch.returns)
            .map(|(value, return_)| (value - return_) / count)
            .collect();
        self.critic.learn(&trace, &by_values)?;
        self.version += 1;
        Ok(())
    }
}

/// Computes the gradient, by the logits of one row, of what is to be small: `-advantage · log p(action) - entropy · H(p)`.
fn slope(logits: &[f64], action: usize, advantage: f64, entropy: f64) -> Vec<f64> {
    let likely = probabilities(logits);
    let indecision: f64 = -likely.iter().map(|p| p * p.ln()).sum::<f64>();
    let by = |(index, p): (usize, &f64)| {
        let chosen = f64::from(u8::from(index == action));
        advantage * (p - chosen) + entropy * p * (p.ln() + indecision)
    };
    likely.iter().enumerate().map(by).collect()
}

/// Computes how likely each action is, never less than what a logarithm bears.
pub(crate) fn probabilities(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - most).exp().max(1e-12)).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// Shifts and scales to mean 0 and variance 1.
fn normalised(numbers: &[f64]) -> Vec<f64> {
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
    numbers.iter().map(|number| (number - mean) / (variance.sqrt() + 1e-8)).collect()
}

/// Brings what a pole shows to about the same size: place, velocity, angle, angular velocity.
fn scaled(seen: &[f64]) -> Vec<f64> {
    const USUAL: [f64; SEEN] = [1.0, 1.0, 0.1, 1.0];
    seen.iter().zip(USUAL.iter().cycle()).map(|(number, usual)| number / usual).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_the_loss() {
        let loss = |logits: &[f64]| {
            let likely = probabilities(logits);
            -1.7 * likely[1].ln() + 0.3 * likely.iter().map(|p| p * p.ln()).sum::<f64>()
        };
        let logits = [0.4, -0.9];
        let by = slope(&logits, 1, 1.7, 0.3);
        for index in 0..2 {
            let shifted = |step: f64| {
                let mut other = logits;
                other[index] += step;
                loss(&other)
            };
            let difference = (shifted(1e-6) - shifted(-1e-6)) / 2e-6;
            assert!((by[index] - difference).abs() < 1e-8, "{by:?} {difference}");
        }
    }

    #[test]
    fn a_genome_is_all_there_is_to_an_agent() {
        let recipe = Recipe::quick();
        let mut dice = Dice::seeded(1);
        let (one, mut other) = (Agent::new(recipe.clone(), &mut dice), Agent::new(recipe, &mut dice));
        let seen = [0.1, -0.2, 0.03, 0.4];
        assert_ne!(one.logits(&seen), other.logits(&seen));
        other.set_genome(&one.genome());
        assert_eq!((one.logits(&seen), one.values(&seen)), (other.logits(&seen), other.values(&seen)));
        assert_eq!(
            one.genome().len(),
            4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2 + 4 * 64 + 64 + 64 * 64 + 64 + 64 + 1
        );
    }
}
