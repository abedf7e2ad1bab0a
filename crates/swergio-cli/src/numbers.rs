//! Numbers: how many there are, in which shape, and how large; not the numbers themselves.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};
use swergio_proto::{Dtype, Tensor};

/// Sums up a tensor, or nested lists of numbers, which are tensors in another spelling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Numbers {
    dtype: Dtype,
    shape: Vec<usize>,
    /// The sum of the squares.
    squares: f64,
    /// The smallest and the largest; NaN when one of them is, nothing when there are none.
    range: Option<(f64, f64)>,
}

impl Numbers {
    /// Sums up one number.
    pub(crate) fn one(dtype: Dtype, number: f64) -> Self {
        Self { dtype, shape: Vec::new(), squares: number * number, range: Some((number, number)) }
    }

    pub(crate) fn of(tensor: &Tensor) -> Self {
        Self {
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            squares: tensor.norm().powi(2),
            range: tensor.min().zip(tensor.max()),
        }
    }

    /// Takes in the next row of the same shape. False, and nothing changes, when it is of another.
    pub(crate) fn join(&mut self, row: &Self) -> bool {
        let Some(dtype) = common(self.dtype, row.dtype).filter(|_| self.shape == row.shape) else {
            return false;
        };
        self.dtype = dtype;
        self.squares += row.squares;
        self.range = match (self.range, row.range) {
            (Some(ours), Some(theirs)) => Some((least(ours.0, theirs.0), -least(-ours.1, -theirs.1))),
            (ours, theirs) => ours.or(theirs),
        };
        true
    }

    /// Makes `count` joined rows into one list of them.
    pub(crate) fn rows(mut self, count: usize) -> Self {
        self.shape.insert(0, count);
        self
    }

    fn norm(&self) -> f64 {
        self.squares.sqrt()
    }
}

/// Finds the dtype of a list that holds both.
fn common(one: Dtype, other: Dtype) -> Option<Dtype> {
    let number = |dtype| dtype != Dtype::Bool;
    match one == other {
        true => Some(one),
        false if number(one) && number(other) => Some(Dtype::F64),
        false => None,
    }
}

fn least(one: f64, other: f64) -> f64 {
    if one <= other || one.is_nan() { one } else { other }
}

/// Reads as [`Tensor`]'s own summary does.
impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?} norm ", self.dtype, self.shape)?;
        match self.norm() {
            norm if (0.01..1e6).contains(&norm) || norm == 0.0 => write!(f, "{norm:.2}"),
            norm if norm.is_finite() => write!(f, "{norm:.2e}"),
            norm => write!(f, "{norm}"),
        }
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(5))?;
        map.serialize_entry("dtype", self.dtype.name())?;
        map.serialize_entry("shape", &self.shape)?;
        map.serialize_entry("norm", &self.norm())?;
        map.serialize_entry("min", &self.range.map(|(min, _)| min))?;
        map.serialize_entry("max", &self.range.map(|(_, max)| max))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_the_tensors_own_summary() {
        for numbers in [&[3.0, 0.0, 0.0, 4.0], &[1e-9; 4], &[2e30; 4], &[f32::NAN; 4], &[0.0; 4]] {
            let tensor = Tensor::from_f32([2, 2], numbers).unwrap();
            assert_eq!(Numbers::of(&tensor).to_string(), tensor.to_string());
        }
        let empty = Tensor::from_f32([2, 0], &[]).unwrap();
        assert_eq!(Numbers::of(&empty).to_string(), empty.to_string());
    }

    #[test]
    fn rows_of_one_shape_join() {
        let mut row = Numbers::one(Dtype::I64, 3.0);
        assert!(row.join(&Numbers::one(Dtype::F64, -4.0)));
        let mut list = row.rows(2);
        assert!(!list.clone().join(&Numbers::one(Dtype::F64, 1.0)));
        assert!(!list.join(&Numbers::one(Dtype::Bool, 1.0).rows(2)));
        assert_eq!(
            list,
            Numbers { dtype: Dtype::F64, shape: vec![2], squares: 25.0, range: Some((-4.0, 3.0)) }
        );
    }

    #[test]
    fn one_nan_is_not_lost() {
        for order in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
            let mut numbers = Numbers::one(Dtype::F64, order[0]);
            numbers.join(&Numbers::one(Dtype::F64, order[1]));
            let (min, max) = numbers.range.unwrap();
            assert!(min.is_nan() && max.is_nan() && numbers.norm().is_nan());
        }
    }
}
