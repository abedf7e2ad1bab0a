//! Round: one question, the answers that it has, and whom it still waits for.

use std::time::Instant;

use swergio_client::MessageId;

use super::Want;

/// Holds what a round came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered<T> {
    /// What was answered.
    pub id: MessageId,
    /// Who answered what, in the order of coming.
    pub answers: Vec<(String, T)>,
    /// Who was asked, is still a member and has not answered, in the order of their names.
    pub missing: Vec<String>,
    /// Why it is over.
    pub outcome: Outcome,
}

/// Tells why a round is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As many answered as were wanted, or all who are left.
    Complete,
    /// The deadline came first.
    Deadline,
    /// Too many rounds were open, and this was the oldest.
    Crowded,
}

/// Tells what became of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard<T> {
    /// It counts; more are awaited.
    Taken,
    /// It counts, and was the last that was wanted.
    Complete(Gathered<T>),
    /// Its round is over without it.
    Late,
    /// Its sender had answered already; the first answer stands.
    Duplicate,
    /// Its sender is no member, and there are members enough.
    Stranger,
}

/// A question and its answers. It begins with whichever is heard first.
#[derive(Debug)]
pub(super) struct Round<T> {
    pub(super) id: MessageId,
    pub(super) deadline: Instant,
    /// Who is waited for; nothing before the question was heard.
    awaited: Option<Vec<String>>,
    /// Whether anybody was known when the question was heard: that nobody is left says nothing where nobody was.
    peopled: bool,
    answers: Vec<(String, T)>,
}

impl<T> Round<T> {
    /// Begins with an answer to come, before the question is heard.
    pub(super) fn early(id: MessageId, deadline: Instant) -> Self {
        Self { id, deadline, awaited: None, peopled: false, answers: Vec::new() }
    }

    /// Takes the question; opening twice changes nothing.
    pub(super) fn open(&mut self, expected: Vec<String>, deadline: Instant) {
        if self.awaited.is_none() {
            self.peopled = !expected.is_empty();
            let has_answered = |member: &String| self.answers.iter().any(|(early, _)| early == member);
            self.awaited = Some(expected.into_iter().filter(|member| !has_answered(member)).collect());
            self.deadline = deadline;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.awaited.is_some()
    }

    /// Takes an answer; false when this member has answered already.
    pub(super) fn take(&mut self, member: &str, answer: T) -> bool {
        if self.answers.iter().any(|(early, _)| early == member) {
            return false;
        }
        self.release(member);
        self.answers.push((member.to_owned(), answer));
        true
    }

    /// Waits for this member no more.
    pub(super) fn release(&mut self, member: &str) {
        if let Some(awaited) = &mut self.awaited {
            awaited.retain(|other| other != member);
        }
    }

    /// Tells whether there are answers enough, or nobody is left who could give one more. No answer at all is
    /// not enough.
    pub(super) fn is_complete(&self, want: Want) -> bool {
        let Some(awaited) = &self.awaited else { return false };
        let enough = match want {
            Want::All => false,
            Want::Answers(count) => self.answers.len() >= count.get(),
        };
        !self.answers.is_empty() && (enough || self.peopled && awaited.is_empty())
    }

    pub(super) fn answered(&self) -> usize {
        self.answers.len()
    }

    pub(super) fn into_gathered(self, outcome: Outcome) -> Gathered<T> {
        let missing = self.awaited.unwrap_or_default();
        Gathered { id: self.id, answers: self.answers, missing, outcome }
    }
}
