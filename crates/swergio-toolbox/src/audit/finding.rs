//! Finding: a gradient that flowed and is wrong, and whose it was.

use std::fmt;

use swergio_client::{Envelope, Fault, Kind};

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

impl AuditFinding {
    /// Spells it as `LOG/AUDIT` (R127), to be sent to a room of one's choice.
    ///
    /// # Errors
    /// None that could be met: its fields are numbers and texts.
    pub fn to_envelope(&self) -> Result<Envelope, Fault> {
        let named = self.sent_by.as_ref().unwrap_or(&self.component);
        let mut envelope = Envelope::new(Kind::AUDIT)
            .with_field("COMPONENT", named)?
            .with_field("CODE", self.fault.code())?
            .with_field("MESSAGE", &self.sentence)?;
        if self.measured.is_finite() {
            let figures = [("CLAIMED", self.claimed), ("MEASURED", self.measured), ("ALLOWED", self.allowed)];
            for (key, figure) in figures {
                envelope = envelope.with_field(key, &figure)?;
            }
        }
        envelope.root_id.clone_from(&self.root_id);
        Ok(envelope)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(measured: f64) -> AuditFinding {
        AuditFinding {
            component: "network".to_owned(),
            sent_by: Some("control-network".to_owned()),
            fault: GradientFault::Sign,
            sentence: "its sign is flipped".to_owned(),
            root_id: Some("pass".to_owned()),
            claimed: -1.5,
            measured,
            allowed: 0.1,
        }
    }

    /// R127.
    #[test]
    fn a_finding_names_the_pass_the_component_and_what_was_measured() {
        let told = finding(1.5).to_envelope().unwrap();
        let text = |key: &str| told.field(key).unwrap().read::<String>().unwrap();
        assert_eq!((told.kind.as_str(), told.root_id.as_deref()), ("LOG/AUDIT", Some("pass")));
        assert_eq!((text("COMPONENT"), text("CODE")), ("control-network".to_owned(), "SIGN".to_owned()));
        assert_eq!(text("MESSAGE"), "its sign is flipped");
        assert_eq!(told.field("MEASURED").unwrap().read::<f64>().unwrap(), 1.5);
        assert_eq!(finding(f64::NAN).to_envelope().unwrap().field("CLAIMED"), None);
    }
}
