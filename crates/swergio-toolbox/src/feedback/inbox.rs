//! Inbox: the questions in a room as one person sees them, and who is at which item.

use std::collections::{HashSet, VecDeque};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use swergio_client::{Envelope, Fault, Kind, MessageId, RoomName};

use super::answer::{Raw, Reply, Said};
use super::{FeedbackLimits, Form, Item, Label, Preference, Question};

/// Knows what is asked in a room, what nobody else is at, and what to say so that nobody does the same twice.
///
/// A machine without a clock and without a link, for one person: `swergio answer` gives it both. Times are seconds since 1970, as they are on the wire.
#[derive(Debug)]
pub struct Inbox {
    me: String,
    limits: FeedbackLimits,
    open: VecDeque<Open>,
    done: HashSet<(MessageId, String)>,
    order: VecDeque<(MessageId, String)>,
}

/// Is an item that waits for an answer, with all that a person is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The question's ID.
    pub query: MessageId,
    /// The pass that it belongs to.
    pub root_id: Option<String>,
    /// The component that asks.
    pub from: String,
    /// The sentence that is shown.
    pub question: String,
    /// What an answer looks like.
    pub answer: Form,
    /// What it is about.
    pub item: Item,
    /// Whether it may be passed over.
    pub skip: bool,
    /// Seconds since 1970 after which nobody waits any more.
    pub deadline: Option<f64>,
}

/// Says that a person is at an item: the `DATA` of a `DATA/CLAIM`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Claim {
    item: String,
    by: String,
    /// Seconds since 1970; nothing when the item is given back.
    until: Option<f64>,
}

#[derive(Debug)]
struct Open {
    asked: Asked,
    /// What it takes to keep.
    bytes: usize,
    mine: Option<f64>,
    other: Option<(f64, String)>,
}

#[derive(Deserialize)]
struct Settled {
    items: Vec<String>,
}

impl Inbox {
    /// Begins empty, for the person of this name.
    pub fn new(me: impl Into<String>, limits: FeedbackLimits) -> Self {
        Self { me: me.into(), limits, open: VecDeque::new(), done: HashSet::new(), order: VecDeque::new() }
    }

    /// Takes in what was said in the room: `DATA/QUERY`, `DATA/CLAIM`, `DATA/FEEDBACK`, `DATA/SETTLED`; all else is passed over.
    ///
    /// Of two claims that cross, the one that ends earlier stands, and of those that end at once the one whose person's name comes first.
    pub fn hear(&mut self, message: &Envelope, now: f64) {
        match &message.kind {
            kind if *kind == Kind::QUERY => self.ask(message),
            kind if *kind == Kind::CLAIM => self.claimed(message, now),
            kind if *kind == Kind::FEEDBACK => self.answered_by_other(message),
            kind if *kind == Kind::SETTLED => self.settle(message),
            _ => {}
        }
    }

    /// Offers the item to answer next: the one that this person is at, or the one with the nearest deadline that nobody is at. What nobody waits
    /// for any more is let go.
    pub fn next(&mut self, now: f64) -> Option<&Asked> {
        self.open.retain(|open| open.asked.deadline.is_none_or(|deadline| deadline > now));
        let mut best: Option<(bool, f64, usize)> = None;
        for (at, open) in self.open.iter().enumerate().filter(|(_, open)| !open.is_with_other(now)) {
            let rank = (open.mine.is_none(), open.asked.deadline.unwrap_or(f64::INFINITY), at);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        best.map(|(_, _, at)| &self.open[at].asked)
    }

    /// Tells whether this person may answer the item: it is open, and nobody else is at it.
    pub fn is_free(&self, query: &MessageId, item: &str, now: f64) -> bool {
        let open = self.open.iter().find(|open| open.asked.is(query, item));
        open.is_some_and(|open| {
            !open.is_with_other(now) && open.asked.deadline.is_none_or(|deadline| deadline > now)
        })
    }

    /// Counts the items that are open, and those of them that others are at.
    pub fn counts(&self, now: f64) -> (usize, usize) {
        (self.open.len(), self.open.iter().filter(|open| open.is_with_other(now)).count())
    }

    /// Claims an item until [`FeedbackLimits::claim`] from now, and spells that for the room.
    ///
    /// # Errors
    /// None that could be met: a claim is texts and numbers.
    pub fn claim(
        &mut self,
        room: &RoomName,
        query: &MessageId,
        item: &str,
        now: f64,
    ) -> Result<Envelope, Fault> {
        let until = now + self.limits.claim.as_secs_f64();
        self.hold(query, item, Some(until));
        self.spell(room, query, item, Some(until))
    }

    /// Gives an item back unanswered, and spells that for the room.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn release(&mut self, room: &RoomName, query: &MessageId, item: &str) -> Result<Envelope, Fault> {
        self.hold(query, item, None);
        self.spell(room, query, item, None)
    }

    /// Answers an item, or passes it over with no label, after so many seconds; spells that for the room, and lets go of it.
    ///
    /// # Errors
    /// As [`claim`](Self::claim).
    pub fn answer(
        &mut self,
        room: &RoomName,
        asked: &Asked,
        label: Option<&Label>,
        seconds: f64,
    ) -> Result<Envelope, Fault> {
        self.forget(&asked.query, &asked.item.id);
        let said = Said { item: asked.item.id.clone(), value: label.map(Raw::of), skip: label.is_none() };
        let reply = Reply { answers: vec![said], by: self.me.clone(), seconds };
        let envelope = Envelope::new(Kind::FEEDBACK).with_id(asked.query.clone()).with_to_room(room.clone());
        let root = asked.root_id.clone().unwrap_or_else(|| asked.query.as_str().to_owned());
        envelope.with_root_id(root).with_data(&reply)
    }

    fn ask(&mut self, message: &Envelope) {
        let (Some(query), Some(question)) = (&message.id, data::<Question>(message)) else { return };
        // What nobody can answer would stand before the person until its deadline.
        if !question.answer.is_answerable(self.limits.items) {
            return;
        }
        let mut bytes: usize = self.open.iter().map(|open| open.bytes).sum();
        for item in &question.items {
            if self.open.len() >= self.limits.items {
                return;
            }
            let known = self.open.iter().any(|open| open.asked.is(query, &item.id))
                || self.done.contains(&(query.clone(), item.id.clone()));
            let more = question.question.len() + question.answer.bytes() + item.bytes();
            if known
                || bytes + more > self.limits.bytes
                || (question.answer == Form::Pair) != item.against.is_some()
            {
                continue;
            }
            bytes += more;
            let asked = Asked {
                query: query.clone(),
                root_id: message.root_id.clone(),
                from: message.sent_by.clone().unwrap_or_default(),
                question: question.question.clone(),
                answer: question.answer.clone(),
                item: item.clone(),
                skip: question.skip,
                deadline: question.deadline,
            };
            self.open.push_back(Open { asked, bytes: more, mine: None, other: None });
        }
    }

    fn claimed(&mut self, message: &Envelope, now: f64) {
        let (Some(query), Some(claim)) = (reference(message), data::<Claim>(message)) else { return };
        let open = self.open.iter_mut().find(|open| open.asked.is(&query, &claim.item));
        let Some(open) = open.filter(|_| claim.by != self.me) else { return };
        let Some(until) = claim.until else {
            open.other.take_if(|(_, by)| *by == claim.by);
            return;
        };
        // Nobody keeps an item for longer than a claim lasts, whatever it says.
        let until = until.min(now + self.limits.claim.as_secs_f64());
        let mine = open.mine.filter(|mine| *mine > now);
        if mine.is_none_or(|mine| (until, claim.by.as_str()) < (mine, self.me.as_str())) {
            (open.mine, open.other) = (None, Some((until, claim.by)));
        }
    }

    /// An answer ends its person's claim; whether the item needs another is for who asked to say.
    fn answered_by_other(&mut self, message: &Envelope) {
        let (Some(query), Some(reply)) = (&message.id, data::<Reply>(message)) else { return };
        for said in &reply.answers {
            if let Some(open) = self.open.iter_mut().find(|open| open.asked.is(query, &said.item)) {
                open.other.take_if(|(_, by)| *by == reply.by);
            }
        }
    }

    fn settle(&mut self, message: &Envelope) {
        let (Some(query), Some(settled)) = (reference(message), data::<Settled>(message)) else { return };
        settled.items.iter().for_each(|item| self.forget(&query, item));
    }

    fn forget(&mut self, query: &MessageId, item: &str) {
        self.open.retain(|open| !open.asked.is(query, item));
        let key = (query.clone(), item.to_owned());
        if self.done.insert(key.clone()) {
            self.order.push_back(key);
        }
        while self.order.len() > self.limits.items.max(self.limits.remembered) {
            if let Some(oldest) = self.order.pop_front() {
                self.done.remove(&oldest);
            }
        }
    }

    fn hold(&mut self, query: &MessageId, item: &str, until: Option<f64>) {
        if let Some(open) = self.open.iter_mut().find(|open| open.asked.is(query, item)) {
            open.mine = until;
        }
    }

    fn spell(
        &self,
        room: &RoomName,
        query: &MessageId,
        item: &str,
        until: Option<f64>,
    ) -> Result<Envelope, Fault> {
        let claim = Claim { item: item.to_owned(), by: self.me.clone(), until };
        Envelope::new(Kind::CLAIM)
            .with_to_room(room.clone())
            .with_field("REF", query.as_str())?
            .with_data(&claim)
    }
}

impl Asked {
    fn is(&self, query: &MessageId, item: &str) -> bool {
        self.query == *query && self.item.id == item
    }
}

impl Open {
    fn is_with_other(&self, now: f64) -> bool {
        self.other.as_ref().is_some_and(|(until, _)| *until > now)
    }
}

impl Raw {
    fn of(label: &Label) -> Self {
        match label {
            Label::Number(number) => Self::Number(*number),
            Label::Text(text) => Self::Text(text.clone()),
            Label::Preference(Preference::First) => Self::Text("first".to_owned()),
            Label::Preference(Preference::Second) => Self::Text("second".to_owned()),
            Label::Preference(Preference::Equal) => Self::Text("equal".to_owned()),
        }
    }
}

fn reference(message: &Envelope) -> Option<MessageId> {
    message.field("REF")?.read::<String>().ok().as_deref().map(MessageId::new)
}

/// Reads `DATA`; what makes no sense is nobody's question.
fn data<T: DeserializeOwned>(message: &Envelope) -> Option<T> {
    message.data.as_ref()?.read().ok()
}

#[cfg(test)]
mod tests;
