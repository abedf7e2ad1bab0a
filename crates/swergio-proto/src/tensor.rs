//! Tensor: a dtype, a shape and little-endian bytes; nested lists where a reader or sender has no better.

mod arithmetic;
mod dtype;
mod element;
mod gather;
pub(crate) mod lists;
mod serial;

use std::fmt;

use bytes::Bytes;

pub use dtype::Dtype;
use element::{Element, with_element};

use crate::Fault;

/// Bounds the dimensions of a tensor, as NumPy does.
pub(crate) const MAX_RANK: usize = 64;

/// Bounds the bytes of a tensor, as the header of a MessagePack `bin` does.
const MAX_BYTES: usize = u32::MAX as usize;

/// Holds numbers in C order, little-endian, as they cross the wire: what NumPy calls an array.
///
/// Cloning shares the bytes. A tensor that was read from a frame keeps that frame's bytes alive, and its own may
/// begin at any address: read the numbers out of it, never cast it.
///
/// In JSON, and in other text formats of serde, it is nested lists; in MessagePack the map
/// `{"dtype": "<f4", "shape": [100, 2], "data": bin}`. It is read from either.
///
/// ```
/// use swergio_proto::Tensor;
///
/// let tensor = Tensor::from_f32([2, 2], &[3.0, 0.0, 0.0, 4.0])?;
/// assert_eq!(tensor.to_string(), "f32[2, 2] norm 5.00");
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Bytes,
}

impl Tensor {
    /// Takes `data` as numbers of `dtype` in C order, little-endian.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when `data` has not as many bytes as `shape` needs, or there are more than 64
    /// dimensions.
    pub fn new(dtype: Dtype, shape: impl Into<Vec<usize>>, data: impl Into<Bytes>) -> Result<Self, Fault> {
        let (shape, data) = (shape.into(), data.into());
        let size = bytes_of(dtype, &shape)?;
        if size != data.len() {
            let had = data.len();
            return Err(wrong(format!("{dtype}{shape:?} needs {size} bytes, not the {had} that came")));
        }
        Ok(Self { dtype, shape, data })
    }

    /// Makes a tensor of zeros, or of `false`.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when memory has no room for it, or there are more than 64 dimensions.
    pub fn zeros(dtype: Dtype, shape: impl Into<Vec<usize>>) -> Result<Self, Fault> {
        let shape = shape.into();
        let size = bytes_of(dtype, &shape)?;
        let mut data = Vec::new();
        data.try_reserve_exact(size)
            .map_err(|_| wrong(format!("{dtype}{shape:?} does not fit into memory")))?;
        data.resize(size, 0);
        Ok(Self { dtype, shape, data: data.into() })
    }

    /// Copies numbers of 32 bits.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when `shape` does not hold as many numbers as came.
    pub fn from_f32(shape: impl Into<Vec<usize>>, numbers: &[f32]) -> Result<Self, Fault> {
        Self::from_elements(shape.into(), numbers)
    }

    /// Copies numbers of 64 bits.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`from_f32`](Self::from_f32).
    pub fn from_f64(shape: impl Into<Vec<usize>>, numbers: &[f64]) -> Result<Self, Fault> {
        Self::from_elements(shape.into(), numbers)
    }

    /// Copies integers.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`from_f32`](Self::from_f32).
    pub fn from_i64(shape: impl Into<Vec<usize>>, numbers: &[i64]) -> Result<Self, Fault> {
        Self::from_elements(shape.into(), numbers)
    }

    /// Copies bytes that are numbers, as the pixels of an image are.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`from_f32`](Self::from_f32).
    pub fn from_u8(shape: impl Into<Vec<usize>>, numbers: &[u8]) -> Result<Self, Fault> {
        Self::from_elements(shape.into(), numbers)
    }

    /// Copies truth values.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`from_f32`](Self::from_f32).
    pub fn from_bool(shape: impl Into<Vec<usize>>, truths: &[bool]) -> Result<Self, Fault> {
        Self::from_elements(shape.into(), truths)
    }

    fn from_elements<E: Element>(shape: Vec<usize>, elements: &[E]) -> Result<Self, Fault> {
        let mut data = Vec::with_capacity(elements.len() * E::SIZE);
        for element in elements {
            element.append(&mut data);
        }
        Self::new(E::DTYPE, shape, data)
    }

    /// Returns the type of each number.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Returns the dimensions, outermost first. A single number has none.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Returns the bytes, in C order, little-endian, at any alignment.
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Counts the numbers.
    pub fn len(&self) -> usize {
        self.data.len() / self.dtype.size()
    }

    /// Tells whether there are no numbers, as in the shape `[2, 0]`.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// Reads the numbers as 32-bit floats: exact for `f16`, `bf16`, `f32` and integers of up to 16 bits,
    /// rounded to nearest otherwise. `true` is 1.
    pub fn to_f32_vec(&self) -> Vec<f32> {
        with_element!(self.dtype, E => elements::<E>(&self.data).map(Element::f32).collect())
    }

    /// Reads the numbers as 64-bit floats: exact but for integers beyond 2^53, which are rounded to nearest.
    /// `true` is 1.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        with_element!(self.dtype, E => elements::<E>(&self.data).map(Element::f64).collect())
    }

    /// Reads the numbers as integers. A float loses its fraction, what is out of range becomes the nearest
    /// integer that is in range, NaN becomes 0. `true` is 1.
    pub fn to_i64_vec(&self) -> Vec<i64> {
        with_element!(self.dtype, E => elements::<E>(&self.data).map(Element::i64).collect())
    }

    /// Returns the same numbers as another dtype: floats are rounded to nearest, integers lose a fraction and stay in
    /// range, NaN becomes their 0, and what is not 0 is `true`. Of the same dtype it shares the bytes.
    #[must_use]
    pub fn to_dtype(&self, dtype: Dtype) -> Self {
        if dtype == self.dtype {
            return self.clone();
        }
        let mut data = vec![0; self.len() * dtype.size()];
        with_element!(dtype, To => with_element!(self.dtype, From => {
            let exact = From::DTYPE.is_integer();
            for (to, from) in data.chunks_exact_mut(To::SIZE).zip(elements::<From>(&self.data)) {
                if exact { To::of_i64(from.i64()).write(to) } else { To::of_f64(from.f64()).write(to) }
            }
        }));
        Self { dtype, shape: self.shape.clone(), data: data.into() }
    }

    /// Returns the same numbers in another shape; the bytes are shared.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when the shape does not hold as many numbers.
    pub fn reshape(&self, shape: impl Into<Vec<usize>>) -> Result<Self, Fault> {
        Self::new(self.dtype, shape, self.data.clone())
    }

    /// Tells whether one of the numbers is NaN.
    pub fn has_nan(&self) -> bool {
        with_element!(self.dtype, E => {
            // No early end: whole chunks are compared at once.
            self.dtype.is_float()
                && self.data.chunks(4096 * E::SIZE).any(|part| {
                    elements::<E>(part).fold(false, |found, number| found | number.f32().is_nan())
                })
        })
    }

    /// Computes the Euclidean length of the numbers, taken as 64-bit floats: 0 when there are none, NaN when
    /// one of them is.
    pub fn norm(&self) -> f64 {
        self.fold(0.0, |squares, number| squares + number * number).sqrt()
    }

    /// Finds the smallest number: none when there are no numbers, NaN when one of them is.
    pub fn min(&self) -> Option<f64> {
        let least = self.fold(
            f64::INFINITY,
            |least, number| if least <= number || least.is_nan() { least } else { number },
        );
        (!self.is_empty()).then_some(least)
    }

    /// Finds the largest number: none when there are no numbers, NaN when one of them is.
    pub fn max(&self) -> Option<f64> {
        let most = self.fold(
            f64::NEG_INFINITY,
            |most, number| if most >= number || most.is_nan() { most } else { number },
        );
        (!self.is_empty()).then_some(most)
    }

    fn fold(&self, first: f64, join: impl Fn(f64, f64) -> f64) -> f64 {
        with_element!(self.dtype, E => elements::<E>(&self.data).fold(first, |result, element| join(result, element.f64())))
    }
}

fn elements<E: Element>(data: &[u8]) -> impl Iterator<Item = E> {
    data.chunks_exact(E::SIZE).map(E::read)
}

/// Counts the bytes that a shape needs.
fn bytes_of(dtype: Dtype, shape: &[usize]) -> Result<usize, Fault> {
    if shape.len() > MAX_RANK {
        return Err(wrong(format!("a tensor has at most {MAX_RANK} dimensions, not {}", shape.len())));
    }
    // A zero anywhere makes it empty, however large the other dimensions are.
    if shape.contains(&0) {
        return Ok(0);
    }
    let size = shape.iter().try_fold(dtype.size(), |size, length| size.checked_mul(*length));
    size.filter(|size| *size <= MAX_BYTES)
        .ok_or_else(|| wrong(format!("{dtype}{shape:?} has more bytes than the {MAX_BYTES} of a message")))
}

/// Tells whether `size` bytes are what a shape needs.
pub(crate) fn fits(dtype: Dtype, shape: &[usize], size: usize) -> bool {
    bytes_of(dtype, shape) == Ok(size)
}

fn wrong(reason: String) -> Fault {
    Fault::field("DATA", reason)
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?} norm ", self.dtype, self.shape)?;
        match self.norm() {
            norm if (0.01..1e6).contains(&norm) || norm == 0.0 => write!(f, "{norm:.2}"),
            norm if norm.is_finite() => write!(f, "{norm:.2e}"),
            norm => write!(f, "{norm}"),
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({self})")
    }
}
