//! Network: how likely each rating of a melody is.

use candle_core::{Device, Result, Tensor, Var};
use candle_nn::{Linear, Module, VarMap};
use swergio_client::Tensor as Rows;
use swergio_toolbox::bridge::candle::{CandleModule, to_candle, to_tensor};
use swergio_toolbox::dice::Dice;
use swergio_toolbox::step::Learner;
use swergio_toolbox::{BoxError, Differentiable, MessageId, ModelStatus, Pass};

use crate::genome::{BITS, Genome};

/// Ratings that there are: 0 to 5.
pub(crate) const RATINGS: usize = 6;
/// How wide each layer is, from the bits of a melody to a score for each rating.
const LAYERS: [usize; 5] = [BITS, 2 * BITS, 64, 16, RATINGS];
/// The rate at which Adam learns, and the decay of the weights beside it (AdamW).
const RATE: f64 = 1e-3;
const DECAY: f64 = 1.0;
/// How large each bit of a note is before the first layer, the least bit first: about as much as it says. The last, which makes a rest of a note,
/// says most; so the rater sees soon what few labels can show. All are small, so that it begins almost straight, and bends only where labels ask for it:
/// much larger it would know a hundred labels by heart, and little beyond them.
const SIZES: [f32; 4] = [0.01, 0.03, 0.08, 0.25];

/// Holds what the rater thinks of one melody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Opinion {
    /// How likely each rating is.
    pub(crate) probabilities: Vec<f64>,
}

impl Opinion {
    /// Returns the expected rating, 0 to 5: the fitness of the melody.
    pub(crate) fn expected(&self) -> f64 {
        (0..).zip(&self.probabilities).map(|(rating, likely)| f64::from(rating) * likely).sum()
    }

    /// Returns the likeliest rating.
    pub(crate) fn likeliest(&self) -> u8 {
        let mut likeliest = (0, f64::NEG_INFINITY);
        for (rating, likely) in (0..).zip(&self.probabilities) {
            if *likely > likeliest.1 {
                likeliest = (rating, *likely);
            }
        }
        likeliest.0
    }

    /// Reads the scores of several melodies, `[melodies, 6]`.
    pub(crate) fn of_scores(scores: &Rows) -> Vec<Self> {
        scores.to_f64_vec().chunks(RATINGS).map(Self::of).collect()
    }

    fn of(scores: &[f64]) -> Self {
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let heights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
        let whole: f64 = heights.iter().sum();
        Self { probabilities: heights.into_iter().map(|height| height / whole).collect() }
    }
}

/// Builds a rater, from weights that the seed decides: it takes bits as `[melodies, 128]`, 0 or 1, and gives scores as `[melodies, 6]`.
///
/// # Errors
/// When candle has no room.
pub(crate) fn network(seed: u64) -> Result<CandleModule> {
    let vars = VarMap::new();
    let layers = draw(&vars, seed)?;
    let sizes = Tensor::from_vec(SIZES.repeat(BITS / SIZES.len()), BITS, &Device::Cpu)?;
    let forward = move |x: &Tensor| {
        let (last, hidden) = layers.split_last().expect("there are layers");
        let sized = x.affine(2.0, -1.0)?.broadcast_mul(&sizes)?;
        let deep = hidden.iter().try_fold(sized, |x, layer| layer.forward(&x)?.relu())?;
        last.forward(&deep)
    };
    Ok(CandleModule::new(vars, forward).with_learner(Learner::adamw(RATE, DECAY)))
}

/// Asks a rater what it thinks. It learns nothing from that.
///
/// # Errors
/// When the network fails.
pub(crate) fn opinions<D>(rater: &mut D, genomes: &[Genome]) -> std::result::Result<Vec<Opinion>, BoxError>
where
    D: Differentiable<Input = Tensor, Output = Tensor>,
{
    let pass = Pass { status: ModelStatus::VALIDATE, ..Pass::train(MessageId::new("opinion")) };
    let scores = rater.infer(to_candle(&rows(genomes), &Device::Cpu)?, &pass)?;
    Ok(Opinion::of_scores(&to_tensor(&scores)?))
}

/// Spells melodies as the rater takes them: `[melodies, 128]`.
pub(crate) fn rows(genomes: &[Genome]) -> Rows {
    let bits: Vec<f32> =
        genomes.iter().flat_map(|genome| genome.bits()).map(|bit| f32::from(u8::from(*bit))).collect();
    Rows::from_f32([genomes.len(), BITS], &bits).expect("each genome has its bits")
}

/// Draws the weights as PyTorch does, and shares them with `vars` under the names that PyTorch gives them in a `Sequential`.
fn draw(vars: &VarMap, seed: u64) -> Result<Vec<Linear>> {
    let mut dice = Dice::seeded(seed);
    let mut layers = Vec::new();
    for (number, pair) in LAYERS.windows(2).enumerate() {
        let (ins, outs) = (pair[0], pair[1]);
        let reach = 1.0 / (ins as f64).sqrt();
        let mut some =
            |count: usize| (0..count).map(|_| dice.between(-reach, reach) as f32).collect::<Vec<_>>();
        let weight = Var::from_vec(some(ins * outs), (outs, ins), &Device::Cpu)?;
        let bias = Var::from_vec(some(outs), outs, &Device::Cpu)?;
        layers.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
        let mut named = vars.data().lock().expect("nobody panics while holding it");
        named.insert(format!("layers.{}.weight", 2 * number), weight);
        named.insert(format!("layers.{}.bias", 2 * number), bias);
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rater_that_has_learned_nothing_finds_every_rating_about_as_likely() {
        let mut dice = Dice::seeded(1);
        let genomes: Vec<Genome> = (0..20).map(|_| Genome::by_chance(&mut dice)).collect();
        let mut rater = network(1).unwrap();
        let opinions = opinions(&mut rater, &genomes).unwrap();
        assert_eq!(opinions.len(), 20);
        for opinion in opinions {
            assert!(opinion.probabilities.iter().all(|likely| (0.05..0.35).contains(likely)), "{opinion:?}");
            assert!((opinion.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn an_opinion_has_a_mean_and_a_likeliest_rating() {
        let opinion = Opinion { probabilities: vec![0.1, 0.0, 0.4, 0.0, 0.0, 0.5] };
        assert_eq!((opinion.likeliest(), opinion.expected()), (5, 3.3));
    }
}
