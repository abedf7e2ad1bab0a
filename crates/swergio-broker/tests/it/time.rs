//! Time: who must have said something by when; the clock is moved by hand, but for real handshakes.

use std::time::Duration;

use serde_json::json;
use swergio_proto::Limits;
use tokio::time::{Instant, advance, interval, timeout};
use tungstenite::Message;

use crate::stage::{DEADLINE, Member, Port, Stage, Via, opening, settle, within};

const SECOND: Duration = Duration::from_secs(1);

/// Moves the clock, second by second, so that every alarm has its moment.
async fn pass(seconds: u32) {
    for _ in 0..seconds {
        advance(SECOND).await;
        settle().await;
    }
}

/// R71: a stranger has 30 seconds to register, and no more for sending something else.
#[tokio::test(start_paused = true)]
async fn a_stranger_is_closed_after_thirty_seconds() {
    let stage = Stage::new();
    let mut ada = stage.stranger(Via::Json);
    let mut tcp = stage.stranger(Via::Tcp);
    pass(20).await;
    ada.tell_room("lab", "m").await;
    tcp.tell_room("lab", "m").await;
    pass(9).await;
    assert_eq!(ada.heard().await, ["COMMAND/ERROR"]);
    assert!(!ada.wire.has_ended() && !tcp.wire.has_ended());
    pass(1).await;
    assert_eq!(ada.close_code().await, Some(4001));
    assert!(tcp.heard().await.is_empty() && tcp.wire.has_ended());
}

/// R71: who has registered in time stays, on TCP framing for as long as it likes.
#[tokio::test(start_paused = true)]
async fn on_tcp_framing_a_member_may_be_silent() {
    let stage = Stage::new();
    let mut tcp = stage.member(Via::Tcp, "tcp", &["lab"]).await;
    pass(600).await;
    tcp.tell_member("tcp", "still here").await;
    assert_eq!(tcp.heard().await, ["still here"]);
}

/// R72: a ping comes every 25 seconds; who answers stays.
#[tokio::test(start_paused = true)]
async fn who_answers_pings_stays() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    for second in 1..=100 {
        pass(1).await;
        assert!(ada.heard().await.is_empty());
        assert_eq!(ada.pings, second / 25, "after {second} s");
    }
    ada.tell_member("ada", "still here").await;
    assert_eq!(ada.heard().await, ["still here"]);
}

/// R72: who does not answer for 10 seconds is closed with 4002.
#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_closed() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    pass(34).await;
    assert!(!ada.wire.has_ended());
    pass(2).await;
    assert_eq!(ada.close_code().await, Some(4002));
    drop(ada);
    settle().await;
    assert_eq!(stage.broker.connections(), 0);
}

/// R72: a message is a sign of life, and so is reading what waits; a pong is not needed then.
#[tokio::test(start_paused = true)]
async fn a_sign_of_life_is_as_good_as_an_answer() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &[]).await;
    // Nobody looks at what came, so no ping is answered.
    for _ in 0..30 {
        pass(9).await;
        ada.tell_room("lab", "busy").await;
        bob.say_message(Message::Pong(bytes::Bytes::new())).await;
    }
    assert!(!ada.wire.has_ended(), "who speaks is alive");
    assert!(!bob.wire.has_ended(), "a pong that nobody asked for is a sign too");
    pass(30).await;
    assert!(ada.wire.has_ended() && bob.wire.has_ended(), "silence is none");
}

/// R72: who takes a long time to read a long message is alive while it reads.
#[tokio::test(start_paused = true)]
async fn who_reads_slowly_is_alive() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Tcp, "ada", &[]).await;
    let (mut near, far) = tokio::io::duplex(1024);
    stage.seat(Via::Json, swergio_proto::Grant::open(), far);
    let mut bob = Member::new(crate::stage::Wire::stalled(tokio::io::empty()), Via::Json, 10);
    let register = swergio_proto::Frame::json(r#"{"TYPE":"COMMAND/REGISTER","NAME":"bob"}"#);
    tokio::io::AsyncWriteExt::write_all(&mut near, &bob.spell(&register)).await.unwrap();
    settle().await;
    ada.say(json!({"ID": "large", "TYPE": "X", "TO": "bob", "DATA": "x".repeat(100_000)})).await;
    let mut read = 0;
    while read < 100_000 {
        pass(2).await;
        let mut some = [0; 1000];
        read += tokio::io::AsyncReadExt::read(&mut near, &mut some).await.unwrap();
    }
    ada.say(json!({"TYPE": "X", "TO": "bob", "ID": "alive"})).await;
    let mut rest = Vec::new();
    while !rest.ends_with(b"\"alive\", \"SENT_BY\": \"ada\"}") {
        let length = tokio::io::AsyncReadExt::read_buf(&mut near, &mut rest).await.unwrap();
        assert!(length > 0, "closed after {}", String::from_utf8_lossy(&rest));
    }
}

/// R16: who is closed and does not take its leave is cut off when its time to linger is over.
#[tokio::test(start_paused = true)]
async fn who_does_not_take_its_leave_is_cut_off() {
    let stage = Stage::with(within(Limits { linger: 5 * SECOND, ..Limits::default() }));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    ada.say(json!({"TYPE": "COMMAND/DISCONNECT"})).await;
    pass(4).await;
    assert_eq!(stage.broker.connections(), 1);
    pass(3).await;
    assert_eq!(stage.broker.connections(), 0);
}

fn hasty() -> Limits {
    Limits { handshake: Duration::from_millis(300), ..Limits::default() }
}

/// R70: who says nothing is closed when the handshake's time is over.
#[tokio::test]
async fn silence_is_closed() {
    let port = Port::open(within(hasty())).await;
    let began = Instant::now();
    assert!(port.wire().await.until_end().await.is_empty());
    assert!(began.elapsed() >= hasty().handshake);
}

/// R70: a handshake that comes byte by byte is closed when its time is over, counted from the connection on.
#[tokio::test]
async fn a_dripping_handshake_is_closed() {
    let port = Port::open(within(hasty())).await;
    let began = Instant::now();
    let mut wire = port.wire().await;
    let request = opening(port.address, "/ws", &format!("X-Long: {}\r\n", "x".repeat(8000)));
    let mut beats = interval(Duration::from_millis(10));
    // The first byte alone must not start the clock anew, so it comes late.
    let mut drips = request.bytes();
    for _ in 0..20 {
        beats.tick().await;
    }
    let dripped = timeout(DEADLINE, async {
        while !wire.has_ended() {
            wire.send(&[drips.next().expect("it is closed before the request ends")]).await;
            beats.tick().await;
        }
    });
    dripped.await.expect("it is closed in time");
    assert!(began.elapsed() < hasty().handshake * 2 - Duration::from_millis(100), "{:?}", began.elapsed());
}

/// R70, R71: the handshake's time does not bound a connection whose handshake is over.
#[tokio::test]
async fn the_handshakes_time_ends_with_the_handshake() {
    let port = Port::open(within(hasty())).await;
    let mut ada = port.web_socket("/ws").await;
    let mut tcp = Member::new(port.wire().await, Via::Tcp, 10);
    tcp.wire.send(b"4").await;
    // Another connection that is closed for its silence tells that the time is over.
    port.wire().await.until_end().await;
    ada.enter("ada", &["lab"]).await;
    assert_eq!(ada.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    let register = json!({"TYPE": "COMMAND/REGISTER", "NAME": "tcp"}).to_string();
    tcp.wire.send(&[format!("{:<9}", register.len() % 10).as_bytes(), register.as_bytes()].concat()).await;
    assert_eq!(register.len() / 10, 4);
    tcp.tell_room("lab", "in time").await;
    assert_eq!(ada.next().await.unwrap()["ID"], "in time");
}
