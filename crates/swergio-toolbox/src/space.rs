//! Space: what an environment shows and takes, declared once and checked on every message.

mod check;
mod declared;
mod fault;
mod sample;
mod stack;
mod wire;

pub use declared::{Form, SpaceLimits};
pub use fault::SpaceFault;
pub use stack::{row, rows, stack};

use swergio_client::Dtype;

/// Declares which values there are, in Gymnasium's words: Box, Discrete, MultiDiscrete, MultiBinary, Dict.
///
/// A space that exists is sound: its constructors, and reading one from a message, check it. Values are [`Values`](crate::Values): one tensor, or
/// for a Dict tensors by name, where a Dict within a Dict is named with a dot (`arm.angle`) and is a map within a map on the wire.
///
/// ```
/// use swergio_toolbox::dice::Dice;
/// use swergio_toolbox::space::Space;
/// use swergio_toolbox::{Dtype, Tensor, Values};
///
/// let position = Space::bounded(-2.4, 2.4, [2], Dtype::F32)?;
/// let space = Space::dict([("position", position), ("gear", Space::discrete(5)?)])?;
/// let sample = space.sample(&mut Dice::seeded(1));
/// space.check(&sample)?;
///
/// let far = Values::Named(vec![
///     ("position".into(), Tensor::from_f32([2], &[0.0, 3.0])?),
///     ("gear".into(), Tensor::from_i64([], &[1])?),
/// ]);
/// let fault = space.check(&far).unwrap_err();
/// assert_eq!((fault.code, fault.field.as_str()), ("RANGE", "position"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is spelt as a map with Gymnasium's name of it as `type`:
///
/// ```
/// use swergio_client::Body;
/// use swergio_toolbox::space::Space;
///
/// let text = br#"{"type":"Dict","spaces":{"gear":{"type":"Discrete","n":5,"start":0}}}"#;
/// let space: Space = Body::from_json(text)?.read()?;
/// assert_eq!(space, Space::dict([("gear", Space::discrete(5)?)])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Space(Form);

impl Space {
    /// Declares numbers in a box of its own low and high for each, C order; infinities are no bound on that side.
    ///
    /// # Errors
    /// [`SpaceFault`] when low or high are NaN, in the wrong order or not as many as the shape holds, when an integer is bounded by
    /// what it cannot be, or when it has more numbers than [`SpaceLimits`] allow.
    pub fn boxed(
        low: impl Into<Vec<f64>>,
        high: impl Into<Vec<f64>>,
        shape: impl Into<Vec<usize>>,
        dtype: Dtype,
    ) -> Result<Self, SpaceFault> {
        Self::new(Form::Box { low: low.into(), high: high.into(), shape: shape.into(), dtype })
    }

    /// Declares numbers in a box with the same bounds for each.
    ///
    /// # Errors
    /// As [`boxed`](Self::boxed).
    pub fn bounded(
        low: f64,
        high: f64,
        shape: impl Into<Vec<usize>>,
        dtype: Dtype,
    ) -> Result<Self, SpaceFault> {
        let shape = shape.into();
        let count = SpaceLimits::default().count("", &shape)?;
        Self::boxed(vec![low; count], vec![high; count], shape, dtype)
    }

    /// Declares one of the numbers `0..n`.
    ///
    /// # Errors
    /// [`SpaceFault`] when there is none.
    pub fn discrete(n: u32) -> Result<Self, SpaceFault> {
        Self::discrete_from(0, n)
    }

    /// Declares one of the `n` numbers from `start` on.
    ///
    /// # Errors
    /// [`SpaceFault`] when there is none.
    pub fn discrete_from(start: i32, n: u32) -> Result<Self, SpaceFault> {
        Self::new(Form::Discrete { n, start })
    }

    /// Declares several choices at once, each of the numbers `0..n` with an `n` of its own.
    ///
    /// # Errors
    /// [`SpaceFault`] when one of them has nothing to choose from, or there are more than [`SpaceLimits`] allow.
    pub fn multi_discrete(nvec: impl Into<Vec<u32>>) -> Result<Self, SpaceFault> {
        Self::new(Form::MultiDiscrete { nvec: nvec.into() })
    }

    /// Declares zeros and ones of a shape.
    ///
    /// # Errors
    /// [`SpaceFault`] when there are more than [`SpaceLimits`] allow.
    pub fn multi_binary(shape: impl Into<Vec<usize>>) -> Result<Self, SpaceFault> {
        Self::new(Form::MultiBinary { shape: shape.into() })
    }

    /// Declares several spaces by name.
    ///
    /// # Errors
    /// [`SpaceFault`] when a name is empty, has a dot or occurs twice, when there is none, or when there are more, or more deeply nested, than
    /// [`SpaceLimits`] allow.
    pub fn dict<'n>(spaces: impl IntoIterator<Item = (&'n str, Self)>) -> Result<Self, SpaceFault> {
        Self::new(Form::Dict {
            spaces: spaces.into_iter().map(|(name, space)| (name.to_owned(), space)).collect(),
        })
    }

    /// Returns what kind of space it is, with its numbers.
    pub fn form(&self) -> &Form {
        &self.0
    }

    /// Counts the numbers of one value, all names together.
    pub fn numbers(&self) -> usize {
        self.leaves().iter().map(|(_, leaf)| leaf.shape().iter().product::<usize>()).sum()
    }

    /// Tells how many choices there are, where the value is one choice: a Discrete.
    pub fn choices(&self) -> Option<usize> {
        match &self.0 {
            Form::Discrete { n, .. } => Some(*n as usize),
            _ => None,
        }
    }

    /// Returns the first of the choices of a Discrete, and 0 for other spaces.
    pub(crate) fn first_choice(&self) -> i64 {
        match &self.0 {
            Form::Discrete { start, .. } => i64::from(*start),
            _ => 0,
        }
    }

    fn new(form: Form) -> Result<Self, SpaceFault> {
        form.check(&SpaceLimits::default())?;
        Ok(Self(form))
    }

    /// Lists the spaces that are no Dicts, by their dotted names; one alone has the empty name.
    pub(crate) fn leaves(&self) -> Vec<(String, &Form)> {
        let mut leaves = Vec::new();
        self.collect("", &mut leaves);
        leaves
    }

    fn collect<'s>(&'s self, prefix: &str, leaves: &mut Vec<(String, &'s Form)>) {
        match &self.0 {
            Form::Dict { spaces } => spaces.iter().for_each(|(name, space)| {
                space.collect(&dotted(prefix, name), leaves);
            }),
            leaf => leaves.push((prefix.to_owned(), leaf)),
        }
    }
}

fn dotted(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

#[cfg(test)]
mod tests;
