//! Layout: the floats of one value as one row of numbers, whatever ports and shapes they have.

use std::fmt;
use std::ops::Range;

use swergio_client::{Dtype, Tensor};

use crate::{BoxError, PassFault, Values};

/// Says how the numbers of a [`Values`] lie in one row. Integers and truth values are carried along, and are no coordinates.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    ports: Vec<Part>,
    named: bool,
    len: usize,
}

/// One tensor of a value.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The port's name; empty for a value that is one tensor.
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    /// Its coordinates; none when it has no floats.
    pub(crate) range: Range<usize>,
    /// What is carried along when it has no floats.
    fixed: Option<Tensor>,
}

/// Tells whether a dtype has derivatives.
pub(crate) fn is_float(dtype: Dtype) -> bool {
    matches!(dtype, Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64)
}

/// Returns the largest relative error of rounding to a dtype.
pub(crate) fn epsilon(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::Bf16 => 2f64.powi(-8),
        Dtype::F16 => 2f64.powi(-11),
        Dtype::F32 => 2f64.powi(-24),
        _ => 2f64.powi(-53),
    }
}

impl Layout {
    /// Lays a value out.
    pub(crate) fn of(values: &Values) -> Self {
        Self::holding(values, &[])
    }

    /// Lays a value out; the ports that are held are carried along as integers are.
    pub(crate) fn holding(values: &Values, held: &[String]) -> Self {
        let mut len = 0;
        let part = |(name, tensor): (&str, &Tensor)| {
            let float = is_float(tensor.dtype()) && !held.iter().any(|held| held == name);
            let range = len..len + if float { tensor.len() } else { 0 };
            len = range.end;
            let fixed = (!float).then(|| tensor.clone());
            Part {
                name: name.to_owned(),
                dtype: tensor.dtype(),
                shape: tensor.shape().to_vec(),
                range,
                fixed,
            }
        };
        let ports = values.iter().map(part).collect();
        Self { ports, named: matches!(values, Values::Named(_)), len }
    }

    /// Counts the coordinates.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Lists the tensors.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.ports
    }

    /// Finds the tensor that a coordinate belongs to.
    pub(crate) fn part_of(&self, coordinate: usize) -> &Part {
        let holds = |part: &&Part| part.range.contains(&coordinate);
        self.ports.iter().find(holds).expect("a coordinate lies in a part")
    }

    /// Returns the largest rounding error among the floats' dtypes.
    pub(crate) fn epsilon(&self) -> f64 {
        let floats = self.ports.iter().filter(|part| is_float(part.dtype));
        floats.map(|part| epsilon(part.dtype)).fold(0.0, f64::max)
    }

    /// Reads the coordinates of a value laid out like this, whatever its dtypes.
    pub(crate) fn read(&self, values: &Values) -> Result<Vec<f64>, Misfit> {
        let mut row = Vec::with_capacity(self.len);
        let given: Vec<(&str, &Tensor)> = values.iter().collect();
        for part in &self.ports {
            let found =
                given.iter().find(|(name, _)| *name == part.name || (!self.named && given.len() == 1));
            match found {
                Some((_, tensor)) if part.range.is_empty() || tensor.shape() == part.shape => {
                    if !part.range.is_empty() {
                        row.extend(tensor.to_f64_vec());
                    }
                }
                Some((_, tensor)) => {
                    return Err(Misfit::Shape {
                        port: part.name.clone(),
                        wanted: part.shape.clone(),
                        came: tensor.shape().to_vec(),
                    });
                }
                None if part.range.is_empty() => {}
                None => return Err(Misfit::Missing { port: part.name.clone() }),
            }
        }
        let known = |name: &str| self.ports.iter().any(|part| part.name == name);
        match given.iter().find(|(name, _)| self.named && !known(name)) {
            Some((name, _)) => Err(Misfit::Unknown { port: (*name).to_owned() }),
            None => Ok(row),
        }
    }

    /// Makes a value of coordinates; each is rounded to its port's dtype.
    pub(crate) fn write(&self, row: &[f64]) -> Result<Values, BoxError> {
        let mut named = Vec::with_capacity(self.ports.len());
        for part in &self.ports {
            let tensor = match &part.fixed {
                Some(fixed) => fixed.clone(),
                None => Tensor::from_f64(part.shape.clone(), &row[part.range.clone()])
                    .map_err(|fault| PassFault::unreadable(&fault))?
                    .to_dtype(part.dtype),
            };
            named.push((part.name.clone(), tensor));
        }
        Ok(match self.named {
            true => Values::Named(named),
            false => Values::One(named.remove(0).1),
        })
    }
}

impl Part {
    /// Says where a coordinate lies in the tensor.
    pub(crate) fn place(&self, coordinate: usize) -> Vec<usize> {
        let mut rest = coordinate - self.range.start;
        let mut place = vec![0; self.shape.len()];
        for (index, length) in place.iter_mut().zip(&self.shape).rev() {
            *index = rest % length;
            rest /= length;
        }
        place
    }
}

/// Tells how a gradient is not laid out like what it is the gradient of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    Shape { port: String, wanted: Vec<usize>, came: Vec<usize> },
    Missing { port: String },
    Unknown { port: String },
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { port, wanted, came } if port.is_empty() => {
                write!(f, "the shape is {came:?} and should be {wanted:?}")
            }
            Self::Shape { port, wanted, came } => {
                write!(f, "the shape at port {port:?} is {came:?} and should be {wanted:?}")
            }
            Self::Missing { port } => write!(f, "there is nothing for port {port:?}"),
            Self::Unknown { port } => write!(f, "there is no port {port:?}"),
        }
    }
}

impl std::error::Error for Misfit {}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize], numbers: &[f64]) -> Tensor {
        Tensor::from_f64(shape, numbers).unwrap()
    }

    #[test]
    fn ports_lie_one_after_another_and_integers_are_carried_along() {
        let values = Values::Named(vec![
            ("wind".into(), tensor(&[2], &[1.0, 2.0])),
            ("kind".into(), Tensor::from_i64([1], &[7]).unwrap()),
            ("target".into(), tensor(&[1, 2], &[3.0, 4.0]).to_dtype(Dtype::F32)),
        ]);
        let layout = Layout::of(&values);
        assert_eq!(layout.read(&values).unwrap(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(layout.write(&[1.0, 2.0, 3.0, 4.0]).unwrap(), values);
        assert_eq!((layout.part_of(3).name.as_str(), layout.part_of(3).place(3)), ("target", vec![0, 1]));
        assert_eq!(layout.epsilon(), 2f64.powi(-24));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let layout = Layout::of(&Values::Named(vec![("a".into(), tensor(&[2], &[1.0, 2.0]))]));
        let other = |name: &str, shape: &[usize]| {
            layout.read(&Values::Named(vec![(name.into(), tensor(shape, &[1.0, 2.0]))])).unwrap_err()
        };
        assert_eq!(other("a", &[1, 2]).to_string(), "the shape at port \"a\" is [1, 2] and should be [2]");
        assert_eq!(other("b", &[2]).to_string(), "there is nothing for port \"a\"");
    }
}
