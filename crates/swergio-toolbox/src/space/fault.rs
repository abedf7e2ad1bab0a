//! SpaceFault: what of a value or a declaration does not fit, by code and field.

use std::fmt;

/// Tells what does not fit, to whoever has to mend it: the sender of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpaceFault {
    /// The stable word for it: `SHAPE`, `DTYPE`, `RANGE`, `NOT_FINITE`, `MISSING`, `UNKNOWN`, `UNREADABLE`, `DECLARATION`.
    pub code: &'static str,
    /// The dotted name of what does not fit in a Dict; empty for a value without names.
    pub field: String,
    /// What the space declares.
    pub declared: String,
    /// What came.
    pub received: String,
}

impl SpaceFault {
    pub(super) fn new(
        code: &'static str,
        field: &str,
        declared: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self { code, field: field.to_owned(), declared: declared.into(), received: received.into() }
    }

    /// Returns what to do about it.
    pub fn help(&self) -> &'static str {
        match self.code {
            "SHAPE" => "the first dimension counts the environments; the others are those of the space",
            "DTYPE" => "cast it to the declared dtype, or send nested lists, which take it",
            "RANGE" => "clip it to the bounds, or declare what there really is",
            "NOT_FINITE" => "find where it became NaN; nothing can be learnt from it",
            "MISSING" => "send every name of the Dict",
            "UNKNOWN" => "send only names of the Dict",
            "UNREADABLE" => "send a tensor, nested lists, or for a Dict a map of these",
            _ => "mend the declaration",
        }
    }
}

impl fmt::Display for SpaceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, field, declared, received } = self;
        let place = if field.is_empty() { String::new() } else { format!(" in {field}") };
        write!(f, "{code}{place}: declared {declared}, received {received}; {}", self.help())
    }
}

impl std::error::Error for SpaceFault {}
