//! Logging: `_logging` is sent a copy of what goes forward and backward.

use serde_json::{Value, json};
use swergio_broker::Config;
use swergio_proto::{Envelope, Frame, Tensor};

use crate::stage::{ALL, Member, Stage, Via};

async fn forward(member: &mut Member, id: &str) {
    member.say(json!({"ID": id, "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": [1]})).await;
}

/// R51: FORWARD and GRADIENT are copied, wrapped, after the message itself, in the listener's own codec.
#[tokio::test(start_paused = true)]
async fn forward_and_gradient_are_copied() {
    for via in ALL {
        for listening in ALL {
            let stage = Stage::new();
            let mut ada = stage.member(via, "ada", &[]).await;
            let mut log = stage.member(listening, "log", &["lab", "_logging"]).await;
            for kind in ["FORWARD", "REWARD", "GRADIENT", "TEXT"] {
                let kind = format!("DATA/{kind}");
                ada.say(json!({"ID": kind, "TYPE": kind, "TO_ROOM": "lab", "DATA": [1.5]})).await;
            }
            let frames = log.frames().await;
            assert!(frames.iter().all(|frame| frame.codec() == log.codec()));
            let heard: Vec<Value> = frames.iter().map(crate::stage::value).collect();
            let labels: Vec<String> = heard.iter().map(crate::stage::label).collect();
            let forward = ["DATA/FORWARD", "LOG(DATA/FORWARD)", "DATA/REWARD"];
            let gradient = ["DATA/GRADIENT", "LOG(DATA/GRADIENT)", "DATA/TEXT"];
            assert_eq!(labels, [forward, gradient].concat());
            let entry = &heard[1];
            assert_eq!((&entry["TO_ROOM"], &entry["TYPE"]), (&json!("_logging"), &json!("LOG/MESSAGES")));
            assert_eq!(entry["MESSAGE"], heard[0]);
            assert_eq!(entry["MESSAGE"]["SENT_BY"], "ada");
            let id = entry["ID"].as_str().unwrap();
            assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()));
        }
    }
}

/// R51: one entry has one ID for all who hear it, and every entry another.
#[tokio::test(start_paused = true)]
async fn an_entry_has_one_id() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut one = stage.member(Via::Json, "one", &["_logging"]).await;
    let mut two = stage.member(Via::MsgPack, "two", &["_logging"]).await;
    forward(&mut ada, "m1").await;
    forward(&mut ada, "m2").await;
    let (one, two) = (one.hear().await, two.hear().await);
    assert_eq!(one, two);
    assert_ne!(one[0]["ID"], one[1]["ID"]);
}

/// R51: its sender hears the copy too, if it listens; what reached nobody is copied as well.
#[tokio::test(start_paused = true)]
async fn a_sender_that_listens_hears_its_copy() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &["_logging"]).await;
    forward(&mut ada, "m1").await;
    ada.say(json!({"ID": "m2", "TYPE": "DATA/FORWARD"})).await;
    assert_eq!(ada.heard().await, ["LOG(m1)", "LOG(m2)"]);
}

/// R51: with the log switched off nothing is copied.
#[tokio::test(start_paused = true)]
async fn the_log_can_be_switched_off() {
    let stage = Stage::with(Config { log_room: false, ..Config::default() });
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut log = stage.member(Via::Json, "log", &["_logging"]).await;
    forward(&mut ada, "m1").await;
    assert!(log.heard().await.is_empty());
}

/// R51: a copy nests one deeper than its message; who may say it may also be heard.
#[tokio::test(start_paused = true)]
async fn the_deepest_message_is_copied_too() {
    for upstream_compat in [false, true] {
        for via in [Via::Json, Via::MsgPack] {
            let stage = Stage::with(Config { upstream_compat, ..Config::default() });
            let mut ada = stage.member(via, "ada", &["_logging"]).await;
            let mut other = stage
                .member(if via == Via::Json { Via::MsgPack } else { Via::Json }, "other", &["_logging"])
                .await;
            let deep = format!("{}{}", "[".repeat(63), "]".repeat(63));
            ada.say_text(&format!(
                "{{\"ID\":\"m\",\"TYPE\":\"DATA/FORWARD\",\"TO_ROOM\":\"lab\",\"DATA\":{deep}}}"
            ))
            .await;
            assert_eq!(ada.heard().await, ["LOG(m)"]);
            assert_eq!(other.heard().await, ["LOG(m)"]);
        }
    }
}

/// R24, R51: a tensor in a copy is a tensor, to who speaks MessagePack.
#[tokio::test(start_paused = true)]
async fn a_tensor_is_copied_as_it_is() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::MsgPack, "ada", &[]).await;
    let mut log = stage.member(Via::MsgPack, "log", &["_logging"]).await;
    let tensor = Tensor::from_f32([2], &[1.0, 2.0]).unwrap();
    let envelope = Envelope::new(swergio_proto::Kind::FORWARD).with_tensor(tensor);
    ada.say_frame(&envelope.encode(ada.codec()).unwrap()).await;
    let entry = Envelope::decode(&log.frames().await[0], 64).unwrap();
    let (_, message) = entry.fields.iter().find(|(key, _)| key == "MESSAGE").unwrap();
    #[derive(serde::Deserialize)]
    struct Inner {
        #[serde(rename = "DATA")]
        data: Tensor,
    }
    assert_eq!(message.read::<Inner>().unwrap().data.shape(), [2]);
}

/// R52: what a component itself sends to `_logging` is an ordinary message, and not wrapped once more.
#[tokio::test(start_paused = true)]
async fn a_message_to_the_log_is_an_ordinary_one() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &["_logging"]).await;
        let mut log = stage.member(via, "log", &["_logging"]).await;
        ada.say(json!({"ID": "kpi", "TYPE": "LOG/KPI", "TO_ROOM": "_logging", "VALUE": 1})).await;
        assert_eq!(log.heard().await, ["kpi"]);
        assert!(ada.heard().await.is_empty());
    }
}

/// R42, R51: in upstream's way a copy is spelt anew as Python would, though the message was forwarded untouched.
#[tokio::test(start_paused = true)]
async fn in_upstreams_way_a_copy_is_spelt_as_python_would() {
    let stage = Stage::with(Config { upstream_compat: true, ..Config::default() });
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut log = stage.member(Via::Json, "log", &["_logging", "lab"]).await;
    let text = r#"{"TYPE":"DATA/FORWARD","TO_ROOM":"lab","SENT_BY":"x","DATA":[1e2,"ü"]}"#;
    ada.say_frame(&Frame::json(text)).await;
    let heard = log.frames().await;
    assert_eq!(heard[0].bytes(), text);
    let copy = String::from_utf8(heard[1].bytes().to_vec()).unwrap();
    let spelt = r#""MESSAGE": {"TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "SENT_BY": "x", "DATA": [100.0, "\u00fc"]}}"#;
    assert!(copy.ends_with(spelt), "{copy}");
}
