//! Gradcheck: does the vjp of a component tell the derivative of its forward? Asked along random directions, in any dimension.

mod blame;
mod evidence;
mod explain;
mod fault;
mod masks;
mod report;
mod suspicion;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::{BoxError, Differentiable, Value, Vjp};

use evidence::Evidence;
pub(crate) use evidence::{signed, sizes};
pub(crate) use explain::{of_ratio, readable, shuffled};
pub use fault::GradientFault;
pub use report::{Checked, Finding, GradcheckReport, Outcome};
pub(crate) use suspicion::{SHORT, is_long, is_short};

/// Checks gradients against differences of the forward.
///
/// At the input and at points near it, a random direction v and a random gradient c by the output are drawn. The vjp says how
/// cᵀf changes along v: vjp(c)ᵀv. The forward shows it: central differences at three steps, extrapolated to the step zero.
/// That is six forwards and one vjp a point, whatever the dimension. The points go forward together before the first gradient is
/// asked for, so that what a component keeps of one sample can be confused with another, if it can at all.
///
/// **When they differ** is decided by what rounding and truncation can explain, not by a fixed tolerance: rounding is bounded from the
/// dtype (and from the precision that the outputs show, and from how rough the function is at small steps), truncation from how
/// far the extrapolations are apart; a gradient may be off by 8 times the one and 16 times the other, and by the rounding of its own
/// arithmetic (4,096 ε, at most √ε, of the terms' sizes). In `f64` an error of one part in 10⁸ is commonly found, in `f32` of one in 10³. Before a gradient is
/// called wrong, ten further steps are taken, and it must be wrong at every smaller one, which the kinks of a wide network are not. At a kink, or where the function is rougher than its dtype, the verdict is that
/// it cannot be told.
///
/// **When they do differ**, further forwards find which port, column or row it is, and which of the usual mistakes explains it.
///
/// ```
/// use swergio_toolbox::{Gradcheck, GradientFault, function};
///
/// let mut wrong = function(|x: &f64| x.sin(), |x: &f64, g: f64| -x.cos() * g);
/// let report = Gradcheck::default().here(&mut wrong, 1.0)?;
/// assert!(!report.passed());
/// assert_eq!(report.findings[0].fault, GradientFault::Sign);
/// # Ok::<(), swergio_toolbox::BoxError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gradcheck {
    /// Begins the random numbers; equal seeds ask equal questions. 1.
    pub seed: u64,
    /// Points that are checked: the input, and others a few per cent away. At least 1. 3.
    pub points: usize,
    /// A relative error that is allowed besides what rounding and truncation explain. 0.
    pub tolerance: f64,
    /// Forwards that a check may take; beyond it the search for the place of a fault ends. 4,096.
    pub forwards: usize,
    /// Ports that are held as they are, because the component declares them as not differentiable. None.
    pub hold: Vec<String>,
    /// Whether the model learns from being asked, as components of the Python package do that keep nothing but for `TRAIN`. Then one
    /// point is checked, its slope is measured before its gradient is asked for, and the search for the mistake makes
    /// do with that. False.
    pub learns: bool,
}

impl Default for Gradcheck {
    fn default() -> Self {
        Self { seed: 1, points: 3, tolerance: 0.0, forwards: 4096, hold: Vec::new(), learns: false }
    }
}

impl Gradcheck {
    /// Checks a model at an input: a component in this process, or a [`Chain`](crate::Chain) of running ones, best as `chain.probe()`.
    ///
    /// # Errors
    /// When the forward refuses the input itself, or the input has no floats. What the vjp refuses is a finding.
    pub async fn run<M: Vjp>(&self, model: &mut M, input: impl Value) -> Result<GradcheckReport, BoxError> {
        let mut evidence = Evidence::gather(self, model, input.into_values()?).await?;
        if self.learns {
            evidence.foresee(model).await?;
        }
        evidence.ask(model).await?;
        let mut findings = structural(&evidence);
        if findings.is_empty() {
            evidence.measure(model).await?;
            findings.extend(suspicion::low_precision(&evidence));
            if self.learns {
                findings.extend(blame::unasked(&evidence).filter(|_| findings.is_empty()));
                return Ok(evidence.report(self, findings));
            }
            let doubtful = findings.is_empty() && evidence.is_doubtful();
            if doubtful && evidence.is_steady(model).await? && evidence.differs().is_some() {
                findings = blame::blame(self, model, &mut evidence).await?;
            }
        }
        Ok(evidence.report(self, findings))
    }

    /// Checks a component of this process, without a runtime.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn here<D: Differentiable>(
        &self,
        model: &mut D,
        input: impl Value,
    ) -> Result<GradcheckReport, BoxError> {
        let mut check = pin!(self.run(model, input));
        match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(report) => report,
            Poll::Pending => unreachable!("a component of this process waits for nobody"),
        }
    }
}

/// Finds what is wrong with the gradients before any number is compared.
fn structural(evidence: &Evidence) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for answer in &evidence.answers {
        let found = match answer {
            Err(error) => Some(Finding::new(GradientFault::Refused, error.to_string())),
            Ok(values) => readable(&evidence.inputs, values).err(),
        };
        findings.extend(found.filter(|found| !findings.contains(found)));
    }
    findings
}
