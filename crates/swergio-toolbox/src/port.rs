//! Port: what a component declares of one tensor that it takes or gives.

mod announcement;
mod check;
mod dim;
mod gradient;
mod neighbours;
mod parts;
mod wire;

use std::ops::RangeInclusive;

use swergio_client::Dtype;

pub use announcement::{Announcement, Mismatch, Side};
pub(crate) use check::{Bindings, admit, admit_own};
pub use dim::{Dim, IntoDims};
pub(crate) use gradient::{Expected, admit_gradient, admit_own_gradient, expected};

/// Declares one tensor that a component takes or gives: what is not declared is not checked, but for NaN.
///
/// ```
/// use swergio_toolbox::{Column, Port};
///
/// let aim = Port::f64("aim").shape(("batch", 3)).columns([
///     Column::new("wind").unit("m/s").range(-20.0..=20.0),
///     Column::new("angle").unit("deg").range(0.0..=90.0),
///     Column::new("weight").unit("lb").range(0.0..=f64::INFINITY),
/// ]);
/// let distance = Port::f64("distance").shape("batch").unit("m");
/// assert_eq!((aim.to_string(), distance.to_string()), ("f64[batch, 3]".into(), "f64[batch] in m".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    pub(crate) name: String,
    pub(crate) dtype: Option<Dtype>,
    pub(crate) shape: Option<Vec<Dim>>,
    pub(crate) columns: Vec<Column>,
    pub(crate) unit: Option<String>,
    pub(crate) range: Option<RangeInclusive<f64>>,
    pub(crate) differentiable: Option<bool>,
    pub(crate) nan: bool,
}

/// Declares one column: one place along the last dimension of a port's tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    pub(crate) range: Option<RangeInclusive<f64>>,
}

impl Port {
    /// Begins a port of any dtype and shape. Where a component has several, the name is the key in `DATA`.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            dtype: None,
            shape: None,
            columns: Vec::new(),
            unit: None,
            range: None,
            differentiable: None,
            nan: false,
        }
    }

    /// Begins a port of 32-bit floats.
    pub fn f32(name: impl Into<String>) -> Self {
        Self::new(name).dtype(Dtype::F32)
    }

    /// Begins a port of 64-bit floats.
    pub fn f64(name: impl Into<String>) -> Self {
        Self::new(name).dtype(Dtype::F64)
    }

    /// Declares the dtype. Numbers from a sender that has no dtypes, as in JSON, are taken as this one.
    #[must_use]
    pub fn dtype(self, dtype: Dtype) -> Self {
        Self { dtype: Some(dtype), ..self }
    }

    /// Declares the dimensions: numbers, and names such as `"batch"` for what is the same throughout one pass.
    ///
    /// `3`, `"batch"`, `("batch", 3)`, `()` for a single number, or a list of [`Dim`].
    #[must_use]
    pub fn shape(self, dims: impl IntoDims) -> Self {
        Self { shape: Some(dims.into_dims()), ..self }
    }

    /// Declares the columns, which are as many as the last dimension is long.
    #[must_use]
    pub fn columns<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// Declares the unit of all numbers.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    /// Declares the range of all numbers; infinite where a side is open.
    #[must_use]
    pub fn range(self, range: RangeInclusive<f64>) -> Self {
        Self { range: Some(range), ..self }
    }

    /// Says whether there are gradients by it. Yes, unless it is declared to hold integers or truth values.
    #[must_use]
    pub fn differentiable(self, differentiable: bool) -> Self {
        Self { differentiable: Some(differentiable), ..self }
    }

    /// Lets NaN through, in values and in gradients.
    #[must_use]
    pub fn allow_nan(self) -> Self {
        Self { nan: true, ..self }
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether there are gradients by it.
    pub fn is_differentiable(&self) -> bool {
        self.differentiable.unwrap_or_else(|| self.dtype.is_none_or(Dtype::is_float))
    }

    /// Stands for what nobody has declared.
    pub(crate) fn any() -> Self {
        Self::new("")
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.dtype {
            Some(dtype) => write!(f, "{dtype}")?,
            None => f.write_str("any dtype")?,
        }
        match &self.shape {
            Some(shape) => write!(f, "{}", dim::shown(shape))?,
            None => f.write_str("[…]")?,
        }
        self.unit.as_ref().map_or(Ok(()), |unit| write!(f, " in {unit}"))
    }
}

impl Column {
    /// Begins a column.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: None, range: None }
    }

    /// Declares the unit of its numbers.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    /// Declares the range of its numbers; infinite where a side is open.
    #[must_use]
    pub fn range(self, range: RangeInclusive<f64>) -> Self {
        Self { range: Some(range), ..self }
    }
}

impl<T: Into<String>> From<T> for Column {
    fn from(name: T) -> Self {
        Self::new(name)
    }
}
