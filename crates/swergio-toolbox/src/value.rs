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
    /// Tensors by name, in the order of the ports, no name twice. None at all where nothing is differentiable.
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

    /// Reads `DATA`: one tensor, nested lists or a number; or a map of these by name. Tensors share the received bytes.
    ///
    /// # Errors
    /// [`UNREADABLE`](PassFault), with the name of what is no tensor.
    pub fn read(body: &Body) -> Result<Self, PassFault> {
        match body.entries().filter(|_| !body.is_tensor()) {
            None => body.tensor().map(Self::One).map_err(PassFault::unreadable),
            Some(entries) => {
                let read = |(name, body): (String, Body)| match body.tensor() {
                    Ok(tensor) => Ok((name, tensor)),
                    Err(fault) => Err(PassFault::unreadable(fault).on_port(name)),
                };
                entries.into_iter().map(read).collect::<Result<_, _>>().map(Self::Named)
            }
        }
    }

    /// Makes values of tensors with the names of their ports.
    ///
    /// ```
    /// use swergio_toolbox::{Tensor, Values};
    ///
    /// let values = Values::named([("angle", Tensor::from_f64([1], &[40.0])?), ("weight", Tensor::from_f64([1], &[200.0])?)]);
    /// assert_eq!(values.tensor("angle")?.to_f64_vec(), [40.0]);
    /// assert_eq!(values.tensor("wind").unwrap_err().code(), "PORT_MISSING");
    /// # Ok::<(), swergio_toolbox::BoxError>(())
    /// ```
    pub fn named<N: Into<String>>(tensors: impl IntoIterator<Item = (N, Tensor)>) -> Self {
        Self::Named(tensors.into_iter().map(|(name, tensor)| (name.into(), tensor)).collect())
    }

    /// Returns the tensor of a port.
    ///
    /// # Errors
    /// [`PORT_MISSING`](PassFault) when there is none of this name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, PassFault> {
        let found = self.iter().find(|(port, _)| *port == name).map(|(_, tensor)| tensor);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.iter().map(|(port, _)| port).collect();
            PassFault::new("PORT_MISSING", "there is no tensor of this name")
                .on_port(name)
                .declared_received(name, format!("{names:?}"))
        })
    }

    /// Counts the bytes of all numbers.
    pub fn bytes(&self) -> usize {
        self.iter().map(|(_, tensor)| tensor.data().len()).sum()
    }

    /// Spells them as `DATA`.
    ///
    /// # Errors
    /// [`UNREADABLE`](PassFault) when they cannot be spelt.
    pub fn into_body(self) -> Result<Body, PassFault> {
        match self {
            Self::One(tensor) => Ok(tensor.into()),
            Self::Named(named) => {
                let bodies = named.iter().map(|(name, tensor)| (name.as_str(), tensor.clone().into()));
                Body::of_entries(bodies).map_err(PassFault::unreadable)
            }
        }
    }
}

/// Converts a type to and from what crosses the wire, so that a component is written in the types of its library.
///
/// Implemented for [`Values`], [`Tensor`], `f64`, and `Vec` of `f64` and `f32` (one dimension), and behind features for ndarray's and candle's arrays.
pub trait Value: Sized + Send + 'static {
    /// Takes what came.
    ///
    /// # Errors
    /// [`UNREADABLE`](PassFault) when it has another number of tensors, another dtype or another rank.
    fn from_values(values: Values) -> Result<Self, PassFault>;

    /// Hands over what is to be sent.
    ///
    /// # Errors
    /// [`UNREADABLE`](PassFault) when it is no tensor: ragged, say.
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
            _ => Err(PassFault::unreadable(format!("one number is wanted, {tensor} came"))),
        }
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Tensor::from_f64([], &[self]).map(Values::One).map_err(PassFault::unreadable)
    }
}

impl Value for Tensor {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        match values {
            Values::One(tensor) => Ok(tensor),
            Values::Named(mut named) if named.len() == 1 => Ok(named.remove(0).1),
            Values::Named(named) => {
                Err(PassFault::unreadable(format!("one tensor is wanted, {} came", named.len())))
            }
        }
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Ok(Values::One(self))
    }
}

impl Value for Vec<f64> {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        row(values).map(|tensor| tensor.to_f64_vec())
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Tensor::from_f64([self.len()], &self).map(Values::One).map_err(PassFault::unreadable)
    }
}

impl Value for Vec<f32> {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        row(values).map(|tensor| tensor.to_f32_vec())
    }

    fn into_values(self) -> Result<Values, PassFault> {
        Tensor::from_f32([self.len()], &self).map(Values::One).map_err(PassFault::unreadable)
    }
}

fn row(values: Values) -> Result<Tensor, PassFault> {
    let tensor = Tensor::from_values(values)?;
    if tensor.shape().len() == 1 {
        return Ok(tensor);
    }
    Err(PassFault::unreadable(format!("numbers in one dimension are wanted, {tensor} came")))
}
