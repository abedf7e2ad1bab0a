//! Summary: a tensor in a few numbers and a line to draw.

use serde::Serialize;
use swergio_proto::Tensor;

/// Numbers that are looked at, at most: of a larger tensor some blocks, spread evenly.
const LOOKED_AT: usize = 64 << 10;
/// Blocks that a larger tensor is looked at in.
const BLOCKS: usize = 64;
/// Points of the line.
const POINTS: usize = 32;

/// Tells what there is to see of a tensor. Figures are over the finite numbers that were looked at.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Summary {
    /// NumPy's type string.
    dtype: &'static str,
    shape: Vec<usize>,
    min: Option<f64>,
    max: Option<f64>,
    mean: Option<f64>,
    /// The Euclidean length; of a larger tensor an estimate.
    norm: f64,
    /// Numbers that are NaN.
    nan: usize,
    /// Numbers that are infinite.
    inf: usize,
    /// Numbers that were looked at; fewer than there are in a large tensor.
    seen: usize,
    /// Means of equal parts, for a line: fewer than 32 where there are fewer numbers.
    spark: Vec<Option<f32>>,
}

impl Summary {
    pub(super) fn of(tensor: &Tensor) -> Self {
        let numbers = look_at(tensor);
        let finite: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
        let squares: f64 = finite.iter().map(|number| number * number).sum();
        let share = tensor.len() as f64 / numbers.len().max(1) as f64;
        let some = |number: f64| (!finite.is_empty()).then_some(number);
        Self {
            dtype: tensor.dtype().name(),
            shape: tensor.shape().to_vec(),
            min: some(finite.iter().copied().fold(f64::INFINITY, f64::min)),
            max: some(finite.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
            mean: some(finite.iter().sum::<f64>() / finite.len().max(1) as f64),
            norm: (squares * share).sqrt(),
            nan: numbers.iter().filter(|number| number.is_nan()).count(),
            inf: numbers.iter().filter(|number| number.is_infinite()).count(),
            seen: numbers.len(),
            spark: spark(&numbers),
        }
    }
}

/// Reads all numbers of a tensor, or of a large one evenly spread blocks.
fn look_at(tensor: &Tensor) -> Vec<f64> {
    if tensor.len() <= LOOKED_AT {
        return tensor.to_f64_vec();
    }
    let (size, block) = (tensor.dtype().size(), LOOKED_AT / BLOCKS);
    let blocks = (0..BLOCKS).filter_map(|at| {
        let from = at * (tensor.len() - block) / (BLOCKS - 1) * size;
        Tensor::new(tensor.dtype(), [block], tensor.data().slice(from..from + block * size)).ok()
    });
    blocks.flat_map(|block| block.to_f64_vec()).collect()
}

fn spark(numbers: &[f64]) -> Vec<Option<f32>> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let points = POINTS.min(numbers.len());
    let part = |at: usize| &numbers[at * numbers.len() / points..(at + 1) * numbers.len() / points];
    (0..points)
        .map(|at| {
            let part = part(at);
            let mean = part.iter().sum::<f64>() / part.len() as f64;
            mean.is_finite().then_some(mean as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finite_is_counted_and_left_out_of_the_figures() {
        let tensor = Tensor::from_f64([5], &[3.0, f64::NAN, -4.0, f64::INFINITY, f64::NEG_INFINITY]).unwrap();
        let summary = Summary::of(&tensor);
        assert_eq!((summary.nan, summary.inf, summary.seen), (1, 2, 5));
        assert_eq!((summary.min, summary.max, summary.mean), (Some(-4.0), Some(3.0), Some(-0.5)));
        assert_eq!(summary.norm, (25.0_f64 * 1.0).sqrt());
        assert_eq!(summary.spark[1], None);
    }

    #[test]
    fn of_a_large_tensor_a_part_is_looked_at_from_end_to_end() {
        let numbers: Vec<f32> = (0..1_000_000).map(|number| number as f32).collect();
        let summary = Summary::of(&Tensor::from_f32([1000, 1000], &numbers).unwrap());
        assert_eq!(summary.seen, LOOKED_AT);
        assert_eq!((summary.min, summary.max), (Some(0.0), Some(999_999.0)));
        let norm = numbers.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        assert!((summary.norm / norm - 1.0).abs() < 0.02, "{} beside {norm}", summary.norm);
        assert_eq!(summary.spark.len(), POINTS);
    }

    #[test]
    fn of_nothing_there_is_nothing_to_say() {
        let summary = Summary::of(&Tensor::from_f32([2, 0], &[]).unwrap());
        assert_eq!((summary.min, summary.norm, summary.spark.len()), (None, 0.0, 0));
    }
}
