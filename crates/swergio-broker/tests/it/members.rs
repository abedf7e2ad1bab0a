//! Members: what it costs that many components start.

use serde_json::json;
use swergio_broker::Config;

use crate::stage::{Member, Stage, Via};

/// Starts as the published Python client does: registers, then joins `_command`, both addressed to `_command`.
async fn start(stage: &Stage, number: usize) -> Member {
    let mut member = stage.stranger(Via::Tcp);
    let name = format!("component {number}");
    member.say(json!({"ID": "reg", "TYPE": "COMMAND/REGISTER", "NAME": name, "TO_ROOM": "_command"})).await;
    let join = json!({"ID": "join", "TYPE": "COMMAND/JOINROOM", "ROOM": "_command", "TO_ROOM": "_command"});
    member.say(join).await;
    member.heard().await;
    member
}

/// Starts so many, and counts the control messages that all of them together received.
async fn received_when_starting(count: usize, upstream_compat: bool) -> usize {
    let stage = Stage::with(Config { upstream_compat, ..Config::default() });
    let mut members = Vec::new();
    for number in 0..count {
        members.push(start(&stage, number).await);
    }
    let mut received = 0;
    for member in &mut members {
        received += member.heard().await.len();
    }
    assert_eq!(stage.broker.connections(), count);
    received
}

/// R15: starting n components costs the 2 n messages that they send, and nobody receives one.
#[tokio::test(start_paused = true)]
async fn three_hundred_may_start_at_the_cost_of_what_they_send() {
    for count in [75, 150, 300] {
        let received = received_when_starting(count, false).await;
        println!("{count} components start: {} control messages sent, {received} received", 2 * count);
        assert_eq!(received, 0);
    }
}

/// R15: in upstream's way everybody who is there hears both messages of everybody who comes: n (n - 1).
#[tokio::test(start_paused = true)]
async fn in_upstreams_way_the_cost_grows_with_the_square() {
    for count in [15, 30, 60] {
        let received = received_when_starting(count, true).await;
        println!("{count} components start in upstream's way: {received} control messages received");
        assert_eq!(received, count * (count - 1));
    }
}
