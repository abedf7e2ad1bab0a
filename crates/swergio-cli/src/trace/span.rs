//! Span: what one component did with one message of a pass.

use std::collections::BTreeSet;
use std::fmt;

use super::sample::Sample;

/// Knows who sits in which room: name, room.
pub(super) type Seats = BTreeSet<(String, String)>;

/// Says which way a span leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Forward,
    /// Where forward ends: the gradient by what came out is made there.
    Turn,
    Backward,
}

/// Is what a component made of a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) component: String,
    pub(super) way: Way,
    /// The message that it heard, and the one that it said: places in the pass.
    pub(super) heard: usize,
    pub(super) said: usize,
    /// The span that made what it heard, if that is not where the pass began.
    pub(super) parent: Option<usize>,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Forward => "forward",
            Self::Turn => "turn",
            Self::Backward => "backward",
        })
    }
}

/// Works out who made which message of which: of messages in the order of their times.
pub(super) fn spans(samples: &[Sample], seats: &Seats) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (said, sample) in samples.iter().enumerate() {
        let Some((way, heard)) = origin(samples, said, seats) else { continue };
        let parent = spans.iter().position(|span| span.said == heard);
        spans.push(Span { component: sample.from.clone(), way, heard, said, parent });
    }
    spans
}

/// Finds what a message was made of.
fn origin(samples: &[Sample], said: usize, seats: &Seats) -> Option<(Way, usize)> {
    let sample = &samples[said];
    let before = &samples[..said];
    if sample.is_forward() {
        return forward_behind(before, sample, seats).map(|heard| (Way::Forward, heard));
    }
    if sample.is_fault() {
        return refused(before, sample);
    }
    if let Some(heard) = gradient_behind(before, sample) {
        return Some((Way::Backward, heard));
    }
    let value = before.iter().position(|value| value.is_forward() && is_of(sample, value))?;
    (samples[value].from != sample.from).then_some((Way::Turn, value))
}

/// A component's forward output follows the last forward that it heard, in a room where it sits.
fn forward_behind(before: &[Sample], output: &Sample, seats: &Seats) -> Option<usize> {
    before.iter().rposition(|input| {
        let elsewhere = input.from != output.from && input.room() != output.room();
        input.is_forward() && elsewhere && seats.contains(&(output.from.clone(), input.room().to_owned()))
    })
}

/// A gradient under the ID of a component's input follows the gradient under the ID of its output.
fn gradient_behind(before: &[Sample], output: &Sample) -> Option<usize> {
    before.iter().rposition(|gradient| {
        let mine = |value: &Sample| {
            value.is_forward() && value.from == output.from && value.said.id == gradient.said.id
        };
        gradient.is_backward() && gradient.from != output.from && before.iter().any(mine)
    })
}

/// A fault is about the input that it names; who hands it on has made nothing. Once there is an output, its gradient was refused.
fn refused(before: &[Sample], fault: &Sample) -> Option<(Way, usize)> {
    if fault.said.component.as_ref().is_some_and(|component| *component != fault.from) {
        return None;
    }
    if let Some(gradient) = gradient_behind(before, fault) {
        return Some((Way::Backward, gradient));
    }
    let input = before.iter().position(|input| input.is_forward() && input.said.id == fault.said.r#ref)?;
    Some((Way::Forward, input))
}

/// Tells whether a gradient is that of a value.
fn is_of(gradient: &Sample, value: &Sample) -> bool {
    gradient.said.id == value.said.id && gradient.room() == value.room()
}
