//! Gather: the answers of several members to one question: enough of them, or those that came in time.

mod limits;
mod live;
mod round;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use swergio_client::MessageId;

pub use limits::{GatherLimits, GatherTally, Want};
pub use live::GatherRoom;
use round::Round;
pub use round::{Gathered, Heard, Outcome};

/// Gathers answers by the ID of what they answer, from members that come and go.
///
/// A machine without a clock: each step is told the time, [`deadline`](Self::deadline) says when to come back. A round is over
/// when as many members have answered as are [wanted](Want), when nobody is left who could, or at its deadline, whichever is
/// first; so no step of the caller's waits longer than that. Whoever answers is a member from then on (while nobody is, a round waits for
/// its deadline, to learn who there is); one that
/// misses [`GatherLimits::absences`] rounds in a row is not waited for any more, until it answers in time again: one that is always
/// late costs so many deadlines, and no more.
///
/// ```
/// use std::time::Instant;
/// use swergio_toolbox::MessageId;
/// use swergio_toolbox::gather::{Gather, GatherLimits, Heard, Want};
///
/// let (now, question) = (Instant::now(), MessageId::new("q"));
/// let mut gather = Gather::new(Want::All, GatherLimits::default());
/// gather.join("ada");
/// gather.join("bob");
/// gather.open(now, question.clone());
/// assert_eq!(gather.answer(now, &question, "ada", "left"), Heard::Taken);
/// let Heard::Complete(gathered) = gather.answer(now, &question, "bob", "right") else { panic!("both have answered") };
/// assert_eq!(gathered.answers, [("ada".into(), "left"), ("bob".into(), "right")]);
/// ```
#[derive(Debug)]
pub struct Gather<T> {
    want: Want,
    limits: GatherLimits,
    /// Members, and how many rounds in a row each has missed.
    members: BTreeMap<String, u32>,
    /// Rounds that are not over, in the order in which something was first heard of them.
    rounds: VecDeque<Round<T>>,
    /// The IDs of rounds that are over, and who had answered in time.
    over: VecDeque<(MessageId, Vec<String>)>,
    tally: GatherTally,
}

impl<T> Gather<T> {
    /// Begins without members and rounds.
    pub fn new(want: Want, limits: GatherLimits) -> Self {
        Self {
            want,
            limits,
            members: BTreeMap::new(),
            rounds: VecDeque::new(),
            over: VecDeque::new(),
            tally: GatherTally::default(),
        }
    }

    /// Takes in a member: rounds that are opened from now on wait for it. False when it was one already, or
    /// [`GatherLimits::members`] are there.
    pub fn join(&mut self, member: &str) -> bool {
        let room = self.members.len() < self.limits.members.get();
        room && self.members.insert(member.to_owned(), 0).is_none()
    }

    /// Lets a member go, and returns the rounds that are over since nobody waits for it any more.
    ///
    /// What it has answered counts all the same.
    pub fn leave(&mut self, member: &str) -> Vec<Gathered<T>> {
        self.members.remove(member);
        for round in &mut self.rounds {
            round.release(member);
        }
        self.close_those(|round, want| round.is_complete(want).then_some(Outcome::Complete))
    }

    /// Lists the members, in the order of their names.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Opens a round: answers to `id` are awaited from all who are members now, until the deadline.
    ///
    /// Answers that were here before the question count. Returns the round if they are enough already, or if there was one
    /// too many: the oldest is closed then with what it has.
    pub fn open(&mut self, now: Instant, id: MessageId) -> Vec<Gathered<T>> {
        let expected: Vec<String> = self.members.keys().cloned().collect();
        let deadline = now + self.limits.deadline;
        match self.rounds.iter_mut().find(|round| round.id == id) {
            Some(round) => round.open(expected, deadline),
            None => {
                let mut round = Round::early(id, deadline);
                round.open(expected, deadline);
                self.rounds.push_back(round);
            }
        }
        let mut done = self.make_room();
        done.extend(self.close_those(|round, want| round.is_complete(want).then_some(Outcome::Complete)));
        done
    }

    /// Takes an answer to `id`. One that comes before the question is kept, [`GatherLimits::deadline`] long.
    pub fn answer(&mut self, now: Instant, id: &MessageId, member: &str, answer: T) -> Heard<T> {
        if let Some((_, answered)) = self.over.iter().find(|(over, _)| over == id) {
            return if answered.iter().any(|early| early == member) {
                self.duplicate()
            } else {
                self.tally.late += 1;
                Heard::Late
            };
        }
        let known = self.members.contains_key(member) || self.join(member);
        if !known {
            self.tally.strangers += 1;
            return Heard::Stranger;
        }
        let at = match self.rounds.iter().position(|round| round.id == *id) {
            Some(at) => at,
            None => {
                self.rounds.push_back(Round::early(id.clone(), now + self.limits.deadline));
                self.make_room_for_early();
                self.rounds.len() - 1
            }
        };
        let round = &mut self.rounds[at];
        if !round.take(member, answer) {
            return self.duplicate();
        }
        self.tally.taken += 1;
        if !round.is_complete(self.want) {
            return Heard::Taken;
        }
        let round = self.rounds.remove(at).expect("the round was found at this place");
        Heard::Complete(self.close(round, Outcome::Complete))
    }

    /// Returns when to call [`tick`](Self::tick) next. None while nothing is awaited.
    pub fn deadline(&self) -> Option<Instant> {
        self.rounds.iter().map(|round| round.deadline).min()
    }

    /// Closes the rounds whose deadline has come, with the answers that they have.
    pub fn tick(&mut self, now: Instant) -> Vec<Gathered<T>> {
        self.close_those(|round, _| (round.deadline <= now).then_some(Outcome::Deadline))
    }

    /// Forgets a round without an outcome, as when its question has lost its meaning. False when there is none.
    pub fn cancel(&mut self, id: &MessageId) -> bool {
        let before = self.rounds.len();
        self.rounds.retain(|round| round.id != *id);
        self.rounds.len() < before
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> GatherTally {
        self.tally
    }

    fn duplicate(&mut self) -> Heard<T> {
        self.tally.duplicate += 1;
        Heard::Duplicate
    }

    fn close_those(&mut self, outcome: impl Fn(&Round<T>, Want) -> Option<Outcome>) -> Vec<Gathered<T>> {
        let mut closed = Vec::new();
        let mut kept = VecDeque::with_capacity(self.rounds.len());
        for round in std::mem::take(&mut self.rounds) {
            match outcome(&round, self.want) {
                Some(outcome) if round.is_open() => closed.push(self.close(round, outcome)),
                Some(_) => self.tally.unknown += round.answered() as u64,
                None => kept.push_back(round),
            }
        }
        self.rounds = kept;
        closed
    }

    fn close(&mut self, round: Round<T>, outcome: Outcome) -> Gathered<T> {
        let gathered = round.into_gathered(outcome);
        match outcome {
            Outcome::Complete => self.tally.complete += 1,
            Outcome::Deadline => self.tally.deadline += 1,
            Outcome::Crowded => self.tally.crowded += 1,
        }
        let answered: Vec<String> = gathered.answers.iter().map(|(member, _)| member.clone()).collect();
        self.note_absences(&gathered);
        if self.over.len() == self.limits.remembered {
            self.over.pop_front();
        }
        if self.limits.remembered > 0 {
            self.over.push_back((gathered.id.clone(), answered));
        }
        gathered
    }

    fn note_absences(&mut self, gathered: &Gathered<T>) {
        for (member, _) in &gathered.answers {
            self.members.entry(member.clone()).and_modify(|missed| *missed = 0);
        }
        // Who was not needed has missed nothing.
        if gathered.outcome == Outcome::Deadline {
            for member in &gathered.missing {
                self.members.entry(member.clone()).and_modify(|missed| *missed += 1);
            }
            self.members.retain(|_, missed| *missed < self.limits.absences.get());
        }
    }

    fn make_room(&mut self) -> Vec<Gathered<T>> {
        let mut crowded = Vec::new();
        while self.rounds.iter().filter(|round| round.is_open()).count() > self.limits.rounds.get() {
            let oldest = self.rounds.iter().position(Round::is_open).expect("one of them is open");
            let round = self.rounds.remove(oldest).expect("it was found at this place");
            crowded.push(self.close(round, Outcome::Crowded));
        }
        crowded
    }

    fn make_room_for_early(&mut self) {
        while self.rounds.iter().filter(|round| !round.is_open()).count() > self.limits.early.get() {
            let oldest = self.rounds.iter().position(|round| !round.is_open()).expect("one of them is early");
            let round = self.rounds.remove(oldest).expect("it was found at this place");
            self.tally.unknown += round.answered() as u64;
        }
    }
}

#[cfg(test)]
mod tests;
