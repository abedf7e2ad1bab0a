//! An ensemble that acts as one: a member that is slow, one that is gone, one that talks nonsense.

use std::time::Duration;

use swergio_client::{Client, Envelope, Kind, Message, MessageId, Messages, Reply, Trigger};
use swergio_toolbox::Tensor;
use swergio_toolbox::council::{Council, CouncilPlan};
use swergio_toolbox::ensemble::Combine;
use swergio_toolbox::gather::GatherLimits;
use tokio::time::Instant;

use crate::actor::{rooms, world};
use crate::hall::{Hall, room};

/// A member that answers each observation of two walkers with the same logits, after a while.
struct Member {
    client: Client,
    paid: Messages,
}

impl Member {
    async fn enter(hall: &Hall, name: &'static str, logits: [f64; 4], after: Duration) -> Self {
        let client = hall.enter(name).await;
        let paid = client.subscribe(Trigger::kinds([Kind::REWARD]).rooms(["logits"])).await.unwrap();
        let shown = Trigger::kinds([Kind::FORWARD]).rooms(["observation"]);
        let answer = move |message: Message| async move {
            tokio::time::sleep(after).await;
            let id = MessageId::new(&format!("{name}-{}", message.id.as_ref().unwrap().as_str()));
            let logits = Tensor::from_f64([2, 2], &logits).unwrap();
            Reply::new(Kind::FORWARD).id(id).tensor(logits).rooms(["logits"])
        };
        client.on(shown, answer).await.unwrap();
        client.settle().await.unwrap();
        Self { client, paid }
    }

    /// Waits for a reward under one of its own answers, and returns its share, the whole, and what was done.
    async fn is_paid(&mut self) -> (Vec<f64>, Vec<f64>, Vec<usize>) {
        loop {
            let message = self.paid.next().await.unwrap();
            let own = format!("{}-{}", self.client.name(), message.root_id.as_ref().unwrap());
            if message.id.as_ref().unwrap().as_str() == own {
                let whole = message.field("WHOLE").unwrap().unwrap();
                return (message.data().unwrap(), whole, message.field("ACTION").unwrap().unwrap());
            }
        }
    }
}

fn plan() -> CouncilPlan {
    let gather = GatherLimits { deadline: Duration::from_millis(100), ..GatherLimits::default() };
    CouncilPlan { combine: Combine::Probabilities, greedy: true, gather, ..CouncilPlan::default() }
}

async fn preside(hall: &Hall) -> (Council, Client) {
    let walkers = hall.enter("world").await;
    drop(world(&walkers, 1000));
    let boss = hall.enter("boss").await;
    (Council::open(&boss, rooms(), room("logits"), plan()).await.unwrap(), walkers)
}

const SOON: Duration = Duration::from_millis(1);

/// R119: each is paid under its own answer, and what all are paid is what came.
#[tokio::test(start_paused = true)]
async fn r119_a_reward_is_shared_by_how_likely_each_had_what_was_done() {
    let hall = Hall::default();
    let three = 3.0_f64.ln();
    let mut ada = Member::enter(&hall, "ada", [0.0, three, 0.0, 0.0], SOON).await;
    let mut bob = Member::enter(&hall, "bob", [0.0, 0.0, three, 0.0], SOON).await;
    let (mut council, _world) = preside(&hall).await;
    for _ in 0..2 {
        let round = council.round().await.unwrap().unwrap();
        assert_eq!(round.chosen, [1, 0]);
    }
    // Right with 3/4 and 1/2: shares of 3/5 and 2/5; left with 1/2 and 3/4. The walkers came to 1 and -1, and are paid that.
    let close = |one: &[f64], other: [f64; 2]| one.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-12);
    let (share, whole, done) = ada.is_paid().await;
    assert!(close(&share, [0.6, -0.4]), "{share:?}");
    assert_eq!((whole, done), (vec![1.0, -1.0], vec![1, 0]));
    assert!(close(&bob.is_paid().await.0, [0.4, -0.6]));
    assert_eq!((council.tally().paid, council.tally().by_chance), (2, 0));
    council.evaluate(true);
    assert!(council.round().await.unwrap().unwrap().reward.is_some());
    assert_eq!(council.tally().paid, 2, "who is evaluated learns nothing");
}

#[tokio::test(start_paused = true)]
async fn no_step_waits_longer_than_the_deadline_and_who_is_slow_has_no_share() {
    let hall = Hall::default();
    let mut ada = Member::enter(&hall, "ada", [0.0, 1.0, 0.0, 1.0], SOON).await;
    let _slow = Member::enter(&hall, "slow", [9.0, 0.0, 9.0, 0.0], Duration::from_millis(150)).await;
    let (mut council, _world) = preside(&hall).await;
    // The first is what the walkers show again, since the council came late.
    council.round().await.unwrap().unwrap();
    for _ in 0..6 {
        let began = Instant::now();
        let round = council.round().await.unwrap().unwrap();
        assert!(began.elapsed() <= Duration::from_millis(101), "{:?}", began.elapsed());
        assert_eq!(round.chosen, [1, 1]);
    }
    // In the first round the slow one had time enough.
    ada.is_paid().await;
    let (share, whole, _) = ada.is_paid().await;
    assert_eq!(share, whole);
    assert!(council.answers().late > 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_is_not_waited_for_and_who_talks_nonsense_is_not_heard() {
    let hall = Hall::default();
    let mut ada = Member::enter(&hall, "ada", [0.0, 1.0, 0.0, 1.0], SOON).await;
    let odd = Member::enter(&hall, "odd", [f64::NAN, 0.0, 0.0, 0.0], SOON).await;
    let (mut council, _world) = preside(&hall).await;
    council.round().await.unwrap().unwrap();
    let round = council.round().await.unwrap().unwrap();
    assert_eq!(round.decision.unwrap().refused()[0].0, "odd");
    let (share, whole, _) = ada.is_paid().await;
    assert_eq!(share, whole, "the parts of who is heard sum to one");

    odd.client.close().await.unwrap();
    let broker = hall.enter("broker").await;
    let notice = Envelope::new(Kind::PRESENCE).with_to_room(room("_presence"));
    let fields = [("NAME", "odd"), ("ROOM", "logits"), ("STATE", "left")];
    let notice = fields.iter().fold(notice, |notice, (key, text)| notice.with_field(key, text).unwrap());
    broker.send(notice).await.unwrap();
    let began = Instant::now();
    let round = council.round().await.unwrap().unwrap();
    assert!(round.missing.is_empty() && began.elapsed() < Duration::from_millis(50), "{:?}", began.elapsed());
    assert_eq!(council.members().collect::<Vec<_>>(), ["ada"]);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_has_anything_to_say_chance_decides_at_the_deadline() {
    let hall = Hall::default();
    let (mut council, _world) = preside(&hall).await;
    council.round().await.unwrap().unwrap();
    let began = Instant::now();
    let rounds = [council.round().await.unwrap().unwrap(), council.round().await.unwrap().unwrap()];
    assert_eq!(began.elapsed().as_millis(), 200);
    assert!(rounds.iter().all(|round| round.decision.is_none() && round.chosen.len() == 2));
    assert!(rounds[1].reward.is_some());
    assert_eq!((council.tally().by_chance, council.tally().paid), (3, 0));
}
