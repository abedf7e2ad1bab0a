//! ndarray: its arrays, of any rank, as what crosses between components.
//!
//! With the feature `ndarray` an `Array<A, D>` of `f32`, `f64` or `i64` is a [`Value`], so that a component can take and return it.
//! Rank and, for integers, dtype are checked when a message comes; floats are taken from any dtype, since JSON peers name none.
//!
//! ```
//! use ndarray::{Array1, Array2, Axis};
//! use swergio_toolbox::{BoxError, Differentiable, Pass};
//!
//! /// Sums each row.
//! struct RowSum;
//!
//! impl Differentiable for RowSum {
//!     type Input = Array2<f32>;
//!     type Output = Array1<f32>;
//!     type Saved = usize;
//!
//!     fn forward(&mut self, x: Array2<f32>, _: &Pass) -> Result<(Array1<f32>, usize), BoxError> {
//!         Ok((x.sum_axis(Axis(1)), x.ncols()))
//!     }
//!
//!     fn vjp(&mut self, columns: usize, by_sums: Array1<f32>, _: &Pass) -> Result<Array2<f32>, BoxError> {
//!         let rows = by_sums.len();
//!         let column = by_sums.insert_axis(Axis(1));
//!         Ok(column.broadcast((rows, columns)).ok_or("it has one column")?.to_owned())
//!     }
//! }
//! # let _ = RowSum;
//! ```

use ndarray::{Array, ArrayBase, ArrayD, Data, Dimension};
use swergio_client::{Dtype, Fault, Tensor};

use crate::{PassFault, Value, Values};

/// Stands for the numbers of an array: `f32`, `f64` and `i64`.
pub trait Number: Copy + Send + Sync + 'static {
    /// Reads the numbers of a tensor, in C order.
    ///
    /// # Errors
    /// [`PassFault`] when they are not of such a type.
    fn read(tensor: &Tensor) -> Result<Vec<Self>, PassFault>;

    /// Makes a tensor of numbers in C order.
    ///
    /// # Errors
    /// [`Fault`] when `shape` does not hold as many.
    fn tensor(shape: &[usize], numbers: &[Self]) -> Result<Tensor, Fault>;
}

impl Number for f32 {
    fn read(tensor: &Tensor) -> Result<Vec<Self>, PassFault> {
        Ok(tensor.to_f32_vec())
    }

    fn tensor(shape: &[usize], numbers: &[Self]) -> Result<Tensor, Fault> {
        Tensor::from_f32(shape, numbers)
    }
}

impl Number for f64 {
    fn read(tensor: &Tensor) -> Result<Vec<Self>, PassFault> {
        Ok(tensor.to_f64_vec())
    }

    fn tensor(shape: &[usize], numbers: &[Self]) -> Result<Tensor, Fault> {
        Tensor::from_f64(shape, numbers)
    }
}

impl Number for i64 {
    fn read(tensor: &Tensor) -> Result<Vec<Self>, PassFault> {
        match tensor.dtype() {
            Dtype::F16 | Dtype::Bf16 | Dtype::F32 | Dtype::F64 => {
                Err(PassFault::unreadable(format!("integers are wanted, {tensor} came")))
            }
            _ => Ok(tensor.to_i64_vec()),
        }
    }

    fn tensor(shape: &[usize], numbers: &[Self]) -> Result<Tensor, Fault> {
        Tensor::from_i64(shape, numbers)
    }
}

/// Copies a tensor into an array.
///
/// # Errors
/// [`PassFault`] when it has not the rank of `D`, or floats come where integers are wanted.
pub fn to_array<A: Number, D: Dimension>(tensor: &Tensor) -> Result<Array<A, D>, PassFault> {
    let numbers = A::read(tensor)?;
    let array = ArrayD::from_shape_vec(tensor.shape(), numbers)
        .expect("a tensor has as many numbers as its shape says");
    array.into_dimensionality().map_err(|_| {
        let rank = D::NDIM.expect("an array of any rank takes every tensor");
        PassFault::unreadable(format!("a tensor of {rank} dimensions is wanted, {tensor} came"))
    })
}

/// Copies an array, or a view of one, into a tensor: in C order, however it lies in memory.
///
/// # Errors
/// [`PassFault`] when it has more than 64 dimensions.
pub fn to_tensor<A: Number, S: Data<Elem = A>, D: Dimension>(
    array: &ArrayBase<S, D>,
) -> Result<Tensor, PassFault> {
    let made = match array.as_slice() {
        Some(numbers) => A::tensor(array.shape(), numbers),
        None => A::tensor(array.shape(), &array.iter().copied().collect::<Vec<A>>()),
    };
    made.map_err(PassFault::unreadable)
}

impl<A: Number, D: Dimension + 'static> Value for Array<A, D> {
    fn from_values(values: Values) -> Result<Self, PassFault> {
        to_array(&Tensor::from_values(values)?)
    }

    fn into_values(self) -> Result<Values, PassFault> {
        to_tensor(&self).map(Values::One)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array0, Array1, Array2, array};

    use super::*;

    #[test]
    fn an_array_crosses_and_comes_back() {
        let sent = array![[1.0_f32, -2.5, 3.0], [f32::MIN_POSITIVE, f32::INFINITY, 0.1]];
        let values = sent.clone().into_values().unwrap();
        let Values::One(tensor) = &values else { panic!("one tensor") };
        assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, &[2, 3][..]));
        assert_eq!(Array2::<f32>::from_values(values).unwrap(), sent);

        let sent = array![[[i64::MAX, -1]]].into_dyn();
        assert_eq!(ArrayD::<i64>::from_values(sent.clone().into_values().unwrap()).unwrap(), sent);
        let sent = Array0::from_elem((), 2.5_f64);
        assert_eq!(Array0::<f64>::from_values(sent.clone().into_values().unwrap()).unwrap(), sent);
        let sent = Array2::<f64>::zeros((3, 0));
        assert_eq!(Array2::<f64>::from_values(sent.clone().into_values().unwrap()).unwrap(), sent);
    }

    #[test]
    fn a_transposed_array_crosses_in_the_order_of_its_rows() {
        let tensor = to_tensor(&array![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 6.0]].t()).unwrap();
        assert_eq!(tensor.shape(), [2, 3]);
        assert_eq!(tensor.to_f64_vec(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    }

    #[test]
    fn another_rank_is_told() {
        let tensor = Tensor::from_f32([2, 3], &[0.0; 6]).unwrap();
        let told = to_array::<f32, ndarray::Ix1>(&tensor).unwrap_err().to_string();
        assert!(told.contains("1 dimensions") && told.contains("f32[2, 3]"), "{told}");
    }

    #[test]
    fn lists_without_a_dtype_become_floats_but_floats_no_integers() {
        let from_json = Tensor::from_f64([2], &[0.5, 2.0]).unwrap();
        assert_eq!(Array1::<f32>::from_values(Values::One(from_json.clone())).unwrap(), array![0.5, 2.0]);
        let told = Array1::<i64>::from_values(Values::One(from_json)).unwrap_err().to_string();
        assert!(told.contains("integers are wanted"), "{told}");
        let flags = Tensor::from_bool([2], &[true, false]).unwrap();
        assert_eq!(to_array::<i64, ndarray::Ix1>(&flags).unwrap(), array![1, 0]);
    }
}
