//! FeedbackFault: what is wrong with a question, an answer or a label.

use std::borrow::Cow;

/// Tells what is wrong, with a code for programs and the offending field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FeedbackFault {
    code: &'static str,
    field: Cow<'static, str>,
    reason: String,
}

impl FeedbackFault {
    pub(super) fn new(
        code: &'static str,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
    ) -> Self {
        Self { code, field: field.into(), reason: reason.into() }
    }

    /// Returns the stable word for it: `BAD_QUESTION`, `BAD_ANSWER`, `FULL`, `BAD_POOL`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the field that is to blame.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns what is wrong, as a sentence.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}
