//! Order: who starts after whom, who ends before whom, and what becomes of those that fall.

use std::time::Duration;

use swergio_toolbox::swarm::{Ending, Launch, Plan, Ready, Restart, State, Swarm, SwarmError, When};

use crate::lab::{Lab, in_time, printed, states, status, told};

/// Runs until it is asked to end, and says both.
const OBEDIENT: &str = "trap 'echo ends; exit 0' TERM; echo begins; while :; do sleep 1000 & wait; done";

#[tokio::test]
async fn who_depends_starts_later_and_ends_first() {
    let lab = Lab::open();
    let ready = Ready::Line("begins".into());
    let plan = lab
        .plan()
        .with(lab.shell("trainer", OBEDIENT).depends_on(["model"]).ready(ready.clone()))
        .with(lab.shell("model", OBEDIENT).depends_on(["base"]).ready(ready.clone()))
        .with(lab.shell("base", OBEDIENT).ready(ready));
    let swarm = Swarm::of(plan).unwrap();
    let mut lines = swarm.lines();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    for name in ["base", "model", "trainer"] {
        assert_eq!(printed(&mut lines).await, format!("{name}: begins"));
    }
    in_time(swarm.stop()).await.unwrap();
    for name in ["trainer", "model", "base"] {
        assert_eq!(printed(&mut lines).await, format!("{name}: ends"));
    }
    assert!(states(&swarm).await.iter().all(|(_, state)| *state == State::Stopped));
    assert!(lab.processes().is_empty());
}

#[tokio::test]
async fn a_process_knows_who_it_is() {
    let lab = Lab::open();
    let script = "echo $SWERGIO_NAME $SWERGIO_COMPONENT $SWERGIO_REPLICA/$SWERGIO_REPLICAS $SWERGIO_HOST:$SWERGIO_PORT $OWN; pwd; cat";
    let plan = lab
        .plan()
        .url("ws://127.0.0.1:9")
        .with(lab.shell("agent", script).replicas(2).env("OWN", "${SWERGIO_REPLICA}th of ${SWERGIO_URL}"));
    let swarm = Swarm::of(plan).unwrap();
    let mut lines = swarm.lines();
    swarm.start().await.unwrap();
    assert_eq!(in_time(swarm.ended("agent")).await, Ok(Ending::Code(0)));
    let mut seen = vec![];
    while let Some(line) = lines.at_once() {
        seen.push(format!("{}: {}", line.name, String::from_utf8_lossy(&line.bytes)));
    }
    seen.sort();
    let folder = lab.path.canonicalize().unwrap();
    let folder = folder.display();
    assert_eq!(
        seen,
        [
            format!("agent-0: {folder}"),
            "agent-0: agent-0 agent 0/2 127.0.0.1:9 0th of ws://127.0.0.1:9".into(),
            format!("agent-1: {folder}"),
            "agent-1: agent-1 agent 1/2 127.0.0.1:9 1th of ws://127.0.0.1:9".into(),
        ]
    );
}

#[tokio::test]
async fn who_falls_comes_back_until_it_is_too_often() {
    let lab = Lab::open();
    let quick = Duration::from_millis(1);
    let restart = Restart { base: quick, cap: quick, attempts: 3, ..Restart::default() };
    let plan = lab.plan().with(lab.shell("model", "echo up; exit 3").restart(restart));
    let swarm = Swarm::of(plan).unwrap();
    let (mut events, mut lines) = (swarm.events(), swarm.lines());
    swarm.start().await.unwrap();
    let before = told(&mut events, "model failed for good: it exited with status 3").await;
    assert_eq!(before.iter().filter(|text| *text == "model started").count(), 4);
    assert_eq!(std::iter::from_fn(|| lines.at_once()).count(), 4);
    let failed = SwarmError::Failed { name: "model".into(), why: "exited with status 3".into() };
    assert_eq!(in_time(swarm.finished()).await, Err(failed.clone()));
    assert_eq!(in_time(swarm.ready()).await, Err(failed));
    assert_eq!(status(&swarm, "model").await.restarts, 3);
}

#[tokio::test]
async fn a_leader_ends_the_swarm() {
    let lab = Lab::open();
    let plan = lab
        .plan()
        .with(lab.shell("model", OBEDIENT).ready(Ready::Line("begins".into())))
        .with(lab.shell("trainer", "exit 0").depends_on(["model"]).lead());
    let swarm = Swarm::of(plan).unwrap();
    swarm.start().await.unwrap();
    assert_eq!(in_time(swarm.finished()).await, Ok(()));
    let wanted = [("model".into(), State::Stopped), ("trainer".into(), State::Done)];
    assert_eq!(states(&swarm).await, wanted);
}

#[tokio::test]
async fn who_ignores_the_request_to_end_is_killed() {
    let lab = Lab::open();
    let deaf = lab.shell("deaf", "trap '' TERM; echo begins; while :; do sleep 1000; done");
    let plan = lab.plan().with(deaf.ready(Ready::Line("begins".into())).grace(Duration::from_millis(50)));
    let swarm = Swarm::of(plan).unwrap();
    let mut events = swarm.events();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    in_time(swarm.stop()).await.unwrap();
    told(&mut events, "deaf did not end in time and is killed").await;
    told(&mut events, "deaf was ended by SIGKILL").await;
    assert!(lab.processes().is_empty());
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_is_not_tried_again() {
    let lab = Lab::open();
    let nowhere = lab.path.join("nowhere");
    let plan = lab
        .plan()
        .with(Launch::new("typo", "./no-such-program"))
        .with(lab.shell("homeless", "exit 0").cwd(&nowhere));
    let swarm = Swarm::of(plan).unwrap();
    swarm.start().await.unwrap();
    let reason = |ending: Ending| match ending {
        Ending::NotStarted(why) => why,
        other => panic!("{other:?}"),
    };
    let why = reason(in_time(swarm.ended("typo")).await.unwrap());
    assert_eq!(why, "./no-such-program: No such file or directory (os error 2)");
    let why = reason(in_time(swarm.ended("homeless")).await.unwrap());
    assert!(why.starts_with(&nowhere.display().to_string()), "{why}");
    assert_eq!(status(&swarm, "typo").await.restarts, 0);
}

#[tokio::test]
async fn components_come_and_go_while_the_swarm_runs() {
    let lab = Lab::open();
    let swarm = Swarm::of(lab.plan()).unwrap();
    let ready = Ready::Line("begins".into());
    swarm.add(lab.shell("model", OBEDIENT).ready(ready.clone())).await.unwrap();
    let unknown = Launch::new("unknown", "x").args(["${SWERGIO_NOBODY}"]);
    assert!(matches!(swarm.add(unknown).await, Err(SwarmError::Plan(_))));
    swarm.add(lab.shell("trainer", OBEDIENT).ready(ready).depends_on(["model"])).await.unwrap();
    assert!(matches!(swarm.add(Launch::new("model", "x")).await, Err(SwarmError::Plan(_))));
    let lost = Launch::new("lost", "x").depends_on(["nobody"]);
    assert_eq!(swarm.add(lost).await, Err(SwarmError::Unknown("nobody".into())));
    swarm.start_only(["trainer"]).await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    let first = status(&swarm, "model").await.pid.unwrap();
    swarm.restart(["model"]).await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    let second = status(&swarm, "model").await;
    assert_ne!(second.pid, Some(first));
    assert_eq!((second.restarts, second.last), (1, Some(Ending::Code(0))));
    in_time(swarm.stop_only(["trainer"])).await.unwrap();
    assert_eq!(states(&swarm).await, [("model".into(), State::Up), ("trainer".into(), State::Stopped)]);
    assert_eq!(swarm.stop_only(["nobody"]).await, Err(SwarmError::Unknown("nobody".into())));
    in_time(swarm.kill()).await.unwrap();
    assert!(lab.processes().is_empty());
}

#[tokio::test]
async fn a_port_that_answers_tells_that_it_is_up() {
    let lab = Lab::open();
    let serve =
        Launch::new("broker", env!("CARGO_BIN_EXE_swergio")).args(["serve", "--listen", "127.0.0.1:0"]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let plan = lab.plan().with(serve.env("LAB", &lab.path).ready(Ready::Port(address.clone())));
    let swarm = Swarm::of(plan).unwrap();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    // Nobody answers any more: the next one waits until its time is over.
    drop(listener);
    let restart = Restart { when: When::Never, ..Restart::default() };
    let late = lab.shell("late", OBEDIENT).ready(Ready::Port(address)).restart(restart);
    swarm.add(late.ready_within(Duration::from_millis(200))).await.unwrap();
    swarm.start_only(["late"]).await.unwrap();
    assert_eq!(in_time(swarm.ended("late")).await, Ok(Ending::NotReady));
    in_time(swarm.stop()).await.unwrap();
    assert!(lab.processes().is_empty());
}

#[tokio::test]
async fn a_swarm_without_a_guard_is_refused() {
    // This test's program does not call `guard()` and cannot stand guard.
    let refused = Swarm::of(Plan::new().with(Launch::new("x", "true"))).unwrap_err();
    assert_eq!(refused, SwarmError::Unguarded);
}
