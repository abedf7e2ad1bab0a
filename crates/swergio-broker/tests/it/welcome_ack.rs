//! Welcome and ack: what a component on WebSocket is told about itself and its messages.

use serde_json::json;
use swergio_broker::Config;
use swergio_proto::Limits;

use crate::stage::{Stage, Via};

/// R17: REGISTER is answered with NAME, SESSION, NODE, PING and LIMITS, in the connection's own codec.
#[tokio::test(start_paused = true)]
async fn a_newcomer_is_welcomed() {
    for via in [Via::Json, Via::MsgPack] {
        let limits = Limits { message_bytes: 12_345, ..Limits::default() };
        let stage = Stage::with(Config { node: "lab-1".to_owned(), limits, ..Config::default() });
        let _first = stage.member(via, "first", &[]).await;
        let mut ada = stage.stranger(via);
        ada.enter("ada", &[]).await;
        let frames = ada.frames().await;
        assert_eq!((frames.len(), frames[0].codec()), (1, ada.codec()));
        let welcome = crate::stage::value(&frames[0]);
        assert_eq!((&welcome["TYPE"], &welcome["NAME"]), (&json!("COMMAND/WELCOME"), &json!("ada")));
        assert_eq!((&welcome["NODE"], &welcome["SESSION"]), (&json!("lab-1"), &json!(2)));
        assert_eq!(welcome["PING"].as_f64(), Some(25.0));
        assert_eq!(welcome["LIMITS"]["message_bytes"], 12_345);
        assert!(welcome["LIMITS"]["rooms_per_connection"].is_u64());
    }
}

/// R11, R17: a new name is welcomed too.
#[tokio::test(start_paused = true)]
async fn a_new_name_is_welcomed() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    ada.enter("eve", &[]).await;
    assert_eq!(ada.hear().await[0]["NAME"], "eve");
}

/// R45: who asks is told how many connections were handed its message, those reached twice counted twice.
#[tokio::test(start_paused = true)]
async fn who_asks_is_told_how_many_received() {
    for via in [Via::Json, Via::MsgPack] {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &["lab"]).await;
        let _bob = stage.member(Via::Json, "bob", &["lab"]).await;
        let _tcp = stage.member(Via::Tcp, "bob", &["lab"]).await;
        let _packed = stage.member(Via::MsgPack, "cyd", &["lab"]).await;
        for (to, receivers) in [
            (json!({"TO_ROOM": "lab"}), 3),
            (json!({"TO": "bob"}), 2),
            (json!({"TO_ROOM": "lab", "TO": "bob"}), 5),
            (json!({"TO_ROOM": "nowhere"}), 0),
            (json!({}), 0),
        ] {
            let mut message = json!({"ID": "m", "TYPE": "DATA/TEXT", "ACK": true, "DATA": 1});
            message.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
            ada.say(message).await;
            let acks = ada.hear().await;
            assert_eq!(acks, [json!({"TYPE": "COMMAND/ACK", "REF": "m", "RECEIVERS": receivers})], "{to}");
        }
    }
}

/// R45: nobody is told unasked, nor for a message that was refused; without an ID there is no REF.
#[tokio::test(start_paused = true)]
async fn only_who_asks_is_told() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    for ack in [json!(false), json!(null), json!("true"), json!(1)] {
        ada.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ACK": ack})).await;
    }
    assert!(ada.heard().await.is_empty());
    ada.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": 5, "ACK": true})).await;
    assert_eq!(ada.heard().await, ["COMMAND/ERROR"]);
    ada.say(json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ACK": true})).await;
    assert_eq!(ada.hear().await, [json!({"TYPE": "COMMAND/ACK", "RECEIVERS": 0})]);
}

/// R32, R45: on TCP framing an ack is never sent, though it was asked for; the message goes its way, the wish with it.
#[tokio::test(start_paused = true)]
async fn on_tcp_framing_nobody_is_told() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Tcp, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    ada.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ACK": true})).await;
    assert_eq!(bob.hear().await[0]["ACK"], true);
    assert!(ada.heard().await.is_empty());
}
