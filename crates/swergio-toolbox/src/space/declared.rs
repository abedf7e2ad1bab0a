//! Declared: the kinds of spaces, and what makes one sound.

use swergio_client::Dtype;

use super::{Space, SpaceFault, dotted};

/// Says what kind of space it is. Only a [`Space`] that has one is known to be sound.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Form {
    /// Numbers between bounds.
    Box {
        /// The least that each may be, C order; minus infinity for no bound.
        low: Vec<f64>,
        /// The most that each may be.
        high: Vec<f64>,
        /// The shape of a value.
        shape: Vec<usize>,
        /// The dtype of its numbers.
        dtype: Dtype,
    },
    /// One of `n` whole numbers, a tensor without dimensions of dtype `<i8`.
    Discrete {
        /// How many there are.
        n: u32,
        /// The first of them.
        start: i32,
    },
    /// Several of `0..n` at once, a tensor of one dimension of dtype `<i8`.
    MultiDiscrete {
        /// How many there are, for each.
        nvec: Vec<u32>,
    },
    /// Zeros and ones of dtype `<i1`.
    MultiBinary {
        /// The shape of a value.
        shape: Vec<usize>,
    },
    /// Several by name.
    Dict {
        /// Names and what is under them, in order.
        spaces: Vec<(String, Space)>,
    },
}

/// Bounds what a space may declare: it comes from another process, and what it says is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpaceLimits {
    /// How many numbers one value may have: 16 Mi, a picture of 2,048 × 2,730 in three colours.
    pub numbers: usize,
    /// How many spaces a Dict may hold, over all its depth: 1,024.
    pub names: usize,
    /// How deep Dicts may nest: 8.
    pub depth: usize,
}

impl Default for SpaceLimits {
    fn default() -> Self {
        Self { numbers: 1 << 24, names: 1024, depth: 8 }
    }
}

impl SpaceLimits {
    /// Counts the numbers of a shape.
    pub(super) fn count(&self, field: &str, shape: &[usize]) -> Result<usize, SpaceFault> {
        let count = shape.iter().try_fold(1_usize, |count, size| count.checked_mul(*size));
        count.filter(|count| *count <= self.numbers).ok_or_else(|| {
            let most = format!("{} numbers at most", self.numbers);
            SpaceFault::new("DECLARATION", field, most, format!("a shape of {shape:?}"))
        })
    }
}

impl Form {
    /// Returns the shape of one value. A Dict has none.
    pub(crate) fn shape(&self) -> Vec<usize> {
        match self {
            Self::Box { shape, .. } | Self::MultiBinary { shape } => shape.clone(),
            Self::MultiDiscrete { nvec } => vec![nvec.len()],
            Self::Discrete { .. } | Self::Dict { .. } => Vec::new(),
        }
    }

    /// Returns the dtype of one value.
    pub(crate) fn dtype(&self) -> Dtype {
        match self {
            Self::Box { dtype, .. } => *dtype,
            Self::MultiBinary { .. } => Dtype::I8,
            Self::Discrete { .. } | Self::MultiDiscrete { .. } | Self::Dict { .. } => Dtype::I64,
        }
    }

    /// Returns the least and the most that the number at this place of a value may be, both included.
    pub(crate) fn bounds(&self, place: usize) -> (f64, f64) {
        match self {
            Self::Box { low, high, .. } => (low[place], high[place]),
            Self::Discrete { n, start } => (f64::from(*start), f64::from(*start) + f64::from(n - 1)),
            Self::MultiDiscrete { nvec } => (0.0, f64::from(nvec[place] - 1)),
            Self::MultiBinary { .. } | Self::Dict { .. } => (0.0, 1.0),
        }
    }

    /// Makes sure that it is sound.
    pub(super) fn check(&self, limits: &SpaceLimits) -> Result<(), SpaceFault> {
        let mut names = 0;
        self.sound("", limits, 0, &mut names)
    }

    fn sound(
        &self,
        field: &str,
        limits: &SpaceLimits,
        depth: usize,
        names: &mut usize,
    ) -> Result<(), SpaceFault> {
        let wrong = |wanted: String, found: String| Err(SpaceFault::new("DECLARATION", field, wanted, found));
        match self {
            Self::Box { low, high, shape, dtype } => sound_box(field, low, high, shape, *dtype, limits),
            Self::Discrete { n: 0, .. } => wrong("one choice or more".into(), "n of 0".into()),
            Self::Discrete { .. } => Ok(()),
            Self::MultiDiscrete { nvec } if nvec.contains(&0) => {
                wrong("one choice or more of each".into(), format!("nvec {nvec:?}"))
            }
            Self::MultiDiscrete { nvec } => limits.count(field, &[nvec.len()]).map(|_| ()),
            Self::MultiBinary { shape } => limits.count(field, shape).map(|_| ()),
            Self::Dict { spaces } if spaces.is_empty() => wrong("one name or more".into(), "none".into()),
            Self::Dict { .. } if depth == limits.depth => {
                wrong(format!("{} Dicts in each other at most", limits.depth), "more".into())
            }
            Self::Dict { spaces } => {
                *names += spaces.len();
                if *names > limits.names {
                    return wrong(format!("{} names at most", limits.names), format!("{names} and more"));
                }
                for (place, (name, space)) in spaces.iter().enumerate() {
                    let twice = spaces[..place].iter().any(|(earlier, _)| earlier == name);
                    if name.is_empty() || name.contains('.') || twice {
                        return wrong("names once each, without dots".into(), format!("{name:?}"));
                    }
                    space.0.sound(&dotted(field, name), limits, depth + 1, names)?;
                }
                Ok(())
            }
        }
    }
}

fn sound_box(
    field: &str,
    low: &[f64],
    high: &[f64],
    shape: &[usize],
    dtype: Dtype,
    limits: &SpaceLimits,
) -> Result<(), SpaceFault> {
    let wrong = |wanted: String, found: String| Err(SpaceFault::new("DECLARATION", field, wanted, found));
    let count = limits.count(field, shape)?;
    if low.len() != count || high.len() != count {
        let found = format!("{} of low, {} of high", low.len(), high.len());
        return wrong(format!("{count} bounds of each, as the shape {shape:?} has numbers"), found);
    }
    if dtype == Dtype::Bool {
        return wrong("a dtype of numbers".into(), "|b1; declare a MultiBinary".into());
    }
    let pairs = low.iter().zip(high).enumerate();
    let whole = |bound: f64| dtype.is_float() || bound.is_infinite() || bound.fract() == 0.0;
    for (place, (low, high)) in pairs {
        // NaN is not in order with anything.
        let ordered = low.partial_cmp(high).is_some_and(std::cmp::Ordering::is_le);
        if !ordered || *low == f64::INFINITY || *high == f64::NEG_INFINITY {
            return wrong("low not above high".into(), format!("{low} and {high} at {place}"));
        }
        if !whole(*low) || !whole(*high) {
            return wrong(
                format!("whole bounds for {}", dtype.name()),
                format!("{low} and {high} at {place}"),
            );
        }
    }
    Ok(())
}
