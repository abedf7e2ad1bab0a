//! Sample: a value of a space, by chance.

use swergio_client::{Dtype, Tensor};

use super::{Form, Space};
use crate::Values;
use crate::dice::Dice;

impl Space {
    /// Rolls a value that is in the space: uniform between two bounds, exponential from a single one, normal without; every
    /// choice and every bit as likely as the others.
    ///
    /// The distributions are Gymnasium's, the numbers are not.
    pub fn sample(&self, dice: &mut Dice) -> Values {
        let mut named: Vec<(String, Tensor)> =
            self.leaves().into_iter().map(|(name, form)| (name, sample(form, dice))).collect();
        match &self.0 {
            Form::Dict { .. } => Values::Named(named),
            _ => Values::One(named.remove(0).1),
        }
    }
}

fn sample(form: &Form, dice: &mut Dice) -> Tensor {
    let shape = form.shape();
    let whole = !form.dtype().is_float();
    let numbers: Vec<f64> =
        (0..shape.iter().product()).map(|place| number(form.bounds(place), whole, dice)).collect();
    let wide = Tensor::from_f64(shape, &numbers).expect("as many numbers as the shape holds");
    clipped(form, wide.to_dtype(form.dtype()))
}

fn number((low, high): (f64, f64), whole: bool, dice: &mut Dice) -> f64 {
    let top = if whole { high + 1.0 } else { high };
    let number = match (low.is_finite(), high.is_finite()) {
        // Halves, since the whole width may be more than a number can be.
        (true, true) => {
            let (share, rest) = (dice.uniform(), top / 2.0 - low / 2.0);
            low + 2.0 * share * rest
        }
        (true, false) => low + dice.exponential(),
        (false, true) => top - dice.exponential(),
        (false, false) => dice.normal(),
    };
    if whole { number.floor() } else { number }.clamp(low, high)
}

/// Takes back what rounding to 32 bits or fewer has moved over a bound.
fn clipped(form: &Form, tensor: Tensor) -> Tensor {
    if tensor.dtype() == Dtype::F64 || !tensor.dtype().is_float() {
        return tensor;
    }
    let numbers = tensor.to_f64_vec().into_iter().enumerate();
    let within: Vec<f64> =
        numbers.map(|(place, number)| number.clamp(form.bounds(place).0, form.bounds(place).1)).collect();
    let wide = Tensor::from_f64(tensor.shape(), &within).expect("as many numbers as before");
    wide.to_dtype(tensor.dtype())
}
