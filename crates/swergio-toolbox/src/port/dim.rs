//! Dim: one dimension of a port, a number or a name.

use std::fmt;

/// Declares how long one dimension is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dim {
    /// Always as long as this.
    Fixed(usize),
    /// As long as every dimension of this name in one pass through a component.
    Named(String),
}

impl From<usize> for Dim {
    fn from(length: usize) -> Self {
        Self::Fixed(length)
    }
}

impl From<&str> for Dim {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => write!(f, "{length}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Shows dimensions as `[batch, 3]`.
pub(super) fn shown(dims: &[Dim]) -> String {
    let dims: Vec<String> = dims.iter().map(Dim::to_string).collect();
    format!("[{}]", dims.join(", "))
}

/// Turns what is written for a shape into dimensions: `3`, `"batch"`, `("batch", 3)`, `()`, `[2, 3]`.
pub trait IntoDims {
    /// Makes the dimensions, outermost first.
    fn into_dims(self) -> Vec<Dim>;
}

impl IntoDims for usize {
    fn into_dims(self) -> Vec<Dim> {
        vec![self.into()]
    }
}

impl IntoDims for &str {
    fn into_dims(self) -> Vec<Dim> {
        vec![self.into()]
    }
}

impl IntoDims for Vec<Dim> {
    fn into_dims(self) -> Vec<Dim> {
        self
    }
}

impl<D: Into<Dim>, const N: usize> IntoDims for [D; N] {
    fn into_dims(self) -> Vec<Dim> {
        self.into_iter().map(Into::into).collect()
    }
}

impl IntoDims for () {
    fn into_dims(self) -> Vec<Dim> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Into<Dim>),+> IntoDims for ($($part,)+) {
            #[expect(non_snake_case, reason = "a variable has the name of its type's parameter")]
            fn into_dims(self) -> Vec<Dim> {
                let ($($part,)+) = self;
                vec![$($part.into()),+]
            }
        }
    )*};
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_written_in_many_ways() {
        for (dims, wanted) in [
            (().into_dims(), "[]"),
            (3.into_dims(), "[3]"),
            ("batch".into_dims(), "[batch]"),
            (("batch", 3).into_dims(), "[batch, 3]"),
            (("n", "n", 1, 2).into_dims(), "[n, n, 1, 2]"),
            ([2, 3].into_dims(), "[2, 3]"),
            (vec![Dim::Fixed(7)].into_dims(), "[7]"),
        ] {
            assert_eq!(shown(&dims), wanted);
        }
    }
}
