//! Kills: any process is killed, again and again; the swarm mends it, and nothing is left in the end.

use std::time::Duration;

use swergio_toolbox::swarm::{BrokerPlan, Launch, Ready, Restart, State, Swarm};

use crate::lab::{Lab, in_time, kill, told};

const SWERGIO: &str = env!("CARGO_BIN_EXE_swergio");
/// Kills of a component's process, and of a guard.
const KILLS: usize = 12;

fn member(name: &str, room: &str) -> Launch {
    let quick = Duration::from_millis(5);
    Launch::new(name, SWERGIO)
        .args(["tap", room, "--url", "${SWERGIO_URL}", "--name", "${SWERGIO_NAME}"])
        .ready(Ready::Joined(vec![room.into()]))
        .restart(Restart { base: quick, cap: quick, attempts: 1000, ..Restart::always() })
}

/// Must show 5, with real processes: the machine's own test has the fifty.
#[tokio::test]
async fn whoever_is_killed_is_there_again() {
    let lab = Lab::open();
    let plan = lab
        .plan()
        .broker(BrokerPlan::new("127.0.0.1:0").command([SWERGIO, "serve"]))
        .with(member("model", "model").env("LAB", &lab.path))
        .with(member("goal", "goal").env("LAB", &lab.path).depends_on(["model"]))
        .with(member("agent", "observation").env("LAB", &lab.path).replicas(3));
    let swarm = Swarm::of(plan).unwrap();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    let mut dice = fastrand_of(7);
    for round in 0..KILLS {
        let statuses = swarm.status().await.unwrap();
        let victim = &statuses[dice(statuses.len())];
        let mut events = swarm.events();
        // Now and then it is the guard.
        kill(if round % 4 == 3 { victim.guard } else { victim.pid }.unwrap());
        told(&mut events, &format!("{} is up", victim.name)).await;
        in_time(swarm.ready()).await.unwrap();
    }
    let statuses = swarm.status().await.unwrap();
    assert!(statuses.iter().all(|status| status.state == State::Up), "{statuses:?}");
    // One that loses its broker while it comes up may fall once more by itself.
    assert!(statuses.iter().map(|status| status.restarts as usize).sum::<usize>() >= KILLS, "{statuses:?}");
    in_time(swarm.stop()).await.unwrap();
    assert_eq!(lab.processes(), Vec::<u32>::new());
}

/// Draws numbers below a bound, the same ones each time.
fn fastrand_of(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    }
}
