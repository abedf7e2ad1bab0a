//! An environment in its rooms: what it shows, takes, refuses and pays.

use std::num::NonZeroU64;
use std::time::Duration;

use swergio_client::{Body, Client, Envelope, Kind, Message, MessageId, Messages, ModelStatus, Trigger};
use swergio_toolbox::dice::Dice;
use swergio_toolbox::environment::{
    Environment, LiveLimits, LiveTally, Outcome, Rooms, TimeLimit, Vectorised, serve,
};
use swergio_toolbox::episode::{Action, EpisodeLimits, Observation, Reward};
use swergio_toolbox::space::Space;
use swergio_toolbox::{BoxError, Dtype, Tensor, Values};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::hall::{Hall, room};

/// Walks left or right from 0; ends for good at 2, and pays how far it is.
pub(crate) struct Walk(pub(crate) f32);

impl Walk {
    fn seen(&self) -> Values {
        Values::One(Tensor::from_f32([1], &[self.0]).unwrap())
    }
}

impl Environment for Walk {
    fn observation_space(&self) -> Space {
        Space::bounded(-9.0, 9.0, [1], Dtype::F32).unwrap()
    }

    fn action_space(&self) -> Space {
        Space::discrete(2).unwrap()
    }

    fn reset(&mut self, _: &mut Dice) -> Result<Values, BoxError> {
        self.0 = 0.0;
        Ok(self.seen())
    }

    fn step(&mut self, action: &Values) -> Result<Outcome, BoxError> {
        let Values::One(action) = action else { return Err("no names".into()) };
        self.0 += if action.to_i64_vec() == [1] { 1.0 } else { -1.0 };
        let observation = self.seen();
        Ok(Outcome { observation, reward: f64::from(self.0), terminated: self.0 >= 2.0, truncated: false })
    }
}

/// Two walkers, cut off after three steps, served in a hall; and somebody who acts by hand.
struct Play {
    ada: Client,
    shown: Messages,
    paid: Messages,
    world: JoinHandle<LiveTally>,
    _world: Client,
}

impl Play {
    async fn begin(hall: &Hall, steps: Option<u64>) -> Self {
        let (ada, world) = (hall.enter("ada").await, hall.enter("world").await);
        let shown = ada.subscribe(Trigger::any().rooms(["observation"])).await.unwrap();
        let paid = ada.subscribe(Trigger::any().rooms(["action"])).await.unwrap();
        ada.settle().await.unwrap();
        let walks = (0..2).map(|_| TimeLimit::new(Walk(0.0), NonZeroU64::new(3).unwrap()));
        let walks = Vectorised::new(walks, 1).unwrap();
        let rooms = Rooms { observation: room("observation"), action: room("action") };
        let client = world.clone();
        let limits = LiveLimits { steps, ..LiveLimits::default() };
        let served =
            tokio::spawn(
                async move { serve(&client, walks, rooms, ModelStatus::TRAIN, limits).await.unwrap() },
            );
        Self { ada, shown, paid, world: served, _world: world }
    }

    async fn hears(&mut self) -> Message {
        timeout(Duration::from_secs(60), self.shown.next()).await.unwrap().unwrap()
    }

    async fn sees(&mut self) -> Observation {
        loop {
            let message = self.hears().await;
            if message.kind == Kind::FORWARD {
                return Observation::read(&Walk(0.0).observation_space(), &message, EpisodeLimits::default())
                    .unwrap();
            }
        }
    }

    async fn says(&self, id: &str, observation: &MessageId, actions: [i64; 2]) {
        let action = Action {
            id: MessageId::new(id),
            observation: observation.clone(),
            status: ModelStatus::TRAIN,
            values: Values::One(Tensor::from_i64([2], &actions).unwrap()),
            weights: None,
        };
        let envelope = action.envelope(&Walk(0.0).action_space(), &room("action")).unwrap();
        self.ada.send(envelope).await.unwrap();
    }

    async fn is_paid(&mut self) -> Reward {
        let message = timeout(Duration::from_secs(60), self.paid.next()).await.unwrap().unwrap();
        Reward::read(&Walk(0.0).observation_space(), &message, 2).unwrap()
    }
}

fn numbers(values: &Values) -> Vec<f64> {
    values.iter().flat_map(|(_, tensor)| tensor.to_f64_vec()).collect()
}

/// R110, R111, R112, R113, R114: three steps, of which one walker's second ends its episode and the other's third is cut off.
#[tokio::test]
async fn r114_two_walkers_walk_end_and_begin_anew() {
    let mut play = Play::begin(&Hall::default(), Some(6)).await;
    let first = play.sees().await;
    assert_eq!((numbers(&first.values), first.episodes, first.steps), (vec![0.0; 2], vec![0, 0], vec![0, 0]));
    play.says("a", &first.id, [1, 0]).await;
    let reward = play.is_paid().await;
    assert_eq!((reward.action.as_str(), &reward.observation), ("a", &first.id));
    assert_eq!((reward.rewards, reward.finals), (vec![1.0, -1.0], None));

    let second = play.sees().await;
    assert_ne!(second.id, first.id);
    assert_eq!((numbers(&second.values), second.steps), (vec![1.0, -1.0], vec![1, 1]));
    play.says("b", &second.id, [1, 1]).await;
    let reward = play.is_paid().await;
    assert_eq!((reward.terminated, reward.truncated), (vec![true, false], vec![false, false]));
    assert_eq!(numbers(&reward.finals.unwrap()), [2.0, 0.0]);

    let third = play.sees().await;
    assert_eq!(
        (numbers(&third.values), third.episodes, third.steps),
        (vec![0.0, 0.0], vec![1, 0], vec![0, 2])
    );
    play.says("c", &third.id, [0, 0]).await;
    let reward = play.is_paid().await;
    assert_eq!((reward.terminated, reward.truncated), (vec![false, false], vec![false, true]));
    assert_eq!((reward.episodes, reward.steps), (vec![1, 0], vec![0, 2]));
    let tally = play.world.await.unwrap();
    assert_eq!((tally.steps, tally.episodes, tally.ignored), (6, 2, 0));
}

#[tokio::test]
async fn r115_what_is_late_is_ignored_and_what_cannot_be_is_refused() {
    let mut play = Play::begin(&Hall::default(), Some(4)).await;
    let first = play.sees().await;
    play.says("nobody's", &MessageId::new("x"), [1, 1]).await;
    play.says("wrong", &first.id, [1, 5]).await;
    let refusal = timeout(Duration::from_secs(60), play.paid.next()).await.unwrap().unwrap();
    let told = |name| refusal.field::<String>(name).unwrap().unwrap();
    assert_eq!(refusal.kind, Kind::FAULT);
    assert_eq!((told("REF"), told("CODE"), told("FIELD")), ("wrong".into(), "RANGE".into(), "DATA".into()));
    assert!(told("MESSAGE").contains("declared 0 to 1, received 5 at 1"), "{}", told("MESSAGE"));
    play.says("a", &first.id, [1, 1]).await;
    play.says("repeated", &first.id, [1, 1]).await;
    assert_eq!(play.is_paid().await.action.as_str(), "a");
    let second = play.sees().await;
    assert_eq!(numbers(&second.values), [1.0, 1.0]);
    play.says("b", &second.id, [0, 0]).await;
    assert_eq!(play.is_paid().await.action.as_str(), "b");
    let tally = play.world.await.unwrap();
    assert_eq!((tally.ignored, tally.refused, tally.steps), (2, 1, 4));
}

#[tokio::test(start_paused = true)]
async fn r116_who_comes_late_is_shown_it_again() {
    let hall = Hall::default();
    let mut play = Play::begin(&hall, None).await;
    let began = Instant::now();
    let first = play.sees().await;
    let again = play.sees().await;
    assert_eq!((again, began.elapsed().as_millis()), (first, 1000));
}

/// R117 and R118: spaces by Gymnasium's names, told once to all and then to who asks.
#[tokio::test]
async fn r117_spaces_are_declared_and_told_to_who_asks() {
    let hall = Hall::default();
    let mut play = Play::begin(&hall, None).await;
    let declared = play.hears().await;
    assert_eq!(declared.kind, Kind::SPACES);
    assert_eq!(declared.field::<Space>("ACTION").unwrap(), Some(Space::discrete(2).unwrap()));
    assert_eq!(declared.field::<usize>("ENVIRONMENTS").unwrap(), Some(2));
    let r118 = Body::of(&declared.field::<Space>("OBSERVATION").unwrap().unwrap()).unwrap();
    assert_eq!(
        r118.to_json(),
        br#"{"type": "Box", "low": [-9.0], "high": [9.0], "shape": [1], "dtype": "<f4"}"#
    );

    let mut direct = play.ada.subscribe(Trigger::kinds([Kind::SPACES]).direct_only()).await.unwrap();
    let question = Envelope::new(Kind::SPACES).with_to_room(room("observation")).with_id(MessageId::new("q"));
    play.ada.send(question).await.unwrap();
    let answer = timeout(Duration::from_secs(60), direct.next()).await.unwrap().unwrap();
    assert_eq!(answer.field::<String>("REF").unwrap().as_deref(), Some("q"));
    assert_eq!(answer.field::<Space>("OBSERVATION").unwrap(), Some(Walk(0.0).observation_space()));
}
