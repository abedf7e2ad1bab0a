//! Report: what a check found, for people and for programs.

use std::fmt;

use super::GradientFault;

/// Holds what a [`Gradcheck`](super::Gradcheck) found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GradcheckReport {
    /// The comparisons along random directions, one for each point.
    pub checked: Vec<Checked>,
    /// What is wrong, the most telling first; empty when nothing is.
    pub findings: Vec<Finding>,
    /// Forwards that it took.
    pub forwards: usize,
    /// Gradients that it took.
    pub gradients: usize,
    /// The seed of the random numbers.
    pub seed: u64,
}

/// Compares the slope that a gradient claims along a random direction with the one that was measured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Checked {
    /// gᵀv of the gradient g.
    pub claimed: f64,
    /// The same, measured by differences.
    pub measured: f64,
    /// How far they may be apart.
    pub allowed: f64,
    /// What that says.
    pub outcome: Outcome,
}

/// Says what one comparison showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gradient is right as far as can be told.
    Agrees,
    /// It is wrong.
    Differs,
    /// It cannot be told, and why.
    Unclear(String),
}

/// Names one thing that is wrong with a gradient.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub fault: GradientFault,
    /// The port of the input whose gradient is wrong; none when there is but one, without a name.
    pub port: Option<String>,
    /// Where in that port: `column 2`, `row 0`, `[3, 1]`; none when all of it is.
    pub place: Option<String>,
    /// What is wrong, in a sentence.
    pub sentence: String,
}

impl Finding {
    pub(super) fn new(fault: GradientFault, sentence: impl Into<String>) -> Self {
        Self { fault, port: None, place: None, sentence: sentence.into() }
    }

    pub(super) fn on_port(mut self, port: &str) -> Self {
        self.port = (!port.is_empty()).then(|| port.to_owned());
        self
    }

    pub(super) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

impl GradcheckReport {
    /// Tells whether the gradient is right: nothing is wrong, and at least one comparison could be made.
    pub fn passed(&self) -> bool {
        self.findings.is_empty() && self.checked.iter().any(|checked| checked.outcome == Outcome::Agrees)
    }

    /// Tells whether nothing is wrong, and nothing could be compared either.
    pub fn is_unclear(&self) -> bool {
        self.findings.is_empty() && !self.passed()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agrees => f.pad("agrees"),
            Self::Differs => f.pad("DIFFERS"),
            Self::Unclear(why) => write!(f, "unclear: {why}"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if let Some(port) = &self.port {
            write!(f, " at port {port:?}")?;
        }
        if let Some(place) = &self.place {
            write!(f, " at {place}")?;
        }
        write!(f, ": {}", self.sentence)
    }
}

/// Prints a table, and the findings below it.
impl fmt::Display for GradcheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.checked.is_empty() {
            writeln!(
                f,
                "{:>5}  {:>16}  {:>16}  {:>10}  {:>10}",
                "point", "claimed", "measured", "apart", "allowed"
            )?;
        }
        for (point, checked) in self.checked.iter().enumerate() {
            let Checked { claimed, measured, allowed, outcome } = checked;
            let apart = (claimed - measured).abs();
            writeln!(
                f,
                "{point:>5}  {claimed:>16.9e}  {measured:>16.9e}  {apart:>10.2e}  {allowed:>10.2e}  {outcome}"
            )?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        let verdict = match (self.passed(), self.is_unclear()) {
            (true, _) => "the gradient is right",
            (_, true) => "it cannot be told whether the gradient is right",
            _ => "the gradient is wrong",
        };
        write!(f, "{verdict} ({} forwards, {} gradients, seed {})", self.forwards, self.gradients, self.seed)
    }
}
