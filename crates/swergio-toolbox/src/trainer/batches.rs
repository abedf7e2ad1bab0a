//! Batches: what a training learns from.

use swergio_client::Tensor;

use crate::BoxError;
use crate::dice::Dice;

/// Holds one batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<X = Tensor, T = Tensor> {
    /// What goes into the chain.
    pub input: X,
    /// What its output is judged by.
    pub target: T,
    /// How much it counts in means over batches: its samples, say. Above 0.
    pub weight: f64,
}

impl<X, T> Batch<X, T> {
    /// Makes a batch that counts as much as others.
    pub fn new(input: X, target: T) -> Self {
        Self { input, target, weight: 1.0 }
    }
}

/// Deals out the batches of each epoch.
pub trait Batches: Send {
    /// What goes in.
    type Input: Send + Sync + 'static;
    /// What the output is judged by.
    type Target: Send + Sync + 'static;

    /// Begins an epoch, the first of which is 1, and tells how many batches it has.
    fn begin(&mut self, epoch: u64) -> usize;

    /// Returns a batch of the epoch that was begun, the first of which is 0. Each is asked for once, in order.
    ///
    /// # Errors
    /// Whatever keeps it from being read or drawn; training ends with it.
    fn batch(&mut self, place: usize) -> Result<Batch<Self::Input, Self::Target>, BoxError>;
}

/// Deals rows of tensors that are in memory, in an order that a seed gives anew for each epoch.
#[derive(Clone, Debug)]
pub struct Rows {
    inputs: Tensor,
    targets: Tensor,
    size: usize,
    seed: Option<u64>,
    order: Vec<usize>,
}

impl Rows {
    /// Takes inputs and targets, a sample to each row of both, and how many make a batch; the last of an epoch may be smaller.
    ///
    /// # Errors
    /// When they have no rows, or not as many as each other, or `size` is 0.
    pub fn new(inputs: Tensor, targets: Tensor, size: usize) -> Result<Self, BoxError> {
        let (rows, others) = (inputs.shape().first(), targets.shape().first());
        match (rows, others) {
            (Some(rows), Some(others)) if rows == others && *rows > 0 && size > 0 => {
                let order = (0..*rows).collect();
                Ok(Self { inputs, targets, size, seed: None, order })
            }
            _ => Err(format!(
                "inputs {inputs} and targets {targets} must have as many rows, and batches of {size} at least one"
            )
            .into()),
        }
    }

    /// Deals the rows in a random order, another one in each epoch, the same ones from the same seed. They are dealt in order.
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }
}

impl Batches for Rows {
    type Input = Tensor;
    type Target = Tensor;

    fn begin(&mut self, epoch: u64) -> usize {
        if let Some(seed) = self.seed {
            self.order = (0..self.order.len()).collect();
            dice_of(seed, epoch).shuffle(&mut self.order);
        }
        self.order.len().div_ceil(self.size)
    }

    fn batch(&mut self, place: usize) -> Result<Batch, BoxError> {
        let first = place * self.size;
        let rows = &self.order[first..self.order.len().min(first + self.size)];
        let weight = rows.len() as f64;
        Ok(Batch { input: take(&self.inputs, rows)?, target: take(&self.targets, rows)?, weight })
    }
}

/// Draws each batch anew, from dice that a seed and the epoch give: where samples can be made up, there is no need of a data set.
pub struct Drawn<F> {
    count: usize,
    seed: u64,
    same: bool,
    dice: Dice,
    draw: F,
}

impl<F> Drawn<F> {
    /// Draws so many batches an epoch by a closure that is handed the dice.
    pub fn new<X, T>(count: usize, seed: u64, draw: F) -> Self
    where
        F: FnMut(&mut Dice) -> Result<Batch<X, T>, BoxError>,
    {
        Self { count, seed, same: false, dice: dice_of(seed, 0), draw }
    }

    /// Draws the same batches in each epoch, as validation wants.
    #[must_use]
    pub fn the_same(self) -> Self {
        Self { same: true, ..self }
    }
}

impl<F, X, T> Batches for Drawn<F>
where
    F: FnMut(&mut Dice) -> Result<Batch<X, T>, BoxError> + Send,
    X: Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    type Input = X;
    type Target = T;

    fn begin(&mut self, epoch: u64) -> usize {
        self.dice = dice_of(self.seed, if self.same { 0 } else { epoch });
        self.count
    }

    fn batch(&mut self, _: usize) -> Result<Batch<X, T>, BoxError> {
        (self.draw)(&mut self.dice.fork())
    }
}

impl<F> std::fmt::Debug for Drawn<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drawn").field("count", &self.count).field("seed", &self.seed).finish_non_exhaustive()
    }
}

/// Gives each epoch of each seed dice of its own.
fn dice_of(seed: u64, epoch: u64) -> Dice {
    // Seeds and epochs are small numbers; spread out, no two pairs of them meet.
    Dice::seeded(seed.wrapping_add(epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

/// Copies rows.
fn take(tensor: &Tensor, rows: &[usize]) -> Result<Tensor, BoxError> {
    let (count, rest) = tensor.shape().split_first().ok_or("a single number has no rows")?;
    let size = tensor.data().len() / count;
    let mut data = Vec::with_capacity(rows.len() * size);
    for row in rows {
        data.extend_from_slice(&tensor.data()[row * size..(row + 1) * size]);
    }
    Ok(Tensor::new(tensor.dtype(), [&[rows.len()], rest].concat(), data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(size: usize) -> Rows {
        let numbers: Vec<f32> = (0..10).map(|number| number as f32).collect();
        let targets: Vec<i64> = (0..5).collect();
        let inputs = Tensor::from_f32([5, 2], &numbers).unwrap();
        Rows::new(inputs, Tensor::from_i64([5], &targets).unwrap(), size).unwrap()
    }

    fn deal(batches: &mut impl Batches<Input = Tensor, Target = Tensor>, epoch: u64) -> Vec<Batch> {
        (0..batches.begin(epoch)).map(|place| batches.batch(place).unwrap()).collect()
    }

    fn targets(batches: &[Batch]) -> Vec<i64> {
        batches.iter().flat_map(|batch| batch.target.to_i64_vec()).collect()
    }

    #[test]
    fn rows_come_with_their_targets_and_the_last_batch_is_smaller() {
        let dealt = deal(&mut rows(2), 1);
        assert_eq!(dealt.iter().map(|batch| batch.weight).collect::<Vec<_>>(), [2.0, 2.0, 1.0]);
        assert_eq!(dealt[1].input, Tensor::from_f32([2, 2], &[4.0, 5.0, 6.0, 7.0]).unwrap());
        assert_eq!(dealt[1].target, Tensor::from_i64([2], &[2, 3]).unwrap());
        assert_eq!(dealt[2].input.shape(), [1, 2]);
    }

    #[test]
    fn a_seed_gives_each_epoch_its_order_the_same_in_every_run() {
        let (mut one, mut again) = (rows(2).shuffled(7), rows(2).shuffled(7));
        let epochs: Vec<Vec<i64>> = (1..=3).map(|epoch| targets(&deal(&mut one, epoch))).collect();
        assert_eq!(targets(&deal(&mut again, 3)), epochs[2]);
        assert!(epochs[0] != epochs[1] || epochs[1] != epochs[2]);
        for batch in deal(&mut one, 1) {
            let firsts: Vec<i64> = batch.input.to_i64_vec().chunks(2).map(|row| row[0] / 2).collect();
            assert_eq!(firsts, batch.target.to_i64_vec());
        }
        let mut sorted = epochs[0].clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn rows_that_do_not_belong_together_are_refused() {
        let three = Tensor::from_f32([3], &[0.0; 3]).unwrap();
        let four = Tensor::from_f32([4], &[0.0; 4]).unwrap();
        assert!(Rows::new(three.clone(), four, 2).is_err());
        assert!(Rows::new(three.clone(), three, 0).is_err());
        let none = Tensor::from_f32([0, 3], &[]).unwrap();
        assert!(Rows::new(none.clone(), none, 1).is_err());
    }

    #[test]
    fn drawn_batches_differ_unless_they_are_to_be_the_same() {
        let draw = |dice: &mut Dice| {
            let numbers = [dice.uniform(), dice.uniform()];
            let drawn = Tensor::from_f64([2], &numbers)?;
            Ok(Batch::new(drawn.clone(), drawn))
        };
        let mut drawn = Drawn::new(3, 7, draw);
        let (first, second) = (deal(&mut drawn, 1), deal(&mut drawn, 2));
        assert!(first[0] != first[1] && first[0] != second[0]);
        assert_eq!(deal(&mut Drawn::new(3, 7, draw), 2), second);
        let mut same = Drawn::new(3, 7, draw).the_same();
        assert_eq!(deal(&mut same, 1), deal(&mut same, 2));
    }
}
