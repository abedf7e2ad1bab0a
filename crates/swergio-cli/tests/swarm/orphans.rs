//! Orphans: however it ends, nothing of a swarm is left behind.

use std::time::Duration;

use swergio_toolbox::swarm::{Ending, Launch, Ready, Restart, Swarm};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::lab::{Lab, in_time, kill, status, told};

/// Has a child in its group, one in a session of its own, and a grandchild whose parent is gone; all deaf to SIGTERM. Says when all are there.
const FAMILY: &str = "trap '' TERM HUP
    rm -f child stray orphan
    sh -c 'echo $$ > child; exec sleep 1001' &
    setsid sh -c 'echo $$ > stray; exec sleep 1002' &
    (setsid sh -c 'echo $$ > orphan; exec sleep 1003' &)
    until [ -s child ] && [ -s stray ] && [ -s orphan ]; do sleep 0.01; done
    echo begins
    while :; do sleep 1004; done";

fn family(lab: &Lab) -> Launch {
    let restart = Restart { base: Duration::from_millis(1), ..Restart::default() };
    let launch = lab.shell("family", FAMILY).ready(Ready::Line("begins".into()));
    launch.restart(restart).grace(Duration::from_millis(50))
}

async fn up(launch: Launch, lab: &Lab) -> Swarm {
    let swarm = Swarm::of(lab.plan().with(launch)).unwrap();
    swarm.start().await.unwrap();
    in_time(swarm.ready()).await.unwrap();
    // The guard does not bear the mark of the lab, or its family of four does: five.
    assert!(lab.processes().len() >= 4, "{:?}", lab.processes());
    swarm
}

#[tokio::test]
async fn stopping_ends_the_whole_tree() {
    let lab = Lab::open();
    let swarm = up(family(&lab), &lab).await;
    in_time(swarm.stop()).await.unwrap();
    assert_eq!(lab.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_process_that_falls_takes_its_tree_along_before_it_comes_back() {
    let lab = Lab::open();
    let swarm = up(family(&lab), &lab).await;
    let before = lab.processes();
    let mut events = swarm.events();
    kill(status(&swarm, "family").await.pid.unwrap());
    told(&mut events, "family was ended by SIGKILL").await;
    told(&mut events, "family is up").await;
    let after = lab.processes();
    assert!(before.iter().all(|pid| !after.contains(pid)), "{before:?} {after:?}");
    in_time(swarm.stop()).await.unwrap();
    assert_eq!(lab.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_guard_that_is_killed_leaves_nothing() {
    let lab = Lab::open();
    let swarm = up(family(&lab).restart(Restart::never()), &lab).await;
    kill(status(&swarm, "family").await.guard.unwrap());
    assert_eq!(in_time(swarm.ended("family")).await, Ok(Ending::Signal(9)));
    lab.is_empty().await;
}

#[tokio::test]
async fn a_swarm_that_is_dropped_leaves_nothing() {
    let lab = Lab::open();
    drop(up(family(&lab), &lab).await);
    lab.is_empty().await;
}

/// Writes the family as a swarm.yaml with a component that would also end well.
fn write_family(lab: &Lab) {
    let script = FAMILY.replace('\n', "\n        ");
    lab.write(
        "swarm.yaml",
        &format!(
            "components:\n  other:\n    command: sleep 1005\n  family:\n    ready: {{line: begins}}\n    grace: 60\n    command:\n      - sh\n      - -c\n      - |\n        {script}\n"
        ),
    );
}

/// Starts the program as people do, and returns it with its process number once the family is there.
async fn up_by_hand(lab: &Lab) -> (tokio::process::Child, u32) {
    write_family(lab);
    let mut child = lab.swergio(&["swarm", "up"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    in_time(async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.ends_with("family * is up") {
                return;
            }
        }
        panic!("it ended before the family was up");
    })
    .await;
    let pid = child.id().unwrap();
    (child, pid)
}

#[tokio::test]
async fn a_swarm_that_is_killed_leaves_nothing() {
    let lab = Lab::open();
    let (mut child, pid) = up_by_hand(&lab).await;
    assert!(lab.processes().len() > 5, "{:?}", lab.processes());
    kill(pid);
    in_time(child.wait()).await.unwrap();
    lab.is_empty().await;
    let ended = lab.run(&["swarm", "ps"]).await;
    assert_eq!((ended.code, ended.notes.contains("no swarm runs here")), (Some(1), true));
}

/// As `killall -9 swergio` does. What was begun directly dies with its guard; what had left the family is found by its mark.
#[tokio::test]
async fn a_swarm_that_is_killed_with_its_guards_is_cleared_away_later() {
    let lab = Lab::open();
    let (mut child, pid) = up_by_hand(&lab).await;
    let report = lab.run(&["swarm", "ps", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    let number = |value: &serde_json::Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let components = report["components"].as_array().unwrap();
    let guards: Vec<u32> = components.iter().map(|component| number(&component["guard"])).collect();
    // Stopped first, so that no guard is quicker than we are.
    for guard in &guards {
        crate::lab::signal(*guard, "STOP");
    }
    kill(pid);
    guards.iter().for_each(|guard| kill(*guard));
    in_time(child.wait()).await.unwrap();
    in_time(async {
        for component in components {
            while std::fs::read(format!("/proc/{}/environ", component["pid"]))
                .is_ok_and(|text| !text.is_empty())
            {
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
    let ended = lab.run(&["swarm", "down"]).await;
    assert_eq!(ended.code, Some(0));
    assert!(ended.notes.contains("that a killed swarm had left"), "{}", ended.notes);
    lab.is_empty().await;
}
