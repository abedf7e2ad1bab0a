//! Somebody who acts in an environment, turn by turn.

use std::num::NonZeroU64;
use std::time::Duration;

use swergio_client::{Client, ModelStatus};
use swergio_toolbox::environment::{
    Actor, ActorLimits, LiveError, LiveLimits, LiveTally, Rooms, TimeLimit, Vectorised, serve,
};
use swergio_toolbox::{Tensor, Values};
use tokio::task::JoinHandle;

use crate::environment::Walk;
use crate::hall::{Hall, room};

pub(crate) fn rooms() -> Rooms {
    Rooms { observation: room("observation"), action: room("action") }
}

/// Serves two walkers for so many steps of both.
pub(crate) fn world(client: &Client, steps: u64) -> JoinHandle<LiveTally> {
    let walks = (0..2).map(|_| TimeLimit::new(Walk(0.0), NonZeroU64::new(3).unwrap()));
    let (walks, client) = (Vectorised::new(walks, 1).unwrap(), client.clone());
    let limits = LiveLimits { steps: Some(steps), ..LiveLimits::default() };
    tokio::spawn(async move { serve(&client, walks, rooms(), ModelStatus::TRAIN, limits).await.unwrap() })
}

fn push(actions: [i64; 2]) -> Values {
    Values::One(Tensor::from_i64([2], &actions).unwrap())
}

#[tokio::test(start_paused = true)]
async fn turns_bring_what_came_of_the_action_before() {
    let hall = Hall::default();
    let (ada, walkers) = (hall.enter("ada").await, hall.enter("world").await);
    let played = world(&walkers, 4);
    let mut actor = Actor::open(&ada, rooms(), ActorLimits::default()).await.unwrap();
    assert!(matches!(actor.act(push([1, 1]), None).await, Err(LiveError::NothingShown)));
    let turn = actor.turn().await.unwrap().unwrap();
    assert_eq!((turn.reward, turn.observation.steps), (None, vec![0, 0]));
    assert!(matches!(actor.act(push([1, 2]), None).await, Err(LiveError::NotInSpace(_))));
    let id = actor.act(push([1, 0]), Some(7)).await.unwrap();
    let turn = actor.turn().await.unwrap().unwrap();
    let reward = turn.reward.unwrap();
    assert_eq!((reward.action, reward.rewards), (id, vec![1.0, -1.0]));
    actor.act(push([1, 1]), None).await.unwrap();
    assert_eq!(played.await.unwrap().steps, 4);
    assert_eq!((actor.tally().acted, actor.tally().unpaid), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_comes_first_waits_for_its_environment() {
    let hall = Hall::default();
    let (ada, walkers) = (hall.enter("ada").await, hall.enter("world").await);
    let waits =
        tokio::spawn(async move { Actor::open(&ada, rooms(), ActorLimits::default()).await.unwrap() });
    tokio::time::sleep(Duration::from_secs(5)).await;
    let _played = world(&walkers, 2);
    let mut actor = waits.await.unwrap();
    assert_eq!(actor.turn().await.unwrap().unwrap().observation.environments(), 2);
}

/// R116: what was lost is shown, and answered, again.
#[tokio::test(start_paused = true)]
async fn r116_an_action_that_was_lost_is_sent_again_by_itself() {
    let hall = Hall::default();
    let (ada, walkers) = (hall.enter("ada").await, hall.enter("world").await);
    let played = world(&walkers, 2);
    let mut actor = Actor::open(&ada, rooms(), ActorLimits::default()).await.unwrap();
    actor.turn().await.unwrap().unwrap();
    // The environment does not hear this one.
    walkers.leave("action").await.unwrap();
    walkers.settle().await.unwrap();
    actor.act(push([1, 1]), None).await.unwrap();
    ada.settle().await.unwrap();
    walkers.join("action").await.unwrap();
    let again = tokio::spawn(async move {
        let _ = actor.turn().await;
        actor
    });
    assert_eq!(played.await.unwrap().shown_again, 1);
    drop(again);
}

#[tokio::test(start_paused = true)]
async fn turns_end_with_the_client() {
    let hall = Hall::default();
    let (ada, walkers) = (hall.enter("ada").await, hall.enter("world").await);
    let _played = world(&walkers, 2);
    let mut actor = Actor::open(&ada, rooms(), ActorLimits::default()).await.unwrap();
    actor.turn().await.unwrap().unwrap();
    ada.close().await.unwrap();
    assert_eq!(actor.turn().await.unwrap(), None);
}
