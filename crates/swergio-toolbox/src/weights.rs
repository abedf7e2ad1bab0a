//! Weights: what a component has learned, as named tensors that can be read and replaced.

use std::collections::BTreeMap;

use swergio_client::{Dtype, Tensor};

use crate::BoxError;

/// Holds tensors by name, in the order of the names.
pub type Tensors = BTreeMap<String, Tensor>;

/// Gives and takes a component's weights, so that they can be saved, restored and bred.
///
/// ```
/// use swergio_toolbox::{BoxError, Tensor, step::Learner, weights::{Tensors, Weights}};
///
/// struct Gain {
///     weight: f64,
///     learner: Learner,
/// }
///
/// impl Weights for Gain {
///     fn weights(&self) -> Result<Tensors, BoxError> {
///         Ok([("weight".to_owned(), Tensor::from_f64([], &[self.weight])?)].into())
///     }
///
///     fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError> {
///         self.weight = weights["weight"].to_f64_vec()[0];
///         Ok(())
///     }
///
///     fn state(&self) -> Tensors {
///         self.learner.state()
///     }
///
///     fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
///         Ok(self.learner.set_state(state)?)
///     }
/// }
/// ```
pub trait Weights {
    /// Returns a copy of the weights, always under the same names and in the same dtypes and shapes.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn weights(&self) -> Result<Tensors, BoxError>;

    /// Replaces all weights. Who calls it has made sure with [`fit`] that names, dtypes and shapes are those of
    /// [`weights`](Self::weights).
    ///
    /// # Errors
    /// Whatever keeps them from being taken; the weights must then be as before.
    fn set_weights(&mut self, weights: &Tensors) -> Result<(), BoxError>;

    /// Returns what learning remembers besides the weights: [`Learner::state`](crate::step::Learner::state), say. Nothing.
    fn state(&self) -> Tensors {
        Tensors::new()
    }

    /// Restores what [`state`](Self::state) returned; when `state` is empty, learning begins afresh. Ignored.
    ///
    /// # Errors
    /// When it is not the state of such a component; the state must then be as before.
    fn set_state(&mut self, state: &Tensors) -> Result<(), BoxError> {
        let _ = state;
        Ok(())
    }
}

/// Tells why weights are not those of a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// The component has weights that did not come.
    #[error("the weights {0:?} are missing: were they saved by another network?")]
    Missing(Vec<String>),
    /// Weights came that the component has not.
    #[error("the component has no weights {0:?}: were they saved by another network?")]
    Unknown(Vec<String>),
    /// A weight has another shape or dtype.
    #[error("the weight {name:?} is {has}, and {came} came: were they saved by another network?")]
    Shape {
        /// The weight's name.
        name: String,
        /// Dtype and shape that it has.
        has: String,
        /// Dtype and shape that came.
        came: String,
    },
}

/// Checks that `came` has the names and shapes of `own`, and returns it in `own`'s dtypes.
///
/// Numbers become floats of 32 or 64 bits where those are wanted, since nested lists in JSON do not say what they were; other
/// dtypes must be as they are.
///
/// # Errors
/// [`Misfit`], the first that is found.
pub fn fit(own: &Tensors, came: &Tensors) -> Result<Tensors, Misfit> {
    let without = |from: &Tensors, other: &Tensors| -> Vec<String> {
        from.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
    };
    let (missing, unknown) = (without(own, came), without(came, own));
    if !missing.is_empty() {
        return Err(Misfit::Missing(missing));
    }
    if !unknown.is_empty() {
        return Err(Misfit::Unknown(unknown));
    }
    own.iter().map(|(name, own)| Ok((name.clone(), fit_one(name, own, &came[name])?))).collect()
}

fn fit_one(name: &str, own: &Tensor, came: &Tensor) -> Result<Tensor, Misfit> {
    let cast = match own.dtype() {
        _ if own.shape() != came.shape() => None,
        dtype if dtype == came.dtype() => Some(came.clone()),
        dtype @ (Dtype::F32 | Dtype::F64) => Some(came.to_dtype(dtype)),
        _ => None,
    };
    let spell = |tensor: &Tensor| format!("{}{:?}", tensor.dtype(), tensor.shape());
    cast.ok_or_else(|| Misfit::Shape { name: name.to_owned(), has: spell(own), came: spell(came) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(entries: &[(&str, Tensor)]) -> Tensors {
        entries.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect()
    }

    fn net() -> Tensors {
        named(&[
            ("w", Tensor::from_f32([1, 2], &[1.0, 2.0]).unwrap()),
            ("b", Tensor::from_i64([1], &[3]).unwrap()),
        ])
    }

    #[test]
    fn lists_from_json_take_the_dtype_of_the_weight() {
        let came = named(&[
            ("w", Tensor::from_f64([1, 2], &[5.0, 6.0]).unwrap()),
            ("b", Tensor::from_i64([1], &[7]).unwrap()),
        ]);
        let fitted = fit(&net(), &came).unwrap();
        assert_eq!(fitted["w"], Tensor::from_f32([1, 2], &[5.0, 6.0]).unwrap());
        assert_eq!(fitted["b"], came["b"]);
    }

    #[test]
    fn weights_of_another_network_are_told_by_what_differs() {
        let missing = named(&[("w", Tensor::from_f32([1, 2], &[1.0, 2.0]).unwrap())]);
        assert_eq!(fit(&net(), &missing), Err(Misfit::Missing(vec!["b".to_owned()])));

        let mut unknown = net();
        unknown.insert("extra".to_owned(), Tensor::from_i64([], &[1]).unwrap());
        assert_eq!(fit(&net(), &unknown), Err(Misfit::Unknown(vec!["extra".to_owned()])));

        let turned = named(&[
            ("w", Tensor::from_f32([2, 1], &[1.0, 2.0]).unwrap()),
            ("b", Tensor::from_i64([1], &[3]).unwrap()),
        ]);
        let told = fit(&net(), &turned).unwrap_err().to_string();
        assert!(told.contains("f32[1, 2]") && told.contains("f32[2, 1]"), "{told}");
    }

    #[test]
    fn a_fraction_is_not_cut_to_an_integer() {
        let mut came = net();
        came.insert("b".to_owned(), Tensor::from_f64([1], &[3.5]).unwrap());
        assert!(matches!(fit(&net(), &came), Err(Misfit::Shape { name, .. }) if name == "b"));
    }
}
