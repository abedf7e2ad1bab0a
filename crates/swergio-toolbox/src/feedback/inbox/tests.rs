//! Plays of one inbox or two, with times made up.

use super::super::{Outcome, Show};
use super::*;

fn room() -> RoomName {
    RoomName::parse("user").unwrap()
}

/// What the learner asks: two items, nobody waits beyond second 1,000.
fn query() -> Envelope {
    let question = Question::new("How good?", Form::rating(0, 5))
        .about(Item::new("a", Show::text("la")))
        .about(Item::new("b", Show::text("lala")));
    let question = Question { deadline: Some(1_000.0), ..question };
    let asked = Envelope::new(Kind::QUERY).with_id(id()).with_root_id("pass").with_to_room(room());
    Envelope { sent_by: Some("learner".to_owned()), ..asked.with_data(&question).unwrap() }
}

fn id() -> MessageId {
    MessageId::new("q")
}

fn settled(items: &[&str]) -> Envelope {
    let told = Envelope::new(Kind::SETTLED).with_field("REF", "q").unwrap();
    told.with_data(&listed(items)).unwrap()
}

fn listed(items: &[&str]) -> std::collections::BTreeMap<&'static str, Vec<String>> {
    [("items", items.iter().map(|item| (*item).to_owned()).collect())].into()
}

fn inbox(name: &str) -> Inbox {
    let mut inbox = Inbox::new(name, FeedbackLimits::default());
    inbox.hear(&query(), 0.0);
    inbox
}

fn at(inbox: &mut Inbox, now: f64) -> Option<String> {
    inbox.next(now).map(|asked| asked.item.id.clone())
}

/// R103: two people who claim one item at once: exactly one of them keeps it, whatever comes first, and the other goes on to the next.
#[test]
fn of_two_people_who_claim_at_once_one_keeps_the_item() {
    for (late, keeper) in [(0.0, "ada"), (0.25, "ada"), (-0.25, "bob")] {
        let (mut ada, mut bob) = (inbox("ada"), inbox("bob"));
        let now = 10.0;
        let hers = ada.claim(&room(), &id(), "a", now).unwrap();
        let his = bob.claim(&room(), &id(), "a", now + late).unwrap();
        ada.hear(&his, now);
        bob.hear(&hers, now);
        let free = [ada.is_free(&id(), "a", now), bob.is_free(&id(), "a", now)];
        assert_eq!(free, [keeper == "ada", keeper == "bob"], "{late}");
        let (winner, loser) = if keeper == "ada" { (&mut ada, &mut bob) } else { (&mut bob, &mut ada) };
        assert_eq!((at(winner, now).unwrap(), at(loser, now).unwrap()), ("a".to_owned(), "b".to_owned()));
        assert_eq!((winner.counts(now), loser.counts(now)), ((2, 0), (2, 1)));
    }
}

/// R103: a claim ends by itself, by being given back, and by its person's answer.
#[test]
fn a_claim_ends() {
    let mut bob = inbox("bob");
    let mut ada = inbox("ada");
    bob.hear(&ada.claim(&room(), &id(), "a", 10.0).unwrap(), 10.0);
    assert_eq!((at(&mut bob, 69.9), at(&mut bob, 70.1)), (Some("b".into()), Some("a".into())));

    bob.hear(&ada.claim(&room(), &id(), "a", 80.0).unwrap(), 80.0);
    assert_eq!(at(&mut bob, 81.0), Some("b".into()));
    bob.hear(&ada.release(&room(), &id(), "a").unwrap(), 82.0);
    assert_eq!(at(&mut bob, 82.0), Some("a".into()));

    // A second answer may be wanted: the item is bob's as soon as ada has given hers.
    bob.hear(&ada.claim(&room(), &id(), "a", 90.0).unwrap(), 90.0);
    let asked = ada.next(90.0).unwrap().clone();
    bob.hear(&ada.answer(&room(), &asked, Some(&Label::Number(4.0)), 2.0).unwrap(), 91.0);
    assert_eq!((at(&mut bob, 91.0), at(&mut ada, 91.0)), (Some("a".into()), Some("b".into())));
}

/// R103: no claim keeps an item from others for longer than a claim may last.
#[test]
fn nobody_keeps_an_item_for_ever() {
    let mut bob = inbox("bob");
    let claim = Claim { item: "a".into(), by: "eve".into(), until: Some(f64::INFINITY) };
    let claim = Envelope::new(Kind::CLAIM).with_field("REF", "q").unwrap().with_data(&claim).unwrap();
    bob.hear(&claim, 0.0);
    assert_eq!((at(&mut bob, 59.0), at(&mut bob, 61.0)), (Some("b".into()), Some("a".into())));
}

#[test]
fn what_is_settled_answered_or_too_late_is_not_offered_again() {
    let mut ada = inbox("ada");
    let asked = ada.next(0.0).unwrap().clone();
    assert_eq!(
        (asked.from.as_str(), asked.root_id.as_deref(), asked.deadline),
        ("learner", Some("pass"), Some(1_000.0))
    );
    let skipped = ada.answer(&room(), &asked, None, 1.0).unwrap();
    assert_eq!(
        skipped.data.unwrap().read::<Reply>().unwrap().answers[0],
        Said { item: "a".into(), value: None, skip: true }
    );
    ada.hear(&query(), 1.0);
    assert_eq!(at(&mut ada, 1.0), Some("b".into()));
    ada.hear(&settled(&["b"]), 1.0);
    assert_eq!(at(&mut ada, 1.0), None);

    let mut late = inbox("late");
    assert_eq!(at(&mut late, 1_000.5), None);
    assert_eq!(late.counts(1_000.5), (0, 0));
}

/// What the inbox says the docket takes.
#[test]
fn an_answer_settles_the_question_that_was_asked() {
    use std::time::Instant;

    let mut docket = super::super::Docket::new(FeedbackLimits::default());
    let question: Question = data(&query()).unwrap();
    docket.ask(Instant::now(), id(), question).unwrap();
    let mut ada = inbox("ada");
    let mut complete = None;
    while let Some(asked) = ada.next(0.0).cloned() {
        let label = asked.answer.parse(" 3 ").unwrap();
        let said = ada.answer(&room(), &asked, Some(&label), 1.5).unwrap();
        let reply: Reply = data(&said).unwrap();
        complete = docket.hear(said.id.as_ref().unwrap(), &reply.by, &reply).complete;
    }
    let answers = complete.unwrap();
    assert_eq!(answers.outcome, Outcome::Complete);
    assert_eq!(answers.of("b")[0].label, Label::Number(3.0));
}

#[test]
fn what_is_typed_is_read_as_the_form_wants_it() {
    let choice = Form::choice(["cat", "2"]);
    assert_eq!(choice.parse("1").unwrap(), Label::Text("cat".into()));
    assert_eq!(choice.parse("2").unwrap(), Label::Text("2".into()), "an option is nearer than its number");
    assert_eq!(Form::Pair.parse("1").unwrap(), Label::Preference(Preference::First));
    assert_eq!(Form::Pair.parse("equal").unwrap(), Label::Preference(Preference::Equal));
    assert_eq!(Form::Text { lines: false }.parse("so so").unwrap(), Label::Text("so so".into()));
    for (form, typed) in
        [(choice, "3"), (Form::Pair, "left"), (Form::rating(0, 5), "6"), (Form::rating(0, 5), "good")]
    {
        assert_eq!(form.parse(typed).unwrap_err().code(), "BAD_ANSWER", "{typed}");
    }
}

/// Nobody can answer these: they would stand before everybody until their deadline.
#[test]
fn what_has_no_answer_is_not_offered() {
    let many = Form::Choice { options: (0..2_000).map(|number| number.to_string()).collect() };
    let still = Form::Rating { min: 0.0, max: 5.0, step: 0.0, labels: Default::default() };
    for form in [many, still, Form::rating(5, 0), Form::choice(["one"]), Form::Pair] {
        let mut inbox = Inbox::new("ada", FeedbackLimits::default());
        let question = Question::new("?", form).about(Item::new("a", Show::default()));
        inbox.hear(&Envelope::new(Kind::QUERY).with_id(id()).with_data(&question).unwrap(), 0.0);
        assert_eq!(inbox.next(0.0), None, "{:?}", question.answer);
    }
}

#[test]
fn an_inbox_keeps_so_many_bytes_and_the_rest_when_there_is_room() {
    let limits = FeedbackLimits { bytes: 2_500, ..FeedbackLimits::default() };
    let mut inbox = Inbox::new("ada", limits);
    let items = ["a", "b", "c"].map(|name| Item::new(name, Show::text("x".repeat(1_000))));
    let question = items.into_iter().fold(Question::new("?", Form::rating(0, 5)), Question::about);
    let asked = Envelope::new(Kind::QUERY).with_id(id()).with_data(&question).unwrap();
    inbox.hear(&asked, 0.0);
    assert_eq!(inbox.counts(0.0).0, 2);
    inbox.hear(&settled(&["a"]), 0.0);
    inbox.hear(&asked, 0.0);
    assert_eq!((inbox.counts(0.0).0, at(&mut inbox, 0.0).as_deref()), (2, Some("b")));
}
