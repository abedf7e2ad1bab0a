//! Answer: what people said, checked against what they were asked.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use swergio_client::MessageId;

use super::{FeedbackFault, Form};

/// Is the `DATA` of a `DATA/FEEDBACK`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) answers: Vec<Said>,
    /// The person's name.
    #[serde(default)]
    pub(crate) by: String,
    /// Seconds that the person took.
    #[serde(default)]
    pub(crate) seconds: f64,
}

/// Is what was said of one item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) item: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Raw>,
    #[serde(default)]
    pub(crate) skip: bool,
}

/// Is a value as it crosses the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Raw {
    Number(f64),
    Text(String),
}

/// Holds one person's answer about one item, of the [`Form`] that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// A rating or a number.
    Number(f64),
    /// Which of a pair is better.
    Preference(Preference),
    /// The option chosen, or the words.
    Text(String),
}

/// Says which of a pair is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preference {
    /// The one that was shown as the item.
    First,
    /// The one that it was shown against.
    Second,
    /// Neither.
    Equal,
}

/// Is an answer, and who gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The person, as it calls itself.
    pub by: String,
    /// The answer.
    pub label: Label,
    /// How long the person had the item before it, as its console measured it.
    pub took: Duration,
}

/// Holds what became of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// The question's ID.
    pub id: MessageId,
    /// Each item with the answers that came in time, in the question's order; none where all passed it over.
    pub items: Vec<(String, Vec<Given>)>,
    /// Why nobody is waited for any more.
    pub outcome: Outcome,
}

/// Says why a question is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every item has its answers, or was passed over.
    Complete,
    /// Its patience was at an end.
    Deadline,
}

impl Answers {
    /// Returns the answers about one item.
    pub fn of(&self, item: &str) -> &[Given] {
        self.items.iter().find(|(id, _)| id == item).map_or(&[], |(_, given)| given)
    }

    /// Returns the first answer about each item that has one.
    pub fn firsts(&self) -> impl Iterator<Item = (&str, &Given)> {
        self.items.iter().filter_map(|(id, given)| Some((id.as_str(), given.first()?)))
    }
}

impl Label {
    /// Returns the number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the words, or the option.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Preference(Preference::First) => f.write_str("first"),
            Self::Preference(Preference::Second) => f.write_str("second"),
            Self::Preference(Preference::Equal) => f.write_str("equal"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Form {
    /// Reads what a person typed: an option or its number from 1, a number, words, `first` (1), `second` (2) or `equal` (0).
    ///
    /// # Errors
    /// `BAD_ANSWER` saying what is wanted.
    pub fn parse(&self, typed: &str) -> Result<Label, FeedbackFault> {
        let word = typed.trim();
        let raw = match self {
            Self::Choice { options } => {
                let numbered =
                    word.parse::<usize>().ok().and_then(|number| options.get(number.checked_sub(1)?));
                let option = options.iter().find(|option| *option == word).or(numbered);
                Raw::Text(option.map_or(word, String::as_str).to_owned())
            }
            Self::Rating { .. } | Self::Number { .. } => {
                word.parse().map_or_else(|_| Raw::Text(word.to_owned()), Raw::Number)
            }
            Self::Text { .. } => Raw::Text(typed.to_owned()),
            Self::Pair => Raw::Text(match word {
                "1" => "first".to_owned(),
                "2" => "second".to_owned(),
                "0" => "equal".to_owned(),
                word => word.to_owned(),
            }),
        };
        self.read("typed", &raw)
    }

    /// Reads a value as an answer of this form.
    pub(crate) fn read(&self, item: &str, value: &Raw) -> Result<Label, FeedbackFault> {
        let bad = |reason: String| Err(FeedbackFault::new("BAD_ANSWER", format!("answers.{item}"), reason));
        match (self, value) {
            (Self::Choice { options }, Raw::Text(text)) if options.contains(text) => {
                Ok(Label::Text(text.clone()))
            }
            (Self::Choice { options }, _) => bad(format!("one of {} is wanted", options.join(", "))),
            (Self::Rating { min, max, step, .. }, Raw::Number(number)) if number.is_finite() => {
                match nearest_step(*number, *min, *max, *step) {
                    Some(step) => Ok(Label::Number(step)),
                    None => bad(format!("a number from {min} to {max} in steps of {step} is wanted")),
                }
            }
            (Self::Rating { min, max, step, .. }, _) => {
                bad(format!("a number from {min} to {max} in steps of {step} is wanted"))
            }
            (Self::Number { min, max, .. }, Raw::Number(number)) if is_within(*number, *min, *max) => {
                Ok(Label::Number(*number))
            }
            (Self::Number { min, max, .. }, _) => {
                bad(format!("a number within {min:?} and {max:?} is wanted"))
            }
            (Self::Text { .. }, Raw::Text(text)) => Ok(Label::Text(text.clone())),
            (Self::Text { .. }, Raw::Number(_)) => bad("words are wanted".to_owned()),
            (Self::Pair, Raw::Text(text)) => match text.as_str() {
                "first" => Ok(Label::Preference(Preference::First)),
                "second" => Ok(Label::Preference(Preference::Second)),
                "equal" => Ok(Label::Preference(Preference::Equal)),
                _ => bad("first, second or equal is wanted".to_owned()),
            },
            (Self::Pair, Raw::Number(_)) => bad("first, second or equal is wanted".to_owned()),
        }
    }
}

fn is_within(number: f64, min: Option<f64>, max: Option<f64>) -> bool {
    number.is_finite() && min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
}

/// Returns a number that is a step, within the bounds: who adds up tenths in a browser ends a hair beyond them.
fn nearest_step(number: f64, min: f64, max: f64, step: f64) -> Option<f64> {
    let steps = (number - min) / step;
    let hair = 1e-6 * step;
    let near = (steps - steps.round()).abs() < 1e-6 && number >= min - hair && number <= max + hair;
    // Not `clamp`, which panics where a question from elsewhere has its bounds the wrong way round.
    near.then_some(number.max(min).min(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use swergio_client::Body;

    #[test]
    fn an_answer_must_be_of_the_form_that_was_asked_for() {
        let (number, text) = (Raw::Number, |text: &str| Raw::Text(text.to_owned()));
        let tenths = Form::Rating { min: 0.0, max: 0.3, step: 0.1, labels: BTreeMap::new() };
        for (form, value, expected) in [
            (Form::rating(0, 5), number(3.0), Some(Label::Number(3.0))),
            (Form::rating(0, 5), number(6.0), None),
            (Form::rating(0, 5), number(2.5), None),
            (Form::rating(0, 5), number(f64::NAN), None),
            (tenths.clone(), number(0.1 + 0.1 + 0.1), Some(Label::Number(0.3))),
            (tenths, number(0.4), None),
            (Form::rating(0, 5), text("3"), None),
            (Form::choice(["cat", "dog"]), text("dog"), Some(Label::Text("dog".into()))),
            (Form::choice(["cat", "dog"]), text("cow"), None),
            (Form::Pair, text("second"), Some(Label::Preference(Preference::Second))),
            (Form::Pair, number(1.0), None),
            (
                Form::Number { min: Some(0.0), max: None, unit: "m".into() },
                number(1e9),
                Some(Label::Number(1e9)),
            ),
            (Form::Number { min: Some(0.0), max: None, unit: "m".into() }, number(-1.0), None),
            (Form::Text { lines: false }, text("hm"), Some(Label::Text("hm".into()))),
        ] {
            assert_eq!(form.read("7", &value).ok(), expected, "{form:?} {value:?}");
        }
        let fault = Form::rating(0, 5).read("7", &Raw::Number(6.0)).unwrap_err();
        assert_eq!((fault.code(), fault.field()), ("BAD_ANSWER", "answers.7"));
    }

    #[test]
    fn a_reply_is_read_as_the_console_writes_it() {
        let text = br#"{"answers": [{"item": "7", "value": 4}, {"item": "8", "skip": true}], "by": "ada", "seconds": 1.5}"#;
        let reply: Reply = Body::from_json(text).unwrap().read().unwrap();
        assert_eq!(reply.answers[0].value, Some(Raw::Number(4.0)));
        assert!(reply.answers[1].skip && reply.answers[1].value.is_none());
    }
}
