//! Plays of a gathering, with time moved by hand.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use super::*;

/// A gathering whose clock counts milliseconds; a round waits for 100 of them.
struct Play {
    gather: Gather<u32>,
    began: Instant,
    now: u64,
}

impl Play {
    fn with(want: Want, limits: GatherLimits, members: &str) -> Self {
        let mut gather = Gather::new(want, GatherLimits { deadline: Duration::from_millis(100), ..limits });
        for member in members.split_whitespace() {
            assert!(gather.join(member));
        }
        Self { gather, began: Instant::now(), now: 0 }
    }

    fn all(members: &str) -> Self {
        Self::with(Want::All, GatherLimits::default(), members)
    }

    fn at(&mut self, now: u64) -> Vec<Gathered<u32>> {
        self.now = now;
        self.gather.tick(self.clock())
    }

    fn clock(&self) -> Instant {
        self.began + Duration::from_millis(self.now)
    }

    fn asks(&mut self, id: &str) -> Vec<Gathered<u32>> {
        self.gather.open(self.clock(), MessageId::new(id))
    }

    fn says(&mut self, member: &str, id: &str) -> Heard<u32> {
        self.gather.answer(self.clock(), &MessageId::new(id), member, 7)
    }

    fn completes(&mut self, member: &str, id: &str) -> Gathered<u32> {
        match self.says(member, id) {
            Heard::Complete(gathered) => gathered,
            other => panic!("{other:?}"),
        }
    }
}

fn names(gathered: &Gathered<u32>) -> Vec<&str> {
    gathered.answers.iter().map(|(member, _)| member.as_str()).collect()
}

#[test]
fn all_have_answered() {
    let mut play = Play::all("ada bob cyd");
    assert_eq!(play.asks("q"), []);
    assert_eq!(play.says("bob", "q"), Heard::Taken);
    assert_eq!(play.says("ada", "q"), Heard::Taken);
    let gathered = play.completes("cyd", "q");
    assert_eq!((names(&gathered), gathered.missing.len()), (vec!["bob", "ada", "cyd"], 0));
    assert_eq!(play.gather.deadline(), None);
}

#[test]
fn enough_have_answered_and_the_rest_are_late() {
    let want = Want::Answers(NonZeroUsize::new(2).unwrap());
    let mut play = Play::with(want, GatherLimits::default(), "ada bob cyd");
    play.asks("q");
    play.says("ada", "q");
    let gathered = play.completes("bob", "q");
    assert_eq!(gathered.missing, ["cyd"]);
    assert_eq!(play.says("cyd", "q"), Heard::Late);
    assert_eq!(play.says("ada", "q"), Heard::Duplicate);
    let tally = play.gather.tally();
    assert_eq!((tally.taken, tally.late, tally.duplicate, tally.complete), (2, 1, 1, 1));
}

#[test]
fn fewer_members_than_wanted_are_enough_when_all_have_answered() {
    let mut play = Play::with(Want::Answers(NonZeroUsize::MAX), GatherLimits::default(), "ada");
    play.asks("q");
    assert_eq!(play.completes("ada", "q").outcome, Outcome::Complete);
}

#[test]
fn no_round_waits_longer_than_its_deadline() {
    let mut play = Play::all("ada bob");
    play.asks("q");
    play.says("ada", "q");
    assert_eq!(play.gather.deadline(), Some(play.began + Duration::from_millis(100)));
    assert_eq!(play.at(99), []);
    let over = play.at(100);
    assert_eq!((names(&over[0]), over[0].outcome), (vec!["ada"], Outcome::Deadline));
    assert_eq!(over[0].missing, ["bob"]);
    assert_eq!(play.says("bob", "q"), Heard::Late);
}

#[test]
fn a_question_that_nobody_answers_is_over_at_its_deadline_too() {
    let mut play = Play::all("");
    assert_eq!(play.asks("q"), []);
    let over = play.at(100);
    assert_eq!((over[0].answers.len(), over[0].outcome), (0, Outcome::Deadline));
}

#[test]
fn the_first_answer_stands() {
    let mut play = Play::all("ada bob");
    play.asks("q");
    play.says("ada", "q");
    let (now, id) = (play.clock(), MessageId::new("q"));
    assert_eq!(play.gather.answer(now, &id, "ada", 8), Heard::Duplicate);
    assert_eq!(play.completes("bob", "q").answers[0], ("ada".into(), 7));
}

#[test]
fn an_answer_may_come_before_its_question() {
    let mut play = Play::all("ada bob");
    assert_eq!(play.says("ada", "q"), Heard::Taken);
    play.now = 50;
    play.asks("q");
    // The deadline counts from the question.
    assert_eq!(play.at(149), []);
    assert_eq!(names(&play.completes("bob", "q")), ["ada", "bob"]);
    play.says("ada", "r");
    play.says("bob", "r");
    let done = play.asks("r");
    assert_eq!(names(&done[0]), ["ada", "bob"]);
}

#[test]
fn answers_to_what_nobody_asked_are_forgotten_and_counted() {
    let limits = GatherLimits { early: NonZeroUsize::MIN, ..GatherLimits::default() };
    let mut play = Play::with(Want::All, limits, "ada");
    play.says("ada", "r");
    play.says("ada", "s");
    assert_eq!(play.gather.tally().unknown, 1);
    assert_eq!(play.at(100), []);
    assert_eq!((play.gather.tally().unknown, play.gather.deadline()), (2, None));
}

#[test]
fn who_leaves_is_not_waited_for() {
    let mut play = Play::all("ada bob");
    play.asks("q");
    play.says("ada", "q");
    let over = play.gather.leave("bob");
    assert_eq!((names(&over[0]), over[0].outcome), (vec!["ada"], Outcome::Complete));
    assert!(over[0].missing.is_empty());
}

#[test]
fn what_a_member_said_before_it_left_counts() {
    let mut play = Play::all("ada bob");
    play.asks("q");
    play.says("ada", "q");
    assert_eq!(play.gather.leave("ada"), []);
    assert_eq!(names(&play.completes("bob", "q")), ["ada", "bob"]);
}

#[test]
fn who_comes_late_is_waited_for_from_the_next_round_on() {
    let mut play = Play::all("ada");
    play.asks("q");
    play.gather.join("bob");
    play.completes("ada", "q");
    play.asks("r");
    assert_eq!(play.says("ada", "r"), Heard::Taken);
    play.completes("bob", "r");
}

#[test]
fn whoever_answers_is_a_member() {
    let mut play = Play::all("ada");
    play.asks("q");
    assert_eq!(play.says("eve", "q"), Heard::Taken);
    assert_eq!(names(&play.completes("ada", "q")), ["eve", "ada"]);
    assert_eq!(play.gather.members().collect::<Vec<_>>(), ["ada", "eve"]);
}

#[test]
fn while_nobody_is_known_a_round_waits_to_learn_who_there_is() {
    let mut play = Play::all("");
    play.asks("q");
    assert_eq!(play.says("ada", "q"), Heard::Taken);
    assert_eq!(play.says("bob", "q"), Heard::Taken);
    assert_eq!(names(&play.at(100)[0]), ["ada", "bob"]);
}

#[test]
fn who_misses_too_many_rounds_is_not_waited_for_until_it_answers_in_time() {
    let limits = GatherLimits { absences: NonZeroU32::new(2).unwrap(), ..GatherLimits::default() };
    let mut play = Play::with(Want::All, limits, "ada bob");
    for (round, id) in ["q", "r"].into_iter().enumerate() {
        play.asks(id);
        play.says("ada", id);
        assert_eq!(play.at(100 * (round as u64 + 1)).len(), 1);
    }
    play.asks("s");
    assert_eq!(play.says("bob", "s"), Heard::Taken);
    play.completes("ada", "s");
    play.asks("t");
    assert_eq!(play.says("ada", "t"), Heard::Taken);
    play.completes("bob", "t");
}

#[test]
fn who_is_always_late_costs_so_many_deadlines_and_no_more() {
    let limits = GatherLimits { absences: NonZeroU32::new(2).unwrap(), ..GatherLimits::default() };
    let mut play = Play::with(Want::All, limits, "ada bob");
    for (round, id) in ["q", "r"].into_iter().enumerate() {
        play.asks(id);
        play.says("ada", id);
        assert_eq!(play.at(100 * (round as u64 + 1))[0].missing, ["bob"]);
        assert_eq!(play.says("bob", id), Heard::Late);
    }
    for id in ["s", "t"] {
        play.asks(id);
        assert!(play.completes("ada", id).missing.is_empty());
        assert_eq!(play.says("bob", id), Heard::Late);
    }
    assert_eq!(play.gather.tally().late, 4);
}

#[test]
fn too_many_open_rounds_close_the_oldest() {
    let limits = GatherLimits { rounds: NonZeroUsize::new(2).unwrap(), ..GatherLimits::default() };
    let mut play = Play::with(Want::All, limits, "ada");
    play.asks("q");
    play.asks("r");
    let over = play.asks("s");
    assert_eq!((over[0].id.as_str(), over[0].outcome), ("q", Outcome::Crowded));
    assert_eq!(play.gather.tally().crowded, 1);
}

#[test]
fn a_crowd_is_kept_out() {
    let limits = GatherLimits { members: NonZeroUsize::MIN, ..GatherLimits::default() };
    let mut play = Play::with(Want::All, limits, "ada");
    play.asks("q");
    assert_eq!(play.says("eve", "q"), Heard::Stranger);
    assert_eq!(play.gather.tally().strangers, 1);
}

#[test]
fn a_round_that_was_cancelled_is_over_without_an_outcome() {
    let mut play = Play::all("ada");
    play.asks("q");
    assert!(play.gather.cancel(&MessageId::new("q")));
    assert!(!play.gather.cancel(&MessageId::new("q")));
    assert_eq!(play.at(200), []);
}

#[test]
fn what_is_remembered_is_bounded() {
    let limits = GatherLimits { remembered: 1, ..GatherLimits::default() };
    let mut play = Play::with(Want::Answers(NonZeroUsize::MIN), limits, "ada bob");
    for id in ["q", "r"] {
        play.asks(id);
        play.completes("ada", id);
    }
    assert_eq!(play.says("bob", "r"), Heard::Late);
    // Nobody remembers it, so it might be an answer to a question that is still under way.
    assert_eq!(play.says("bob", "q"), Heard::Taken);
}
