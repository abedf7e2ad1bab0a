//! Codecs: JSON and MessagePack in one room.

use serde_json::json;
use swergio_broker::Config;
use swergio_proto::{Body, Codec, Envelope, Frame, RoomName, Tensor};

use crate::stage::{Stage, Via, value};

fn to_lab(kind: &'static str) -> Envelope {
    Envelope::new(swergio_proto::Kind::from(kind)).with_to_room(RoomName::parse("lab").unwrap())
}

/// R24, R25: a tensor travels as bytes between two who speak MessagePack, and arrives as nested lists in JSON.
#[tokio::test(start_paused = true)]
async fn a_tensor_arrives_as_the_receivers_codec_has_it() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::MsgPack, "ada", &[]).await;
    let mut packed = stage.member(Via::MsgPack, "packed", &["lab"]).await;
    let mut text = stage.member(Via::Json, "text", &["lab"]).await;
    let mut tcp = stage.member(Via::Tcp, "tcp", &["lab"]).await;
    let tensor = Tensor::from_f32([2, 2], &[1.0, -2.5, 0.1, 4.0]).unwrap();
    let frame = to_lab("DATA/FORWARD").with_tensor(tensor.clone()).encode(Codec::MsgPack).unwrap();
    ada.say_frame(&frame).await;

    let heard = packed.frames().await;
    assert_eq!(heard[0].codec(), Codec::MsgPack);
    let arrived = Envelope::decode(&heard[0], 64).unwrap();
    assert_eq!(arrived.sent_by.as_deref(), Some("ada"));
    assert_eq!(arrived.data.unwrap().tensor().unwrap(), tensor);
    for listener in [&mut text, &mut tcp] {
        let heard = listener.hear().await;
        assert_eq!(heard[0]["SENT_BY"], "ada");
        let rows: Vec<Vec<f32>> = serde_json::from_value(heard[0]["DATA"].clone()).unwrap();
        assert_eq!(rows, [[1.0, -2.5], [0.1, 4.0]]);
    }
}

/// R25: other bytes become base64; what is no tensor stays what it is.
#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_tensor_become_base64() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::MsgPack, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    // {"TYPE": "X", "TO_ROOM": "lab", "DATA": [b"\x00\xff\x10", {1: true}]}
    let bytes = b"\x83\xa4TYPE\xa1X\xa7TO_ROOM\xa3lab\xa4DATA\x92\xc4\x03\x00\xff\x10\x81\x01\xc3".to_vec();
    ada.say_frame(&Frame::msgpack(bytes)).await;
    assert_eq!(bob.hear().await[0]["DATA"], json!(["AP8Q", {"1": true}]));
}

/// R25: what was written in JSON reaches MessagePack with its lists as lists.
#[tokio::test(start_paused = true)]
async fn lists_stay_lists() {
    let stage = Stage::new();
    for from in [Via::Json, Via::Tcp] {
        let mut ada = stage.member(from, "ada", &[]).await;
        let mut bob = stage.member(Via::MsgPack, "bob", &["lab"]).await;
        let data = json!([[1, 2.5, -3], ["ü", null, true], {"k": 18_446_744_073_709_551_615_u64}]);
        ada.say(json!({"ID": "m", "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": data})).await;
        let heard = bob.frames().await;
        assert_eq!(heard[0].codec(), Codec::MsgPack);
        assert_eq!(value(&heard[0])["DATA"], data);
        let body: Body = Envelope::decode(&heard[0], 64).unwrap().data.unwrap();
        assert!(body.read::<(Vec<f64>, serde_json::Value, serde_json::Value)>().is_ok());
    }
}

/// R26: no message is lost over NaN or an infinity, in either direction, nor in upstream's way.
#[tokio::test(start_paused = true)]
async fn nan_and_infinities_arrive() {
    for upstream_compat in [false, true] {
        let stage = Stage::with(Config { upstream_compat, ..Config::default() });
        let mut ada = stage.member(Via::Tcp, "ada", &["lab"]).await;
        let mut bob = stage.member(Via::MsgPack, "bob", &["lab"]).await;
        let text = r#"{"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": [NaN, Infinity, -Infinity]}"#;
        ada.say_frame(&Frame::json(text)).await;
        let heard = Envelope::decode(&bob.frames().await[0], 64).unwrap();
        let numbers: Vec<f64> = heard.data.unwrap().read().unwrap();
        assert!(numbers[0].is_nan() && numbers[1] == f64::INFINITY && numbers[2] == f64::NEG_INFINITY);

        let tensor = Tensor::from_f64([3], &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]).unwrap();
        bob.say_frame(&to_lab("DATA/FORWARD").with_tensor(tensor).encode(Codec::MsgPack).unwrap()).await;
        let heard = String::from_utf8(ada.frames().await[0].bytes().to_vec()).unwrap();
        assert!(heard.contains("NaN") && heard.contains("-Infinity"), "{heard}");
    }
}

/// R21: a component may send either kind of frame and is sent what it has chosen, its own included.
#[tokio::test(start_paused = true)]
async fn a_component_may_send_either_kind_of_frame() {
    for via in [Via::Json, Via::MsgPack] {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &["lab"]).await;
        let text = r#"{"ID":"text","TYPE":"DATA/TEXT","TO":"ada"}"#;
        ada.say_frame(&Frame::json(text)).await;
        let binary = Frame::msgpack(b"\x83\xa2ID\xa6binary\xa4TYPE\xa9DATA/TEXT\xa2TO\xa3ada".to_vec());
        ada.say_frame(&binary).await;
        let heard = ada.frames().await;
        assert_eq!(heard.iter().map(Frame::codec).collect::<Vec<_>>(), [ada.codec(), ada.codec()]);
        assert_eq!(
            (value(&heard[0])["ID"].clone(), value(&heard[1])["ID"].clone()),
            (json!("text"), json!("binary"))
        );
    }
}

/// R24, R42: a MessagePack message is signed without being read: what follows a large tensor stays where it was.
#[tokio::test(start_paused = true)]
async fn a_large_tensor_is_signed_where_it_is() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::MsgPack, "ada", &[]).await;
    let mut bob = stage.member(Via::MsgPack, "bob", &["lab"]).await;
    let tensor = Tensor::from_f32([1024, 512], &vec![0.5; 1024 * 512]).unwrap();
    let frame = to_lab("DATA/GRADIENT").with_tensor(tensor).encode(Codec::MsgPack).unwrap();
    ada.say_frame(&frame).await;
    let heard = bob.frames().await;
    let signature = b"\xa7SENT_BY\xa3ada";
    assert_eq!(heard[0].len(), frame.len() + signature.len());
    assert!(heard[0].bytes().ends_with(signature));
    assert_eq!(heard[0].bytes()[1..frame.len()], frame.bytes()[1..]);
}
