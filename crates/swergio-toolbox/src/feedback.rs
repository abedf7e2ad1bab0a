//! Feedback: questions to people, and what is learned from their answers.
//!
//! A component that is unsure asks: [`Question`] says what, about which [`Item`]s, and in which [`Form`] the answer is wanted. An
//! [`Oracle`] puts it before whoever sits in a room, at the console or at a terminal, and hands back the [`Answers`]. A
//! [`LabelStore`] keeps them for good. An [`Inbox`] is the other side: what a person is asked, and who is at what. What to ask about is chosen by a [`Strategy`] from a [`Pool`].

mod answer;
mod docket;
mod fault;
mod inbox;
mod limits;
mod oracle;
mod question;
mod store;
mod strategy;

pub use answer::{Answers, Given, Label, Outcome, Preference};
pub use docket::{Docket, Heard};
pub use fault::FeedbackFault;
pub use inbox::{Asked, Inbox};
pub use limits::{FeedbackLimits, FeedbackTally};
pub use oracle::{Asking, Oracle};
pub use question::{Form, Item, Note, Question, Show};
pub use store::{LabelFormat, LabelStore, Labelled};
pub use strategy::{Pool, Strategy};
