//! Clip: how large a gradient may be.

use std::collections::BTreeMap;

/// Keeps the quotient finite when there is no gradient, as PyTorch's `clip_grad_norm_` does.
const NORM_EPSILON: f64 = 1e-6;

/// Limits the gradients of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Clip {
    /// Shortens them, all weights taken as one vector, to this Euclidean length if they are longer.
    Norm(f64),
    /// Cuts each number to the range from minus this to this.
    Value(f64),
}

impl Clip {
    pub(super) fn apply(self, gradients: &mut BTreeMap<String, Vec<f64>>) {
        match self {
            Self::Norm(longest) => {
                let squares: f64 = gradients.values().flatten().map(|number| number * number).sum();
                let factor = longest / (squares.sqrt() + NORM_EPSILON);
                if factor < 1.0 {
                    gradients.values_mut().flatten().for_each(|number| *number *= factor);
                }
            }
            Self::Value(largest) => {
                gradients
                    .values_mut()
                    .flatten()
                    .for_each(|number| *number = number.max(-largest).min(largest));
            }
        }
    }
}
