//! Real: the floating-point numbers that a weight may be made of.

/// Stands for `f32` and `f64`.
pub trait Real: Copy {
    /// Widens the number.
    fn real(self) -> f64;

    /// Rounds to the nearest number.
    fn of(real: f64) -> Self;
}

impl Real for f32 {
    fn real(self) -> f64 {
        self.into()
    }

    fn of(real: f64) -> Self {
        real as Self
    }
}

impl Real for f64 {
    fn real(self) -> f64 {
        self
    }

    fn of(real: f64) -> Self {
        real
    }
}
