//! Value: what crosses between components, as tensors and as types of one's own.

use swergio_client::{Body, Tensor};

use crate::PassFault;

/// Holds what one message carries: one tensor, or several by name.
///
/// On the wire one tensor is `DATA` itself, several are a map in `DATA` whose keys are the names of the ports.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// One tensor without a name.
    One(Tensor),
    /// Tensors by name, in the order of the ports; at least one, no name twice.
    Named(Vec<(String, Tensor)>),
}

impl Values {
    /// Returns the tensors with their names; the only one of [`One`](Self::One) has the empty name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        let (one, named) = match self {
            Self::One(tensor) => (Some(("", tensor)), [].as_slice()),
            Self::Named(named) => (None, named.as_slice()),
        };
        one.into_iter().chain(named.iter().map(|(name, tensor)| (name.as_str(), tensor)))
    }

    /// Spells them as `DATA`.
    ///
    /// # Errors
    /// [`PassFault::Unreadable`] when they cannot be spelt.
    pub fn into_body(self) -> Result<Body, PassFault> {
        match self {
            Self::One(tensor) => Ok(tensor.into()),
            Self::Named(named) => {
                let map: std::collections::BTreeMap<String, Tensor> = named.into_iter().collect();
                Body::of(&map).map_err(|fault| PassFault::unreadable(&fault))
            }
        }
    }
}

/// Converts a type to and from what crosses the wire, so that a component is written in the types of its library.
///
/// Implemented for [`Values`], [`Tensor`] and `f64`, and behind features for ndarray's and candle's arrays.
pub trait Value: Sized + Send + 'static {
    /// Takes what came.
    ///
    /// # Errors
    /// [`PassFault::Unreadable`] when it has another number of tensors, another dtype or another rank.
    fn from_values(values: Values) -> Result<Self, PassFault>;

    /// Hands over what is to be sent.
    ///
    /// # Errors
    /// [`PassFault::Unreadable`] when it is no tensor: ragged, say.
    fn into_values(self) -> Result<Values, PassFault>;
}

impl Value for Values {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        Ok(values)
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Ok(self)
    }
}

impl Value for f64 {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        let tensor = Tensor::from_values(values)?;
        match tensor.to_f64_vec()[..] {
            [number] => Ok(number),
            _ => Err(PassFault::Unreadable(format!("one number is wanted, {tensor} came"))),
        }
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Tensor::from_f64([], &[self]).map(Values::One).map_err(|fault| PassFault::unreadable(&fault))
    }
}

impl Value for Tensor {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        match values {
            Values::One(tensor) => Ok(tensor),
            Values::Named(mut named) if named.len() == 1 => Ok(named.remove(0).1),
            Values::Named(named) => {
                Err(PassFault::Unreadable(format!("one tensor is wanted, {} came", named.len())))
            }
        }
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Ok(Values::One(self))
    }
}
