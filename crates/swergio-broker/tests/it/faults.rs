//! Faults: what a sender is told, that it may go on, and that nobody else notices.

use serde_json::{Value, json};
use swergio_broker::Config;
use swergio_proto::{Frame, Grant, Limits, Pattern};
use tungstenite::Message;

use crate::stage::{Member, Port, Stage, Via, within};

/// Says something wrong, and hears its CODE and FIELD; then says something right.
async fn blamed(member: &mut Member, message: Value, code: &str, field: Option<&str>) {
    let mut message = message;
    message["ID"] = json!("wrong");
    let shown = message.to_string();
    member.say(message).await;
    let told = member.hear().await;
    assert_eq!(told.len(), 1, "{shown}: {told:?}");
    assert_eq!(told[0]["TYPE"], "COMMAND/ERROR");
    assert_eq!((&told[0]["REF"], &told[0]["CODE"]), (&json!("wrong"), &json!(code)), "{shown}");
    assert_eq!(told[0]["FIELD"].as_str(), field, "{shown}");
    assert!(
        told[0]["MESSAGE"].as_str().is_some_and(|text| !text.is_empty()) && told[0]["RETRYABLE"].is_boolean()
    );
    assert!(!member.wire.has_ended());
}

/// R5, R60: MALFORMED names the field; the connection goes on, and the room hears nothing but what is right.
#[tokio::test(start_paused = true)]
async fn a_field_that_is_missing_or_ill_typed_is_named() {
    for via in [Via::Json, Via::MsgPack] {
        let stage = Stage::new();
        let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
        let mut ada = stage.member(via, "ada", &[]).await;
        for (message, field) in [
            (json!({"TO_ROOM": "lab"}), "TYPE"),
            (json!({"TYPE": 5, "TO_ROOM": "lab"}), "TYPE"),
            (json!({"TYPE": "DATA/TEXT", "TO_ROOM": null}), "TO_ROOM"),
            (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": ["bob"]}), "TO"),
            (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "SENT_BY": 1}), "SENT_BY"),
            (json!({"TYPE": "COMMAND/JOINROOM"}), "ROOM"),
            (json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": {}}), "ROOM"),
            (json!({"TYPE": "COMMAND/REGISTER", "NAME": 7}), "NAME"),
        ] {
            blamed(&mut ada, message, "MALFORMED", Some(field)).await;
        }
        ada.tell_room("lab", "right").await;
        assert_eq!(bob.heard().await, ["right"]);
    }
}

/// R5, R60: what is no message has no ID to refer to; it is dropped, and the connection goes on.
#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_dropped() {
    let deep =
        format!("{{\"TYPE\":\"X\",\"TO_ROOM\":\"lab\",\"DATA\":{}{}}}", "[".repeat(64), "]".repeat(64));
    let stage = Stage::new();
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    for text in ["", "{nope", "[]", "42", "null", "{} {}", "{\"TYPE\":\"X\"", &deep] {
        ada.say_frame(&Frame::json(text.to_owned())).await;
    }
    for bytes in
        [&b""[..], &[0xc1], &[0x93, 1, 2], &[0x81, 1, 2], &[0x81, 0xa4, b'T', b'Y'], &[0xde, 0xff, 0xff]]
    {
        ada.say_frame(&Frame::msgpack(bytes.to_vec())).await;
    }
    let told = ada.hear().await;
    assert_eq!(told.len(), 14);
    assert!(told.iter().all(|told| told["CODE"] == "MALFORMED" && told.get("REF").is_none()), "{told:?}");
    ada.tell_room("lab", "right").await;
    assert_eq!(bob.heard().await, ["right"]);
}

/// R18: names that are too long, reserved, or have control characters; in upstream's way only length counts.
#[tokio::test(start_paused = true)]
async fn a_bad_name_is_refused() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let (long_name, long_room) = ("n".repeat(129), "r".repeat(257));
    for (message, field) in [
        (json!({"TYPE": "COMMAND/REGISTER", "NAME": long_name}), "NAME"),
        (json!({"TYPE": "COMMAND/REGISTER", "NAME": "_ada"}), "NAME"),
        (json!({"TYPE": "COMMAND/JOINROOM", "ROOM": long_room}), "ROOM"),
        (json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_mine"}), "ROOM"),
        (json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "a\u{7}b"}), "ROOM"),
        (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "_mine"}), "TO_ROOM"),
        (json!({"TYPE": "DATA/TEXT", "TO": "a\nb"}), "TO"),
    ] {
        blamed(&mut ada, message, "BAD_NAME", Some(field)).await;
    }
    ada.enter("", &["r".repeat(256).as_str(), "", "_command", "_logging"]).await;
    assert_eq!(ada.heard().await, ["COMMAND/WELCOME"]);

    let theirs = Stage::with(Config { upstream_compat: true, ..Config::default() });
    let mut eve = theirs.member(Via::Json, &"_e".repeat(1000), &["_mine", "a\u{7}b", &long_room]).await;
    let endless = "r".repeat(65_537);
    blamed(&mut eve, json!({"TYPE": "COMMAND/JOINROOM", "ROOM": endless}), "BAD_NAME", Some("ROOM")).await;
}

/// R10: a stranger may register or leave, and nothing else.
#[tokio::test(start_paused = true)]
async fn a_stranger_is_told_to_register_first() {
    let stage = Stage::new();
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let mut ada = stage.stranger(Via::Json);
    blamed(&mut ada, json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab"}), "UNREGISTERED", None).await;
    blamed(&mut ada, json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "lab"}), "UNREGISTERED", None).await;
    ada.enter("ada", &["lab"]).await;
    assert_eq!(ada.heard().await, ["COMMAND/WELCOME"]);
    ada.tell_room("lab", "right").await;
    assert_eq!(bob.heard().await, ["right"]);
    let mut cyd = stage.stranger(Via::Json);
    cyd.say(json!({"TYPE": "COMMAND/DISCONNECT"})).await;
    assert_eq!(cyd.close_code().await, Some(1000));
}

/// R63: an authenticated peer speaks as itself, and where its grant lets it.
#[tokio::test(start_paused = true)]
async fn a_grant_is_kept_to() {
    let lab = || vec![Pattern::new("lab*")];
    let grant = Grant {
        authenticated: true,
        names: vec![Pattern::new("ada")],
        join: lab(),
        send: lab(),
        tell: lab(),
    };
    let stage = Stage::new();
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let mut ada = stage.granted(Via::Json, grant);
    blamed(&mut ada, json!({"TYPE": "COMMAND/REGISTER", "NAME": "bob"}), "FORBIDDEN", Some("NAME")).await;
    ada.enter("ada", &["lab"]).await;
    ada.heard().await;
    for (message, field) in [
        (json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "hall"}), "ROOM"),
        (json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_logging"}), "ROOM"),
        (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "hall"}), "TO_ROOM"),
        (json!({"TYPE": "DATA/TEXT", "TO": "bob"}), "TO"),
    ] {
        blamed(&mut ada, message, "FORBIDDEN", Some(field)).await;
    }
    let forged = json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "SENT_BY": "bob"});
    blamed(&mut ada, forged.clone(), "IMPOSTOR", Some("SENT_BY")).await;
    ada.say(json!({"ID": "own", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "SENT_BY": "ada"})).await;
    assert_eq!(bob.heard().await, ["own"]);

    // While the guard is open, a differing SENT_BY is kept.
    let mut cyd = stage.member(Via::Json, "cyd", &[]).await;
    cyd.say(forged).await;
    assert_eq!(bob.hear().await[0]["SENT_BY"], "bob");
}

/// R19: so many rooms per connection, so many on the broker; the seat is not taken, and may be later.
#[tokio::test(start_paused = true)]
async fn there_are_so_many_rooms() {
    let stage = Stage::with(within(Limits { rooms_per_connection: 2, rooms: 3, ..Limits::default() }));
    let join = |room: &str| json!({"TYPE": "COMMAND/JOINROOM", "ROOM": room});
    let mut ada = stage.member(Via::Json, "ada", &["a", "b"]).await;
    blamed(&mut ada, join("c"), "ROOM_LIMIT", None).await;
    let mut bob = stage.member(Via::Json, "bob", &["c"]).await;
    blamed(&mut bob, join("d"), "ROOM_LIMIT", None).await;
    bob.say(join("a")).await;
    assert!(bob.heard().await.is_empty(), "a room that exists may be joined");
    bob.tell_room("d", "nobody").await;
    bob.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "c"})).await;
    bob.say(join("d")).await;
    ada.tell_room("d", "room again").await;
    assert_eq!(bob.heard().await, ["room again"]);
}

/// R60: a message over the limit ends the connection with 1009, before it is whole.
#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_closes_with_1009() {
    let stage = Stage::with(within(Limits { message_bytes: 1000, ..Limits::default() }));
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let fits =
        format!("{{\"ID\":\"fits\",\"TYPE\":\"X\",\"TO_ROOM\":\"lab\",\"DATA\":\"{}\"}}", "x".repeat(950));
    assert_eq!(fits.len(), 1000);
    ada.say_text(&fits).await;
    // A header that announces 2^40 bytes is enough.
    ada.wire.send(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]).await;
    assert_eq!(ada.close_code().await, Some(1009));
    assert_eq!(bob.heard().await, ["fits"]);

    let mut cyd = stage.member(Via::Tcp, "cyd", &[]).await;
    cyd.wire.send(b"1001      ").await;
    assert!(cyd.heard().await.is_empty() && cyd.wire.has_ended());
}

/// R60: what RFC 6455 forbids ends the connection as the RFC says, and only that one.
#[tokio::test(start_paused = true)]
async fn a_broken_web_socket_closes_with_the_rfcs_code() {
    let stage = Stage::new();
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let masked =
        |first: u8, payload: &[u8]| [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0][..], payload].concat();
    for (what, bytes, code) in [
        ("text that is not UTF-8", masked(0x81, &[0xff, 0xfe]), 1007),
        ("an unmasked frame", vec![0x81, 2, b'{', b'}'], 1002),
        ("a reserved opcode", masked(0x83, b""), 1002),
        ("a reserved bit", masked(0xc1, b"{}"), 1002),
        ("a continuation of nothing", masked(0x80, b"x"), 1002),
        ("a ping in parts", masked(0x09, b""), 1002),
    ] {
        let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
        ada.wire.send(&bytes).await;
        assert_eq!(ada.close_code().await, Some(code), "{what}");
        assert!(bob.heard().await.is_empty(), "{what}");
    }
    bob.heard().await;
    assert_eq!(stage.broker.connections(), 1);
}

/// R16, R60: a peer that closes is answered, with its own code.
#[tokio::test(start_paused = true)]
async fn a_close_is_answered() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
    ada.say_message(Message::Close(Some(tungstenite::protocol::CloseFrame {
        code: 1001.into(),
        reason: "going".into(),
    })))
    .await;
    assert_eq!(ada.close_code().await, Some(1001));
}

/// R32, R60: on TCP framing nobody is told; the fault is counted under its code.
#[tokio::test]
async fn on_tcp_framing_a_fault_is_counted() {
    let port = Port::open(Config::default()).await;
    let mut ada = Member::new(port.wire().await, Via::Tcp, 10);
    ada.say(json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab"})).await;
    ada.enter("ada", &["_mine"]).await;
    ada.say(json!({"TO_ROOM": "lab"})).await;
    ada.tell_member("ada", "still here").await;
    assert_eq!(ada.next().await.unwrap()["ID"], "still here");
    let metrics = port.ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    for code in ["UNREGISTERED", "BAD_NAME", "MALFORMED"] {
        let line = format!("swergio_faults_total{{code=\"{code}\"}} 1");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}
