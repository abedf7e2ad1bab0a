//! Outcome: what can be seen of one line of a script, and how things stand after it.

use swergio_proto::{Fault, Frame};

/// Is what one line brought about.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    /// The fault's code and the field to blame.
    pub(crate) refused: Option<(&'static str, Option<String>)>,
    /// Who heard what: by listener, and to each in the order in which it was told.
    pub(crate) heard: Vec<(usize, Frame)>,
    /// How many were handed the message, where the sender wanted to know.
    pub(crate) receivers: Option<usize>,
    /// Whether the connection ended.
    pub(crate) ended: bool,
}

impl Outcome {
    pub(crate) fn refused(code: &'static str, field: Option<&str>) -> Self {
        Self { refused: Some((code, field.map(str::to_owned))), ..Self::default() }
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        Self::refused(fault.code(), fault.offending_field())
    }
}

/// Is a room (`true`) or a member's name.
pub(crate) type Place<'s> = (bool, &'s str);

/// Is how things stand, each list in order.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct State<'s> {
    /// Who sits where by the sessions' books.
    pub(crate) booked: Vec<(usize, Place<'s>)>,
    /// Who sits where by the router's.
    pub(crate) seated: Vec<(usize, Place<'s>)>,
    /// The addresses that the router knows.
    pub(crate) known: Vec<Place<'s>>,
    /// The addresses in which the router said that there is interest.
    pub(crate) wanted: Vec<Place<'s>>,
}
