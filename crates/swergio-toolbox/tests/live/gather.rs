//! Answers to one question, gathered in a room.

use std::num::NonZeroUsize;
use std::time::Duration;

use swergio_client::{Client, Envelope, Kind, MessageId};
use swergio_toolbox::gather::{GatherLimits, GatherRoom, Gathered, Outcome, Want};
use tokio::time::Instant;

use crate::hall::{Hall, room};

async fn opened(client: &Client, want: Want) -> GatherRoom {
    let limits = GatherLimits { deadline: Duration::from_millis(100), ..GatherLimits::default() };
    GatherRoom::open(client, room("logits"), Kind::FORWARD, want, limits).await.unwrap()
}

fn logits(question: &str) -> Envelope {
    Envelope::new(Kind::FORWARD).with_to_room(room("logits")).with_root_id(question)
}

fn who<T>(gathered: &Gathered<T>) -> Vec<&str> {
    gathered.answers.iter().map(|(member, _)| member.as_str()).collect()
}

/// Says what the broker does when somebody leaves the room.
async fn leaves(broker: &Client, name: &str) {
    let notice = Envelope::new(Kind::PRESENCE).with_to_room(room("_presence"));
    let fields = [("NAME", name), ("ROOM", "logits"), ("STATE", "left")];
    let notice = fields.iter().fold(notice, |notice, (key, text)| notice.with_field(key, text).unwrap());
    broker.send(notice).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_first_round_learns_who_there_is_and_the_next_waits_for_no_clock() {
    let hall = Hall::default();
    let (ada, bob, boss) = (hall.enter("ada").await, hall.enter("bob").await, hall.enter("boss").await);
    let mut room = opened(&boss, Want::All).await;
    boss.settle().await.unwrap();
    for agent in [&ada, &bob] {
        agent.send(logits("q")).await.unwrap();
    }
    let first = room.gather(&MessageId::new("q")).await.unwrap();
    assert_eq!((first.answers.len(), first.outcome), (2, Outcome::Deadline));
    let began = Instant::now();
    for agent in [&bob, &ada] {
        agent.send(logits("r")).await.unwrap();
        agent.settle().await.unwrap();
    }
    let second = room.gather(&MessageId::new("r")).await.unwrap();
    assert_eq!((who(&second), second.outcome), (vec!["bob", "ada"], Outcome::Complete));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_costs_the_deadline_and_a_gone_one_nothing() {
    let hall = Hall::default();
    let (ada, bob, boss) = (hall.enter("ada").await, hall.enter("bob").await, hall.enter("boss").await);
    let broker = hall.enter("broker").await;
    let mut room = opened(&boss, Want::All).await;
    boss.settle().await.unwrap();
    for agent in [&ada, &bob] {
        agent.send(logits("q")).await.unwrap();
    }
    room.gather(&MessageId::new("q")).await.unwrap();

    ada.send(logits("r")).await.unwrap();
    let began = Instant::now();
    let slow = room.gather(&MessageId::new("r")).await.unwrap();
    assert_eq!((who(&slow), slow.missing.as_slice()), (vec!["ada"], &["bob".to_owned()][..]));
    assert_eq!(began.elapsed().as_millis(), 100);

    ada.send(logits("s")).await.unwrap();
    ada.settle().await.unwrap();
    leaves(&broker, "bob").await;
    let gone = room.gather(&MessageId::new("s")).await.unwrap();
    assert_eq!((who(&gone), gone.outcome), (vec!["ada"], Outcome::Complete));
    assert_eq!(room.members().collect::<Vec<_>>(), ["ada"]);
}

#[tokio::test(start_paused = true)]
async fn two_of_three_are_enough_and_the_third_is_counted_as_late() {
    let hall = Hall::default();
    let boss = hall.enter("boss").await;
    let mut room = opened(&boss, Want::Answers(NonZeroUsize::new(2).unwrap())).await;
    boss.settle().await.unwrap();
    let mut agents = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        let agent = hall.enter(name).await;
        agent.send(logits("q")).await.unwrap();
        agent.settle().await.unwrap();
        agents.push(agent);
    }
    let gathered = room.gather(&MessageId::new("q")).await.unwrap();
    assert_eq!((who(&gathered), gathered.outcome), (vec!["ada", "bob"], Outcome::Complete));
    // The next question brings the late one in, and an answer of the boss itself is none.
    boss.send(logits("r")).await.unwrap();
    let next = room.gather(&MessageId::new("r")).await.unwrap();
    assert_eq!((next.answers.len(), room.tally().late), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_loses_nothing() {
    let hall = Hall::default();
    let (ada, boss) = (hall.enter("ada").await, hall.enter("boss").await);
    let mut room = opened(&boss, Want::Answers(NonZeroUsize::new(2).unwrap())).await;
    boss.settle().await.unwrap();
    ada.send(logits("q")).await.unwrap();
    ada.settle().await.unwrap();
    let question = MessageId::new("q");
    let patience = Duration::from_millis(10);
    assert!(tokio::time::timeout(patience, room.gather(&question)).await.is_err());
    let bob = hall.enter("bob").await;
    bob.send(logits("q")).await.unwrap();
    assert_eq!(who(&room.gather(&question).await.unwrap()), ["ada", "bob"]);
}

/// The clock strikes for a round, and then so much later that the deadline is long over when anybody looks.
#[tokio::test(start_paused = true)]
async fn who_wakes_late_hears_what_has_come_and_waits_for_nobody_more() {
    let hall = Hall::default();
    let (ada, bob, boss) = (hall.enter("ada").await, hall.enter("bob").await, hall.enter("boss").await);
    let mut room = opened(&boss, Want::All).await;
    boss.settle().await.unwrap();
    for agent in [&ada, &bob] {
        agent.send(logits("q")).await.unwrap();
    }
    room.gather(&MessageId::new("q")).await.unwrap();
    let question = MessageId::new("r");
    assert!(tokio::time::timeout(Duration::ZERO, room.gather(&question)).await.is_err());
    bob.send(logits("r")).await.unwrap();
    boss.settle().await.unwrap();
    // Nobody looked for a second, as the machine was busy.
    tokio::time::advance(Duration::from_secs(1)).await;
    let began = Instant::now();
    let gathered = room.gather(&question).await.unwrap();
    assert_eq!((who(&gathered), gathered.outcome), (vec!["bob"], Outcome::Deadline));
    assert_eq!((began.elapsed(), room.tally().late), (Duration::ZERO, 0));
}

/// Somebody answers old questions without end: that does not put the deadline off.
#[tokio::test(start_paused = true)]
async fn who_talks_on_and_on_does_not_put_the_deadline_off() {
    let hall = Hall::default();
    let (ada, bob, boss) = (hall.enter("ada").await, hall.enter("bob").await, hall.enter("boss").await);
    let mut room = opened(&boss, Want::All).await;
    boss.settle().await.unwrap();
    for agent in [&ada, &bob] {
        agent.send(logits("q")).await.unwrap();
    }
    room.gather(&MessageId::new("q")).await.unwrap();
    let chatter = tokio::spawn(async move {
        loop {
            ada.send(logits("q")).await.unwrap();
            tokio::time::advance(Duration::from_millis(1)).await;
        }
    });
    let began = Instant::now();
    let gathered = room.gather(&MessageId::new("r")).await.unwrap();
    chatter.abort();
    assert_eq!((gathered.answers.len(), gathered.outcome), (0, Outcome::Deadline));
    assert!(began.elapsed() <= Duration::from_millis(110), "{:?}", began.elapsed());
}
