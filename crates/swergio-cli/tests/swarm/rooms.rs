//! Rooms: a component is up when it sits in its rooms, as the broker tells.

use std::time::Duration;

use swergio_client::Options;
use swergio_toolbox::swarm::{BrokerPlan, Launch, Ready, State, Swarm};

use crate::lab::{Lab, in_time, states, status, told};

const SWERGIO: &str = env!("CARGO_BIN_EXE_swergio");

fn broker() -> BrokerPlan {
    BrokerPlan::new("127.0.0.1:0").command([SWERGIO, "serve"])
}

#[tokio::test]
async fn who_has_joined_its_rooms_is_up() {
    let lab = Lab::open();
    let tap = ["tap", "model", "output", "--name", "${SWERGIO_NAME}"];
    let model =
        Launch::new("model", SWERGIO).args(tap).ready(Ready::Joined(vec!["model".into(), "output".into()]));
    let any = Launch::new("any", SWERGIO).args(tap).ready(Ready::Joined(vec![])).depends_on(["model"]);
    let swarm = Swarm::of(lab.plan().broker(broker()).with(any).with(model)).unwrap();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    assert_eq!(status(&swarm, "model").await.rooms, ["model", "output"]);
    let client = Options::new(swarm.url()).name("eve").connect().await.unwrap();
    client.close().await.unwrap();
    in_time(swarm.stop()).await.unwrap();
}

/// The process runs, but whom the broker must know does not come: until somebody of that name does.
#[tokio::test]
async fn who_has_not_joined_is_waited_for() {
    let lab = Lab::open();
    let silent =
        lab.shell("silent", "echo runs; sleep 1000").ready(Ready::Joined(vec!["lab".into()])).member("ada");
    let swarm = Swarm::of(lab.plan().broker(broker()).with(silent)).unwrap();
    let mut events = swarm.events();
    swarm.start().await.unwrap();
    told(&mut events, "silent started").await;
    let ada = Options::new(swarm.url()).name("ada").connect().await.unwrap();
    ada.settle().await.unwrap();
    assert_eq!(states(&swarm).await, [("broker".into(), State::Up), ("silent".into(), State::Starting)]);
    ada.join("lab").await.unwrap();
    told(&mut events, "silent is up").await;
    // A process that is started again is not taken for up because of a connection from before.
    swarm.restart(["silent"]).await.unwrap();
    told(&mut events, "silent started").await;
    assert_eq!(status(&swarm, "silent").await.state, State::Starting);
    let again = Options::new(swarm.url()).name("ada").rooms(["lab"]).connect().await.unwrap();
    told(&mut events, "silent is up").await;
    drop((ada, again));
    swarm.kill().await.unwrap();
}

#[tokio::test]
async fn registering_can_be_enough() {
    let lab = Lab::open();
    let say = Launch::new("caller", SWERGIO).args(["tap", "lab", "--name", "${SWERGIO_NAME}"]);
    let caller = say.ready(Ready::Registered).ready_within(Duration::from_secs(30));
    let swarm = Swarm::of(lab.plan().broker(broker()).with(caller)).unwrap();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    in_time(swarm.stop()).await.unwrap();
}
