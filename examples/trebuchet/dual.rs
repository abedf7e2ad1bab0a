//! Dual: a number that carries its partial derivatives along.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Holds a number and its derivatives by `K` variables. With none of them, `Dual<0>`, it is a plain number.
///
/// Arithmetic follows the rules of calculus to first order, so what comes out of a formula is its value with the exact
/// derivatives of the formula, rounding apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dual<const K: usize> {
    /// The number.
    pub(crate) re: f64,
    /// Its derivative by each variable.
    pub(crate) by: [f64; K],
}

impl<const K: usize> Dual<K> {
    /// Takes a constant: it depends on none of the variables.
    pub(crate) const fn of(re: f64) -> Self {
        Self { re, by: [0.0; K] }
    }

    /// Takes the value of the variable `which`.
    pub(crate) fn variable(re: f64, which: usize) -> Self {
        Self { re, by: from_fn(|k| if k == which { 1.0 } else { 0.0 }) }
    }

    /// Keeps the derivatives by the first `M` variables; by those that it never heard of they are zero.
    pub(crate) fn keep<const M: usize>(self) -> Dual<M> {
        Dual { re: self.re, by: from_fn(|k| self.by.get(k).copied().unwrap_or(0.0)) }
    }

    /// Applies a function of which `re` is the value here and `slope` the derivative.
    fn through(self, re: f64, slope: f64) -> Self {
        Self { re, by: self.by.map(|d| slope * d) }
    }

    /// Returns sine and cosine.
    pub(crate) fn sin_cos(self) -> (Self, Self) {
        let (sin, cos) = self.re.sin_cos();
        (self.through(sin, cos), self.through(cos, -sin))
    }

    /// Returns the square root.
    pub(crate) fn sqrt(self) -> Self {
        let root = self.re.sqrt();
        self.through(root, 0.5 / root)
    }

    /// Returns the square.
    pub(crate) fn squared(self) -> Self {
        self * self
    }
}

impl<const K: usize> Neg for Dual<K> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { re: -self.re, by: self.by.map(|d| -d) }
    }
}

impl<const K: usize> Add for Dual<K> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { re: self.re + other.re, by: from_fn(|k| self.by[k] + other.by[k]) }
    }
}

impl<const K: usize> Sub for Dual<K> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { re: self.re - other.re, by: from_fn(|k| self.by[k] - other.by[k]) }
    }
}

#[expect(clippy::suspicious_arithmetic_impl, reason = "the rule of the product adds")]
impl<const K: usize> Mul for Dual<K> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { re: self.re * other.re, by: from_fn(|k| self.by[k] * other.re + self.re * other.by[k]) }
    }
}

#[expect(clippy::suspicious_arithmetic_impl, reason = "a quotient by one division")]
impl<const K: usize> Div for Dual<K> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let inverse = other.re.recip();
        let re = self.re * inverse;
        Self { re, by: from_fn(|k| (self.by[k] - re * other.by[k]) * inverse) }
    }
}

impl<const K: usize> Add<f64> for Dual<K> {
    type Output = Self;
    fn add(self, other: f64) -> Self {
        Self { re: self.re + other, by: self.by }
    }
}

impl<const K: usize> Mul<f64> for Dual<K> {
    type Output = Self;
    fn mul(self, other: f64) -> Self {
        self.through(self.re * other, other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_rules_of_calculus() {
        let (x, y) = (Dual::<2>::variable(0.7, 0), Dual::<2>::variable(1.9, 1));
        let (sin, cos) = x.sin_cos();
        let f = (sin * y - cos / y).squared() + (-x + 3.0).sqrt() * 2.0;

        let inner = 0.7_f64.sin() * 1.9 - 0.7_f64.cos() / 1.9;
        let by_x = 2.0 * inner * (0.7_f64.cos() * 1.9 + 0.7_f64.sin() / 1.9) - 1.0 / 2.3_f64.sqrt();
        let by_y = 2.0 * inner * (0.7_f64.sin() + 0.7_f64.cos() / (1.9 * 1.9));
        assert!((f.by[0] - by_x).abs() < 1e-14, "{} instead of {by_x}", f.by[0]);
        assert!((f.by[1] - by_y).abs() < 1e-14, "{} instead of {by_y}", f.by[1]);
    }

    #[test]
    fn what_is_kept_is_what_it_knows() {
        let x = Dual { re: 2.0, by: [3.0, 4.0] };
        assert_eq!(x.keep::<1>(), Dual { re: 2.0, by: [3.0] });
        assert_eq!(x.keep::<3>(), Dual { re: 2.0, by: [3.0, 4.0, 0.0] });
    }
}
