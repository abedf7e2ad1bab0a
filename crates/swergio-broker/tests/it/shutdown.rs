//! Shutdown: a broker that goes takes its time, so that what waits is still delivered.

use std::time::Duration;

use serde_json::json;
use swergio_broker::Config;
use swergio_proto::Limits;
use tokio::time::Instant;

use crate::stage::{ALL, Member, Port, Program, Stage, Via, Wire, settle, within};

/// R73: everybody is closed with 1012, after what waits for them.
#[tokio::test(start_paused = true)]
async fn everybody_is_closed_after_what_waits() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut others = Vec::new();
    for via in ALL {
        others.push((via, stage.member(via, "other", &["lab"]).await));
    }
    let mut slow = stage.stalled(Via::Json, 64);
    slow.enter("slow", &["lab"]).await;
    settle().await;
    for number in 0..50 {
        ada.tell_room("lab", &number.to_string()).await;
    }
    settle().await;
    let broker = stage.broker.clone();
    let shutdown = tokio::spawn(async move { broker.shutdown().await });
    settle().await;
    slow.wire.resume();
    for (via, other) in &mut others {
        assert_eq!(other.heard().await.len(), 50, "{via:?}");
    }
    assert_eq!(slow.heard().await.len(), 51);
    others.extend([(Via::Json, ada), (Via::Json, slow)]);
    for (via, mut other) in others {
        assert_eq!(other.close_code().await, (via != Via::Tcp).then_some(1012));
        assert!(other.wire.has_ended());
    }
    // Whoever has been told has closed now.
    assert_eq!(shutdown.await.unwrap(), 0);
    assert!(stage.broker.is_draining());
}

/// R73: who does not take what waits is not waited for longer than 20 seconds.
#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_longer_than_so_long() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut stopped = stage.stalled(Via::Json, 64);
    stopped.enter("stopped", &["lab"]).await;
    for number in 0..50 {
        ada.tell_room("lab", &number.to_string()).await;
    }
    settle().await;
    let began = Instant::now();
    // Ada closes as a good peer does; the other does nothing.
    let broker = stage.broker.clone();
    let shutdown = tokio::spawn(async move { broker.shutdown().await });
    assert_eq!(ada.close_code().await, Some(1012));
    drop(ada);
    assert_eq!(shutdown.await.unwrap(), 1);
    let took = began.elapsed();
    assert!((Duration::from_secs(20)..Duration::from_secs(21)).contains(&took), "{took:?}");
}

/// R73: many are closed in steps, not all at once.
#[tokio::test(start_paused = true)]
async fn many_are_closed_in_steps() {
    let stage = Stage::new();
    let mut members = Vec::new();
    for number in 0..100 {
        members.push(stage.member(Via::Json, &format!("member {number}"), &[]).await);
    }
    let began = Instant::now();
    let broker = stage.broker.clone();
    tokio::spawn(async move { broker.shutdown().await });
    let mut open = Vec::new();
    while began.elapsed() < Duration::from_secs(1) {
        settle().await;
        open.push(members.iter().filter(|member| !member.wire.has_ended()).count());
    }
    open.dedup();
    assert_eq!((open.first(), open.last()), (Some(&95), Some(&0)));
    assert!(open.windows(2).all(|pair| pair[0] - pair[1] <= 5), "{open:?}");
}

/// R73: once it begins nobody is let in any more.
#[tokio::test(start_paused = true)]
async fn nobody_is_let_in_any_more() {
    let stage = Stage::new();
    assert_eq!(stage.broker.shutdown().await, 0);
    for via in ALL {
        let mut late = stage.stranger(via);
        late.enter("late", &[]).await;
        assert!(late.heard().await.is_empty() && late.wire.has_ended());
    }
}

/// R73: `/readyz` says 503 to who asks over a connection that is still there, and the port takes no other.
#[tokio::test]
async fn readiness_ends_first() {
    let port = Port::open(within(Limits { drain: Duration::from_secs(60), ..Limits::default() })).await;
    let mut ada = port.web_socket("/ws?name=ada").await;
    assert_eq!(ada.next().await.unwrap()["NAME"], "ada");
    let mut http = port.wire().await;
    let ask = b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
    http.send(ask).await;
    assert!(http.response_head().await.0.starts_with("HTTP/1.1 200 "));
    let broker = port.broker.clone();
    let shutdown = tokio::spawn(async move { broker.shutdown().await });
    assert_eq!(ada.close_code().await, Some(1012));
    // Ada has heard it and not closed yet, so the shutdown goes on.
    http.send(ask).await;
    let (head, _) = http.response_head().await;
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    while tokio::net::TcpStream::connect(port.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    drop(ada);
    assert_eq!(shutdown.await.unwrap(), 0);
}

async fn introduced(program: &Program, name: &str) -> Member {
    let target = format!("/ws?name={name}&rooms=lab");
    let mut member = Wire::connect(program.address).await.upgrade(program.address, &target, Via::Json).await;
    assert_eq!(member.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    member
}

/// R73: SIGTERM and SIGINT shut the program down in order, and it exits with 0.
#[tokio::test]
async fn a_signal_shuts_the_program_down() {
    for signal in ["TERM", "INT"] {
        let mut program = Program::start(&[]).await;
        let mut ada = introduced(&program, "ada").await;
        let mut tcp = Member::new(Wire::connect(program.address).await, Via::Tcp, 10);
        tcp.enter("tcp", &["lab"]).await;
        tcp.tell_room("lab", "hi").await;
        assert_eq!(ada.next().await.unwrap()["ID"], "hi");
        program.signal(signal).await;
        assert_eq!(ada.close_code().await, Some(1012));
        assert!(tcp.next().await.is_none());
        drop((ada, tcp));
        assert_eq!(program.exit_code().await, Some(0), "{signal}");
    }
}

/// R73: a second signal ends the program at once, whoever is still there.
#[tokio::test]
async fn a_second_signal_ends_the_program_at_once() {
    let mut program = Program::start(&["--limit", "drain=3600", "--limit", "linger=3600"]).await;
    let mut ada = introduced(&program, "ada").await;
    let mut stopped = Wire::connect_stalled(program.address).await;
    stopped.send(crate::stage::opening(program.address, "/ws?name=stopped&rooms=lab", "").as_bytes()).await;
    // Large enough that it does not fit into the buffers of the kernel.
    let load = json!({"TYPE": "X", "TO_ROOM": "lab", "DATA": "x".repeat(16 << 20)});
    ada.say(json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_presence"})).await;
    while ada.next().await.unwrap()["NAME"] != "stopped" {}
    ada.say(load).await;
    ada.tell_member("ada", "sent").await;
    while ada.next().await.unwrap()["ID"] != "sent" {}
    program.signal("TERM").await;
    assert_eq!(ada.close_code().await, Some(1012));
    drop(ada);
    program.signal("TERM").await;
    assert_eq!(program.exit_code().await, Some(1));
    drop(stopped);
}

/// Settings that bound nothing are not taken; a broker in another program is refused them too.
#[test]
fn a_broker_is_not_made_from_bad_settings() {
    let error = swergio_broker::Broker::new(Config { header_length: 0, ..Config::default() }).unwrap_err();
    assert!(error.to_string().starts_with("header_length"), "{error}");
}
