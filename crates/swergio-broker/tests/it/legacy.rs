//! Legacy: upstream's TCP framing, on the same port as everything else.

use serde_json::json;
use swergio_broker::Config;
use swergio_proto::Frame;

use crate::stage::{Member, Port, Stage, Via, settle};

/// R30: one port takes both framings, and who comes by one meets who comes by the other.
#[tokio::test]
async fn the_first_byte_tells_what_a_peer_speaks() {
    let port = Port::open(Config::default()).await;
    let mut ada = port.web_socket("/ws").await;
    let mut bob = Member::new(port.wire().await, Via::Tcp, 10);
    ada.enter("ada", &["lab"]).await;
    assert_eq!(ada.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    bob.enter("bob", &["lab"]).await;
    bob.tell_member("bob", "ready").await;
    assert_eq!(bob.next().await.unwrap()["ID"], "ready");
    ada.tell_room("lab", "from ada").await;
    assert_eq!(bob.next().await.unwrap()["ID"], "from ada");
    bob.tell_room("lab", "from bob").await;
    assert_eq!(ada.next().await.unwrap()["ID"], "from bob");
}

/// R31: header and body may be split anywhere, and several messages may come at once.
#[tokio::test(start_paused = true)]
async fn a_message_may_be_split_anywhere() {
    let stage = Stage::new();
    let mut bob = stage.member(Via::Tcp, "bob", &["lab"]).await;
    let mut ada = stage.member(Via::Tcp, "ada", &[]).await;
    let two = [spelt(&mut ada, "m1"), spelt(&mut ada, "m2")].concat();
    for split in 0..=two.len() {
        let (one, other) = two.split_at(split);
        ada.wire.send(one).await;
        settle().await;
        ada.wire.send(other).await;
        assert_eq!(bob.heard().await, ["m1", "m2"], "split at {split}");
    }
    for byte in two {
        ada.wire.send(&[byte]).await;
        settle().await;
    }
    assert_eq!(bob.heard().await, ["m1", "m2"]);
}

fn spelt(member: &mut Member, id: &str) -> Vec<u8> {
    let text = json!({"ID": id, "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": "ü"}).to_string();
    member.spell(&Frame::json(text))
}

/// R31: digits with blanks around them are a length; anything else loses the framing, for its sender only.
#[tokio::test(start_paused = true)]
async fn a_header_is_digits_with_blanks_around_them() {
    let body = r#"{"ID":"m","TYPE":"DATA/TEXT","TO_ROOM":"lab"}"#;
    assert_eq!(body.len(), 45);
    let stage = Stage::new();
    let mut bob = stage.member(Via::Tcp, "bob", &["lab"]).await;
    for good in ["45        ", "        45", "   45     ", "0000000045"] {
        let mut ada = stage.member(Via::Tcp, "ada", &[]).await;
        ada.wire.send([good, body].concat().as_bytes()).await;
        assert_eq!(bob.heard().await, ["m"], "{good:?}");
    }
    for bad in [
        "+45       ",
        "-45       ",
        "4_5       ",
        "4 5       ",
        "45.0      ",
        "0x2d      ",
        "          ",
        "45\t       ",
        "4\u{665}       ",
        "67108865  ",
        "9999999999",
    ] {
        let mut ada = stage.member(Via::Tcp, "ada", &["lab"]).await;
        ada.wire.send([bad, body].concat().as_bytes()).await;
        assert!(ada.heard().await.is_empty() && ada.wire.has_ended(), "{bad:?}");
        assert!(bob.heard().await.is_empty(), "{bad:?}");
    }
}

/// R31: the largest body that may come is not refused, and takes no memory before it comes.
#[tokio::test(start_paused = true)]
async fn an_announced_body_is_waited_for() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Tcp, "ada", &[]).await;
    ada.wire.send(b"67108864  {").await;
    assert!(ada.heard().await.is_empty());
    assert!(!ada.wire.has_ended());
}

/// R33: a message longer than its receiver's header can say is not sent to it, and the others get it.
#[tokio::test]
async fn a_message_too_long_for_a_header_is_counted() {
    let port = Port::open(Config { header_length: 4, ..Config::default() }).await;
    let mut tcp = Member::new(port.wire().await, Via::Tcp, 4);
    tcp.enter("tcp", &["lab"]).await;
    let mut bob = port.web_socket("/ws?name=bob&rooms=lab").await;
    assert_eq!(bob.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    bob.tell_member("tcp", "ready").await;
    assert_eq!(tcp.next().await.unwrap()["ID"], "ready");

    let mut ada = port.web_socket("/ws?name=ada").await;
    assert_eq!(ada.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    ada.say(json!({"ID": "long", "TYPE": "X", "TO_ROOM": "lab", "DATA": "x".repeat(10_000), "ACK": true}))
        .await;
    assert_eq!(ada.next().await.unwrap()["RECEIVERS"], 1);
    ada.tell_room("lab", "short").await;
    assert_eq!(bob.next().await.unwrap()["ID"], "long");
    assert_eq!(tcp.next().await.unwrap()["ID"], "short");
    let metrics = port.ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(metrics.contains("swergio_header_overflow_total 1"), "{metrics}");
}

/// R32: nothing that upstream's clients do not know is sent over TCP framing, whatever happens.
#[tokio::test(start_paused = true)]
async fn upstreams_clients_are_spared_our_own_kinds() {
    let stage = Stage::new();
    let mut tcp = stage.member(Via::Tcp, "tcp", &["_presence", "_command", "lab"]).await;
    tcp.say(json!({"TYPE": "DATA/TEXT", "TO_ROOM": 5, "ACK": true})).await;
    tcp.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ACK": true})).await;
    tcp.enter("tcp again", &["_mine"]).await;
    let _ada = stage.member(Via::Json, "ada", &["lab"]).await;
    assert!(tcp.heard().await.is_empty());
    stage.broker.shutdown().await;
    assert!(tcp.heard().await.is_empty() && tcp.wire.has_ended());
}

/// R62: with tokens, TCP framing has no place for one, and is refused.
#[tokio::test]
async fn with_tokens_tcp_framing_is_refused() {
    let tokens = serde_json::from_value(json!({"token": [{"secret": "a long random string"}]})).unwrap();
    let port = Port::guarded(Config::default(), swergio_broker::Guard::Tokens(tokens)).await;
    let mut tcp = Member::new(port.wire().await, Via::Tcp, 10);
    tcp.enter("ada", &["lab"]).await;
    assert!(tcp.wire.until_end().await.is_empty());
}

/// R16: who half-closes has said all it will say, and is gone.
#[tokio::test(start_paused = true)]
async fn who_half_closes_is_gone() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Tcp, "ada", &["lab"]).await;
    let mut bob = stage.member(Via::Json, "bob", &[]).await;
    ada.tell_member("bob", "last words").await;
    ada.wire.half_close().await;
    assert_eq!(bob.heard().await, ["last words"]);
    assert!(ada.wire.has_ended());
    bob.say(json!({"ID": "m", "TYPE": "X", "TO_ROOM": "lab", "ACK": true})).await;
    assert_eq!(bob.hear().await[0]["RECEIVERS"], 0);
}
