//! Fault: the mistakes that gradients are made with.

use std::fmt;

/// Names a mistake in a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum GradientFault {
    /// No gradient came: the component refused, or did not answer.
    Refused,
    /// It is not shaped like the input, or lacks a port.
    Shape,
    /// It has less precision than the input.
    Dtype,
    /// It has numbers that are not finite.
    NotFinite,
    /// It points the other way.
    Sign,
    /// It is this many times what it should be.
    Factor(f64),
    /// It is zero, and should not be.
    Zero,
    /// It is zero for a part of the input that the output depends on.
    Detached,
    /// It is laid out in the other order of dimensions.
    Transposed,
    /// Its columns are in another order.
    Columns,
    /// Its rows are in another order: samples get each other's gradients.
    Rows,
    /// It is taken at the input of another sample.
    Stale,
    /// It belongs to another question than the one that was asked.
    Delayed,
    /// The same question is answered differently each time.
    Noise,
    /// It is not proportional to the gradient by the output: clipped, say.
    Clipped,
    /// A part of the gradient by the output is not used.
    Dropped,
    /// It differs in a way that none of the others explains.
    Wrong,
}

impl GradientFault {
    /// Returns its stable word.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused => "REFUSED",
            Self::Shape => "SHAPE",
            Self::Dtype => "DTYPE",
            Self::NotFinite => "NOT_FINITE",
            Self::Sign => "SIGN",
            Self::Factor(_) => "FACTOR",
            Self::Zero => "ZERO",
            Self::Detached => "DETACHED",
            Self::Transposed => "TRANSPOSED",
            Self::Columns => "COLUMNS",
            Self::Rows => "ROWS",
            Self::Stale => "STALE",
            Self::Delayed => "DELAYED",
            Self::Noise => "NOISE",
            Self::Clipped => "CLIPPED",
            Self::Dropped => "DROPPED",
            Self::Wrong => "WRONG",
        }
    }
}

impl fmt::Display for GradientFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Tells whether a factor is one of those that are often forgotten. A single number is always some factor off.
pub(super) fn is_usual(factor: f64) -> bool {
    let degree = std::f64::consts::PI / 180.0;
    [2.0, 0.5, degree, 1.0 / degree].iter().any(|usual| (factor / usual - 1.0).abs() < 1e-3)
}

/// Says what a wrong factor may come from: `claimed` is this many times what it should be.
pub(super) fn factor_sentence(factor: f64, counts: &[(usize, &str)]) -> String {
    let near = |other: f64| ((factor - other) / other).abs() < 1e-3;
    let degree = std::f64::consts::PI / 180.0;
    let mut guesses = Vec::new();
    if near(2.0) {
        guesses.push("it is counted twice".to_owned());
    }
    for (count, what) in counts.iter().filter(|(count, _)| *count > 1) {
        if near(1.0 / *count as f64) {
            guesses.push(format!("a mean over {count} {what} stands where a sum belongs"));
        }
        if near(*count as f64) && *count > 2 {
            guesses.push(format!("a sum over {count} {what} stands where a mean belongs"));
        }
    }
    if near(degree) || near(1.0 / degree) {
        guesses.push("degrees and radians are confused".to_owned());
    }
    let guess = if guesses.is_empty() { "a factor is missing".to_owned() } else { guesses.join(", or ") };
    format!("the gradient is {factor:.6} times what it should be: {guess}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_that_everybody_gets_wrong_are_recognised() {
        let counts = [(4, "samples"), (12, "numbers")];
        for (factor, word) in
            [(2.0, "twice"), (0.25, "mean over 4 samples"), (57.295_779_5, "degrees"), (3.3, "missing")]
        {
            let sentence = factor_sentence(factor, &counts);
            assert!(sentence.contains(word), "{sentence}");
        }
    }
}
