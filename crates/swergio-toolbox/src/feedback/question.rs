//! Question: what a person is asked, about which items, and in which form the answer is wanted.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::FeedbackFault;

/// Asks a person about one item or several: the `DATA` of a `DATA/QUERY`.
///
/// ```
/// use swergio_toolbox::feedback::{Form, Item, Question, Show};
///
/// let question = Question::new("How pleasant is this melody?", Form::rating(0, 5))
///     .about(Item::new("7", Show::text("c d e f g a b c")))
///     .quorum(2);
/// assert!(question.check().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The sentence that is shown.
    pub question: String,
    /// What an answer looks like.
    pub answer: Form,
    /// What it is about; at least one, no ID twice.
    pub items: Vec<Item>,
    /// Whether a person may pass an item over.
    #[serde(default = "yes")]
    pub skip: bool,
    /// How many people are to answer each item; 1 is the first of them.
    #[serde(default = "one")]
    pub quorum: usize,
    /// Seconds since 1970 after which nobody waits for an answer any more. Filled in when it is asked, from [`patience`](Self::patience).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<f64>,
    /// How long answers are waited for; [`FeedbackLimits::patience`](super::FeedbackLimits::patience) when it does not say.
    #[serde(skip)]
    pub patience: Option<Duration>,
}

/// Is one thing that a person is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Names the item within its question; answers come back under it.
    pub id: String,
    /// How it is shown.
    pub show: Show,
    /// The second of a pair, for [`Form::Pair`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Show>,
}

/// Shows an item: any of a text, a picture, a sound, a line, a melody.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Show {
    /// Words, as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture as a `data:image/…` URL. Nothing is fetched from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// A sound as a `data:audio/…` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<String>,
    /// Numbers to be drawn as a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plot: Option<Vec<f64>>,
    /// A melody to be drawn and played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Vec<Note>>,
    /// Beats a minute of the melody; 120 when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<f64>,
}

/// Is one note of a melody.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// When it begins, in beats.
    pub start: f64,
    /// How long it is held, in beats.
    pub length: f64,
    /// Its pitch as MIDI numbers them: 60 is the middle C, 69 the A of 440 Hz.
    pub pitch: f64,
}

/// Says what an answer looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Form {
    /// One of these.
    Choice {
        /// What there is to choose from: two at least, none twice.
        options: Vec<String>,
    },
    /// A number of steps between two bounds, both included.
    Rating {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
        /// From one to the next.
        #[serde(default = "step")]
        step: f64,
        /// Words for some of them, by the number as it is written.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        labels: BTreeMap<String, String>,
    },
    /// Any number, within bounds where there are some.
    Number {
        /// The least, if there is one.
        #[serde(default)]
        min: Option<f64>,
        /// The most, if there is one.
        #[serde(default)]
        max: Option<f64>,
        /// What it is measured in.
        #[serde(default)]
        unit: String,
    },
    /// Words.
    Text {
        /// Whether there may be several lines.
        #[serde(default)]
        lines: bool,
    },
    /// Which of two is better; each item has its `against`.
    Pair,
}

impl Question {
    /// Begins a question without items.
    pub fn new(question: impl Into<String>, answer: Form) -> Self {
        Self {
            question: question.into(),
            answer,
            items: Vec::new(),
            skip: true,
            quorum: 1,
            deadline: None,
            patience: None,
        }
    }

    /// Adds an item.
    #[must_use]
    pub fn about(mut self, item: Item) -> Self {
        self.items.push(item);
        self
    }

    /// Sets how many people are to answer each item.
    #[must_use]
    pub fn quorum(self, quorum: usize) -> Self {
        Self { quorum, ..self }
    }

    /// Sets how long answers are waited for.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience: Some(patience), ..self }
    }

    /// Says whether a person may pass an item over.
    #[must_use]
    pub fn skippable(self, skip: bool) -> Self {
        Self { skip, ..self }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// [`FeedbackFault`] naming the field: no items, an ID twice, a form that nothing answers, a pair without its second.
    pub fn check(&self) -> Result<(), FeedbackFault> {
        let bad = |field, reason: String| Err(FeedbackFault::new("BAD_QUESTION", field, reason));
        if self.items.is_empty() {
            return bad("items", "a question is about one item at least".to_owned());
        }
        if self.quorum == 0 {
            return bad("quorum", "at least one answer is to be waited for".to_owned());
        }
        for (at, item) in self.items.iter().enumerate() {
            if self.items[..at].iter().any(|other| other.id == item.id) {
                return bad("items", format!("two items have the id {:?}", item.id));
            }
            if (self.answer == Form::Pair) != item.against.is_some() {
                return bad("items", format!("item {:?}: a pair, and only a pair, has `against`", item.id));
            }
        }
        self.answer.check()
    }
}

impl Item {
    /// Makes an item.
    pub fn new(id: impl Into<String>, show: Show) -> Self {
        Self { id: id.into(), show, against: None }
    }

    /// Makes a pair: which of the two is better?
    pub fn pair(id: impl Into<String>, first: Show, second: Show) -> Self {
        Self { id: id.into(), show: first, against: Some(second) }
    }
}

impl Item {
    /// Counts the bytes of what is shown, about.
    pub(super) fn bytes(&self) -> usize {
        self.id.len() + self.show.bytes() + self.against.as_ref().map_or(0, Show::bytes)
    }
}

impl Show {
    fn bytes(&self) -> usize {
        let texts: usize =
            [&self.text, &self.image, &self.audio].into_iter().flatten().map(String::len).sum();
        let plot = self.plot.as_ref().map_or(0, Vec::len) * size_of::<f64>();
        texts + plot + self.notes.as_ref().map_or(0, Vec::len) * size_of::<Note>()
    }

    /// Shows words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// Shows numbers as a line.
    pub fn plot(numbers: impl Into<Vec<f64>>) -> Self {
        Self { plot: Some(numbers.into()), ..Self::default() }
    }

    /// Shows a melody, and lets it be heard.
    pub fn melody(notes: impl Into<Vec<Note>>, tempo: f64) -> Self {
        Self { notes: Some(notes.into()), tempo: Some(tempo), ..Self::default() }
    }
}

impl Form {
    /// Asks for a whole number between two bounds, both included.
    pub fn rating(min: i32, max: i32) -> Self {
        Self::Rating { min: min.into(), max: max.into(), step: 1.0, labels: BTreeMap::new() }
    }

    /// Asks for one of these.
    pub fn choice<S: Into<String>>(options: impl IntoIterator<Item = S>) -> Self {
        Self::Choice { options: options.into_iter().map(Into::into).collect() }
    }

    /// Tells whether there is an answer of this form, and no more than so many to choose from.
    pub(super) fn is_answerable(&self, most: usize) -> bool {
        !matches!(self, Self::Choice { options } if options.len() > most) && self.check().is_ok()
    }

    /// Counts the bytes of its words, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Choice { options } => options.iter().map(String::len).sum(),
            Self::Rating { labels, .. } => {
                labels.iter().map(|(number, label)| number.len() + label.len()).sum()
            }
            Self::Number { unit, .. } => unit.len(),
            Self::Text { .. } | Self::Pair => 0,
        }
    }

    fn check(&self) -> Result<(), FeedbackFault> {
        let reason = match self {
            Self::Choice { options } if options.len() < 2 => "a choice needs two options at least",
            Self::Choice { options } if (1..options.len()).any(|at| options[..at].contains(&options[at])) => {
                "an option is there twice"
            }
            Self::Rating { min, max, step, .. }
                if !(min < max && *step > 0.0 && max.is_finite() && min.is_finite()) =>
            {
                "a rating needs min below max, and a step above zero"
            }
            Self::Number { min: Some(min), max: Some(max), .. }
                if min.partial_cmp(max).is_none_or(Ordering::is_gt) =>
            {
                "min is above max"
            }
            _ => return Ok(()),
        };
        Err(FeedbackFault::new("BAD_QUESTION", "answer", reason))
    }
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

fn step() -> f64 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_client::Body;

    fn melody() -> Question {
        let notes = vec![Note { start: 0.0, length: 1.0, pitch: 60.0 }];
        Question::new("How pleasant?", Form::rating(0, 5)).about(Item::new("7", Show::melody(notes, 128.0)))
    }

    #[test]
    fn a_question_survives_the_wire_in_either_codec() {
        for question in [
            melody(),
            Question::new("Which?", Form::Pair).about(Item::pair("a", Show::text("x"), Show::text("y"))),
            Question::new("Which?", Form::choice(["cat", "dog"]))
                .about(Item::new("1", Show::plot([1.0, 2.0]))),
        ] {
            let body = Body::of(&question).unwrap();
            assert_eq!(body.read::<Question>().unwrap(), question);
            assert_eq!(Body::from_json(&body.to_json()).unwrap().read::<Question>().unwrap(), question);
        }
    }

    #[test]
    fn what_a_page_needs_not_say_has_a_default() {
        let text = br#"{"question": "Hm?", "answer": {"type": "rating", "min": 0, "max": 5}, "items": [{"id": "1", "show": {}}]}"#;
        let question: Question = Body::from_json(text).unwrap().read().unwrap();
        assert_eq!((question.skip, question.quorum, question.deadline), (true, 1, None));
        assert!(question.check().is_ok());
    }

    #[test]
    fn a_question_that_nobody_could_answer_names_its_field() {
        let field = |question: Question| question.check().unwrap_err().field().to_owned();
        assert_eq!(field(Question::new("?", Form::Pair)), "items");
        assert_eq!(field(melody().about(Item::new("7", Show::text("again")))), "items");
        assert_eq!(field(melody().quorum(0)), "quorum");
        assert_eq!(field(Question { answer: Form::Pair, ..melody() }), "items");
        assert_eq!(field(Question { answer: Form::rating(5, 0), ..melody() }), "answer");
        assert_eq!(field(Question { answer: Form::choice(["cat", "cat"]), ..melody() }), "answer");
    }
}
