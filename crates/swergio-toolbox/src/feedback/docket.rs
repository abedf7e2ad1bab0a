//! Docket: questions that are open, and what has been answered of them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use swergio_client::MessageId;

use super::answer::{Reply, Said};
use super::{Answers, FeedbackFault, FeedbackLimits, FeedbackTally, Given, Outcome, Question};

/// Keeps open questions until each of their items has as many answers as were asked for, was passed over, or nobody waits any more.
///
/// A machine without a clock and without a link: [`Oracle`](super::Oracle) gives it both.
#[derive(Debug)]
pub struct Docket {
    limits: FeedbackLimits,
    open: VecDeque<Open>,
    over: VecDeque<MessageId>,
    tally: FeedbackTally,
}

#[derive(Debug)]
struct Open {
    id: MessageId,
    question: Question,
    items: Vec<Pending>,
    deadline: Instant,
}

#[derive(Debug, Default)]
struct Pending {
    given: Vec<Given>,
    skipped: Vec<String>,
    over: bool,
}

/// Says what an answer led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Items that nobody needs to answer any more.
    pub settled: Vec<String>,
    /// The question, when all its items are settled.
    pub complete: Option<Answers>,
    /// What could not be taken, and why.
    pub refused: Vec<FeedbackFault>,
}

impl Docket {
    /// Begins with nothing asked.
    pub fn new(limits: FeedbackLimits) -> Self {
        Self { limits, open: VecDeque::new(), over: VecDeque::new(), tally: FeedbackTally::default() }
    }

    /// Opens a question under an ID.
    ///
    /// # Errors
    /// `BAD_QUESTION` as [`Question::check`], or when it has too many items; `FULL` when too many are open.
    pub fn ask(&mut self, now: Instant, id: MessageId, question: Question) -> Result<(), FeedbackFault> {
        question.check()?;
        let (items, most) = (question.items.len(), self.limits.items);
        if items > most {
            return Err(FeedbackFault::new(
                "BAD_QUESTION",
                "items",
                format!("{items} items, {most} are allowed"),
            ));
        }
        if self.open.len() >= self.limits.questions {
            let reason =
                format!("{} questions are open already; wait for one to be answered", self.open.len());
            return Err(FeedbackFault::new("FULL", "questions", reason));
        }
        self.tally.asked += 1;
        let deadline = now + self.limits.patience_of(&question);
        let items = question.items.iter().map(|_| Pending::default()).collect();
        self.open.push_back(Open { id, question, items, deadline });
        Ok(())
    }

    /// Takes what `by` said to the question `id`. `by` is the person's own name, or else its component's.
    pub(crate) fn hear(&mut self, id: &MessageId, by: &str, reply: &Reply) -> Heard {
        let Some(at) = self.open.iter().position(|open| open.id == *id) else {
            let known = self.over.contains(id);
            *(if known { &mut self.tally.late } else { &mut self.tally.unknown }) += 1;
            return Heard::default();
        };
        let mut heard = Heard::default();
        let took = Duration::try_from_secs_f64(reply.seconds).unwrap_or_default();
        for said in &reply.answers {
            match self.open[at].take(said, by, took, &self.limits, &mut self.tally) {
                Ok(true) => heard.settled.push(said.item.clone()),
                Ok(false) => {}
                Err(fault) => {
                    self.tally.refused += 1;
                    heard.refused.push(fault);
                }
            }
        }
        if self.open[at].items.iter().all(|item| item.over) {
            heard.complete = self.close(at, Outcome::Complete);
        }
        heard
    }

    /// Closes the questions whose patience is at an end.
    pub fn tick(&mut self, now: Instant) -> Vec<Answers> {
        let mut expired = Vec::new();
        while let Some(at) = self.open.iter().position(|open| open.deadline <= now) {
            self.tally.expired += 1;
            expired.extend(self.close(at, Outcome::Deadline));
        }
        expired
    }

    /// Returns when to call [`tick`](Self::tick) next.
    pub fn deadline(&self) -> Option<Instant> {
        self.open.iter().map(|open| open.deadline).min()
    }

    /// Takes a question back: nobody waits for its answers any more. Returns the items that were open.
    pub fn withdraw(&mut self, id: &MessageId) -> Vec<String> {
        let Some(at) = self.open.iter().position(|open| open.id == *id) else { return Vec::new() };
        let items = self.open[at].unanswered().map(str::to_owned).collect();
        self.close(at, Outcome::Deadline);
        items
    }

    /// Lists the open questions with those of their items that still want an answer.
    pub fn open(&self) -> impl Iterator<Item = (&MessageId, Question)> {
        self.open.iter().map(|open| {
            let items = open.question.items.iter().zip(&open.items).filter(|(_, pending)| !pending.over);
            let items = items.map(|(item, _)| item.clone()).collect();
            (&open.id, Question { items, ..open.question.clone() })
        })
    }

    /// Returns what has been counted.
    pub fn tally(&self) -> FeedbackTally {
        self.tally
    }

    fn close(&mut self, at: usize, outcome: Outcome) -> Option<Answers> {
        let open = self.open.remove(at)?;
        self.over.push_back(open.id.clone());
        if self.over.len() > self.limits.remembered {
            self.over.pop_front();
        }
        let ids = open.question.items.into_iter().map(|item| item.id);
        let items = ids.zip(open.items.into_iter().map(|item| item.given)).collect();
        Some(Answers { id: open.id, items, outcome })
    }
}

impl Open {
    /// Takes what was said of one item, and tells whether that settles it.
    fn take(
        &mut self,
        said: &Said,
        by: &str,
        took: Duration,
        limits: &FeedbackLimits,
        tally: &mut FeedbackTally,
    ) -> Result<bool, FeedbackFault> {
        let at = self.question.items.iter().position(|item| item.id == said.item).ok_or_else(|| {
            FeedbackFault::new(
                "BAD_ANSWER",
                "answers.item",
                format!("the question is not about {:?}", said.item),
            )
        })?;
        let pending = &mut self.items[at];
        if pending.over {
            tally.late += 1;
            return Ok(false);
        }
        if pending.given.iter().any(|given| given.by == by) || pending.skipped.iter().any(|name| name == by) {
            tally.duplicate += 1;
            return Ok(false);
        }
        match &said.value {
            Some(value) if !said.skip => {
                let label = self.question.answer.read(&said.item, value)?;
                pending.given.push(Given { by: by.to_owned(), label, took });
                tally.taken += 1;
                pending.over = pending.given.len() >= self.question.quorum;
            }
            _ if !self.question.skip => {
                return Err(FeedbackFault::new(
                    "BAD_ANSWER",
                    format!("answers.{}", said.item),
                    "it may not be passed over",
                ));
            }
            _ => {
                pending.skipped.push(by.to_owned());
                tally.skipped += 1;
                pending.over = pending.skipped.len() >= limits.skips;
            }
        }
        Ok(pending.over)
    }

    fn unanswered(&self) -> impl Iterator<Item = &str> {
        let items = self.question.items.iter().zip(&self.items);
        items.filter(|(_, pending)| !pending.over).map(|(item, _)| item.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::Raw;
    use super::super::{Form, Item, Label, Show};
    use super::*;

    fn question(items: &[&str]) -> Question {
        let empty = Question::new("How good?", Form::rating(0, 5));
        items.iter().fold(empty, |question, id| question.about(Item::new(*id, Show::default())))
    }

    fn rate(item: &str, value: f64) -> Reply {
        let said = Said { item: item.into(), value: Some(Raw::Number(value)), skip: false };
        Reply { answers: vec![said], by: String::new(), seconds: 2.0 }
    }

    fn skip(item: &str) -> Reply {
        let said = Said { item: item.into(), value: None, skip: true };
        Reply { answers: vec![said], by: String::new(), seconds: 0.0 }
    }

    fn docket(question: Question) -> (Docket, Instant, MessageId) {
        let (mut docket, now, id) =
            (Docket::new(FeedbackLimits::default()), Instant::now(), MessageId::new("q"));
        docket.ask(now, id.clone(), question).unwrap();
        (docket, now, id)
    }

    #[test]
    fn the_first_answer_settles_an_item_and_the_last_item_the_question() {
        let (mut docket, _, id) = docket(question(&["a", "b"]));
        assert_eq!(docket.hear(&id, "ada", &rate("a", 4.0)).settled, ["a"]);
        assert_eq!(docket.hear(&id, "bob", &rate("a", 1.0)), Heard::default());
        let answers = docket.hear(&id, "bob", &rate("b", 2.0)).complete.unwrap();
        assert_eq!(answers.outcome, Outcome::Complete);
        let firsts: Vec<_> =
            answers.firsts().map(|(item, given)| (item, given.by.as_str(), given.label.clone())).collect();
        assert_eq!(firsts, [("a", "ada", Label::Number(4.0)), ("b", "bob", Label::Number(2.0))]);
        assert_eq!((docket.tally().taken, docket.tally().late), (2, 1));
        docket.hear(&id, "eve", &rate("b", 0.0));
        assert_eq!(docket.tally().late, 2);
    }

    #[test]
    fn a_quorum_is_of_different_people() {
        let (mut docket, _, id) = docket(question(&["a"]).quorum(2));
        assert!(docket.hear(&id, "ada", &rate("a", 4.0)).settled.is_empty());
        assert!(docket.hear(&id, "ada", &rate("a", 5.0)).settled.is_empty());
        let answers = docket.hear(&id, "bob", &rate("a", 1.0)).complete.unwrap();
        assert_eq!(
            answers.of("a").iter().map(|given| given.label.number()).collect::<Vec<_>>(),
            [Some(4.0), Some(1.0)]
        );
        assert_eq!(docket.tally().duplicate, 1);
    }

    #[test]
    fn an_item_that_was_passed_over_has_no_answer() {
        let (mut docket, _, id) = docket(question(&["a"]));
        let answers = docket.hear(&id, "ada", &skip("a")).complete.unwrap();
        assert!(answers.of("a").is_empty() && answers.firsts().next().is_none());
    }

    #[test]
    fn a_bad_answer_is_refused_and_the_item_stays_open() {
        let (mut docket, _, id) = docket(question(&["a"]).skippable(false));
        for bad in [rate("a", 9.0), rate("z", 1.0), skip("a")] {
            assert_eq!(docket.hear(&id, "ada", &bad).refused.len(), 1);
        }
        assert_eq!(docket.tally().refused, 3);
        assert!(docket.hear(&id, "ada", &rate("a", 5.0)).complete.is_some());
        assert_eq!(docket.hear(&MessageId::new("other"), "ada", &rate("a", 5.0)), Heard::default());
        assert_eq!(docket.tally().unknown, 1);
    }

    #[test]
    fn patience_ends_with_what_came() {
        let (mut docket, now, id) = docket(question(&["a", "b"]).patience(Duration::from_secs(10)));
        docket.hear(&id, "ada", &rate("b", 3.0));
        assert_eq!(
            docket.open().next().unwrap().1.items.len(),
            1,
            "what is settled is not put before people again"
        );
        assert_eq!(docket.deadline(), Some(now + Duration::from_secs(10)));
        assert!(docket.tick(now + Duration::from_secs(9)).is_empty());
        let expired = docket.tick(now + Duration::from_secs(10));
        assert_eq!(
            (expired[0].outcome, expired[0].of("a").len(), expired[0].of("b").len()),
            (Outcome::Deadline, 0, 1)
        );
        assert_eq!(docket.deadline(), None);
    }

    #[test]
    fn patience_without_end_is_patience_of_years() {
        let (docket, now, id) = docket(question(&["a"]).patience(Duration::MAX));
        assert!(docket.deadline().unwrap() > now + Duration::from_secs(3600 * 24 * 365));
        assert_eq!(docket.open().next().unwrap().0, &id);
    }

    #[test]
    fn too_many_questions_are_refused() {
        let mut docket = Docket::new(FeedbackLimits { questions: 1, items: 1, ..FeedbackLimits::default() });
        let now = Instant::now();
        assert_eq!(
            docket.ask(now, MessageId::new("1"), question(&["a", "b"])).unwrap_err().code(),
            "BAD_QUESTION"
        );
        docket.ask(now, MessageId::new("1"), question(&["a"])).unwrap();
        assert_eq!(docket.ask(now, MessageId::new("2"), question(&["a"])).unwrap_err().code(), "FULL");
        assert_eq!(docket.withdraw(&MessageId::new("1")), ["a"]);
        docket.ask(now, MessageId::new("2"), question(&["a"])).unwrap();
    }
}
