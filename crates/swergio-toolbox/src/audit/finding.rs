//! Finding: a gradient that flowed and is wrong, and whose it was.

use std::fmt;

use crate::GradientFault;

/// Names a component whose gradient is wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AuditFinding {
    /// What the audit calls the component.
    pub component: String,
    /// The name that it has in its rooms, where its gradient says so.
    pub sent_by: Option<String>,
    /// The mistake.
    pub fault: GradientFault,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The ROOT_ID of the pass.
    pub root_id: Option<String>,
    /// What the gradient claims along a random direction, and what was measured; NaN where nothing was compared.
    pub claimed: f64,
    /// What was measured.
    pub measured: f64,
    /// How far the two may be apart.
    pub allowed: f64,
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.component)?;
        if let Some(name) = self.sent_by.as_ref().filter(|name| **name != self.component) {
            write!(f, " ({name})")?;
        }
        write!(f, ": {}: {}", self.fault, self.sentence)?;
        if self.measured.is_finite() {
            write!(
                f,
                "; claimed {:.6e}, measured {:.6e}, allowed {:.1e} apart",
                self.claimed, self.measured, self.allowed
            )?;
        }
        self.root_id.as_ref().map_or(Ok(()), |root| write!(f, " (pass {root})"))
    }
}
