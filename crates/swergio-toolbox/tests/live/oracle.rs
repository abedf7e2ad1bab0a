//! A question to the people in a room, and what they say.

use std::time::Duration;

use swergio_client::{Body, Client, Envelope, Kind, Message, Messages, Trigger};
use swergio_toolbox::feedback::{FeedbackLimits, Form, Item, Oracle, Outcome, Question, Show};
use tokio::time::Instant;

use crate::hall::{Hall, room};

const SOON: Duration = Duration::from_secs(60);

fn melodies() -> Question {
    let question = Question::new("How pleasant?", Form::rating(0, 5)).patience(SOON);
    question.about(Item::new("1", Show::text("c d e"))).about(Item::new("2", Show::text("e d c")))
}

async fn listens(person: &Client) -> Messages {
    let heard = person.subscribe(Trigger::kinds([Kind::QUERY, Kind::SETTLED]).rooms(["user"])).await.unwrap();
    person.settle().await.unwrap();
    heard
}

/// Says what a console says when its person has answered.
async fn answers(person: &Client, asked: &Message, item: &str, value: u8) {
    let text = format!(
        r#"{{"answers": [{{"item": "{item}", "value": {value}}}], "by": "{}", "seconds": 2.5}}"#,
        person.name()
    );
    let mut feedback =
        Envelope::new(Kind::FEEDBACK).with_to_room(room("user")).with_id(asked.id.clone().unwrap());
    feedback.data = Some(Body::from_json(text.as_bytes()).unwrap());
    person.send(feedback).await.unwrap();
}

async fn opened(client: &Client) -> Oracle {
    let oracle = Oracle::open(client, "user", FeedbackLimits::default()).await.unwrap();
    client.settle().await.unwrap();
    oracle
}

/// R100, R101, R102: a question, answers by item, and what is settled.
#[tokio::test(start_paused = true)]
async fn people_answer_and_are_told_what_needs_no_answer_any_more() {
    let hall = Hall::default();
    let (ada, bob, learner) = (hall.enter("ada").await, hall.enter("bob").await, hall.enter("learner").await);
    let (mut to_ada, mut to_bob) = (listens(&ada).await, listens(&bob).await);
    let oracle = opened(&learner).await;
    let asking = oracle.put(melodies(), Some("pass".to_owned())).await.unwrap().unwrap();

    let asked = to_ada.next().await.unwrap();
    assert_eq!(asked.root_id.as_deref(), Some("pass"));
    let question: Question = asked.data().unwrap();
    assert_eq!((question.items.len(), question.deadline.is_some()), (2, true));
    answers(&ada, &asked, "1", 4).await;
    to_bob.next().await.unwrap();
    let settled = to_bob.next().await.unwrap();
    assert_eq!(
        (settled.kind.clone(), settled.field::<String>("REF").unwrap()),
        (Kind::SETTLED, asked.id.as_ref().map(ToString::to_string))
    );
    answers(&bob, &asked, "2", 9).await;
    answers(&bob, &asked, "2", 1).await;

    let heard = asking.answers().await.unwrap();
    assert_eq!(heard.outcome, Outcome::Complete);
    let said: Vec<_> = heard
        .firsts()
        .map(|(item, given)| (item, given.by.as_str(), given.label.number(), given.took))
        .collect();
    let took = Duration::from_millis(2500);
    assert_eq!(said, [("1", "ada", Some(4.0), took), ("2", "bob", Some(1.0), took)]);
    assert_eq!((oracle.tally().taken, oracle.tally().refused), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn who_comes_later_is_asked_too_and_patience_has_an_end() {
    let hall = Hall::default();
    let (learner, late) = (hall.enter("learner").await, hall.enter("late").await);
    let oracle = opened(&learner).await;
    let began = Instant::now();
    let asking = oracle.put(melodies(), None).await.unwrap().unwrap();
    let mut heard = listens(&late).await;
    let asked = heard.next().await.unwrap();
    assert!(began.elapsed() <= FeedbackLimits::default().repeat);
    answers(&late, &asked, "2", 3).await;
    let answers = asking.answers().await.unwrap();
    assert_eq!(began.elapsed().as_secs(), SOON.as_secs());
    assert_eq!((answers.outcome, answers.of("1").len(), answers.of("2").len()), (Outcome::Deadline, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_waits_for_is_taken_back() {
    let hall = Hall::default();
    let (learner, ada) = (hall.enter("learner").await, hall.enter("ada").await);
    let mut heard = listens(&ada).await;
    let oracle = opened(&learner).await;
    drop(oracle.put(melodies(), None).await.unwrap());
    assert_eq!(heard.next().await.unwrap().kind, Kind::QUERY);
    let settled = heard.next().await.unwrap();
    assert_eq!(settled.kind, Kind::SETTLED);
    #[derive(serde::Deserialize)]
    struct Settled {
        items: Vec<String>,
    }
    assert_eq!(settled.data::<Settled>().unwrap().items, ["1", "2"]);
    assert_eq!(oracle.ask(Question::new("?", Form::Pair)).await.unwrap_err().code(), "BAD_QUESTION");
}
