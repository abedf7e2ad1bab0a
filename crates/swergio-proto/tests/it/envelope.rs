//! Envelopes: built, sent in either codec, and read again.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;
use swergio_proto::{
    Body, Codec, Envelope, Frame, Head, Kind, MemberName, MessageId, ModelStatus, RoomName, Tensor,
    splice_sent_by,
};

use crate::tensor::tensors;

fn decode(json: &serde_json::Value) -> Result<Envelope, swergio_proto::Fault> {
    Envelope::decode(&Frame::json(json.to_string()), 64)
}

#[test]
fn a_message_is_spelt_with_its_data_last() {
    let envelope = Envelope::new(Kind::FORWARD)
        .with_id(MessageId::new("1"))
        .with_to_room(RoomName::parse("lab").unwrap())
        .with_to(MemberName::parse("bob").unwrap())
        .with_root_id("0")
        .with_model_status(ModelStatus::TRAIN)
        .with_tensor(Tensor::from_f32([1, 2], &[0.5, 0.1]).unwrap())
        .with_field("NOTE", "é\n")
        .unwrap();
    let frame = envelope.encode(Codec::Json).unwrap();
    let text = std::str::from_utf8(frame.bytes()).unwrap();
    let read: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        read,
        json!({"ID": "1", "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "TO": "bob", "ROOT_ID": "0",
            "MODEL_STATUS": 1, "NOTE": "é\n", "DATA": [[0.5, 0.1]]})
    );
    assert!(text.ends_with(r#", "DATA": [[0.5,0.1]]}"#), "{text}");
    let binary = envelope.encode(Codec::MsgPack).unwrap();
    assert_eq!(Envelope::decode(&binary, 64).unwrap(), envelope);
}

/// R4: ID, ROOT_ID and MODEL_STATUS may be anything.
#[test]
fn what_only_upstream_would_send_is_kept() {
    let envelope =
        decode(&json!({"ID": 5, "TYPE": "X", "ROOT_ID": null, "SENT_BY": [1], "MODEL_STATUS": "on",
        "TO_ROOM": "_odd\u{1}", "TO": "x".repeat(500), "DATA": null}))
        .unwrap();
    assert_eq!((&envelope.id, &envelope.sent_by, &envelope.root_id), (&None, &None, &None));
    assert_eq!(envelope.model_status, None);
    let kept: Vec<&str> = envelope.fields.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(kept, ["ID", "ROOT_ID", "SENT_BY", "MODEL_STATUS"]);
    assert_eq!(envelope.field("ID").unwrap().read::<u8>(), Ok(5));
    assert_eq!(envelope.to_room.as_ref().unwrap(), "_odd\u{1}");
    for codec in [Codec::Json, Codec::MsgPack] {
        assert_eq!(Envelope::decode(&envelope.encode(codec).unwrap(), 64).as_ref(), Ok(&envelope));
    }
}

#[test]
fn an_address_or_kind_of_the_wrong_type_is_refused_by_its_name() {
    for (message, field) in [
        (json!({"TYPE": "X", "TO_ROOM": null}), "TO_ROOM"),
        (json!({"TYPE": "X", "TO": ["bob"]}), "TO"),
        (json!({"TYPE": 1}), "TYPE"),
        (json!({"DATA": 1}), "TYPE"),
    ] {
        assert_eq!(decode(&message).unwrap_err().offending_field(), Some(field));
    }
    for other in [json!([]), json!(1), json!("TYPE")] {
        assert!(decode(&other).is_err());
    }
}

/// R3: in a message that a component reads.
#[test]
fn the_last_of_two_values_counts_whatever_their_types() {
    // {"ID": "a", "ID": 5, "N": 1, "N": 2, "TYPE": "X"}
    let frame = Frame::msgpack(b"\x85\xa2ID\xa1a\xa2ID\x05\xa1N\x01\xa1N\x02\xa4TYPE\xa1X".to_vec());
    let envelope = Envelope::decode(&frame, 64).unwrap();
    assert_eq!(envelope.id, None);
    assert_eq!(envelope.fields, [("ID".into(), Body::of(&5).unwrap()), ("N".into(), Body::of(&2).unwrap())]);
}

#[test]
fn a_key_is_not_sent_twice() {
    let twice = Envelope::new(Kind::TEXT).with_field("TYPE", "X").unwrap();
    assert_eq!(twice.encode(Codec::Json).unwrap_err().offending_field(), Some("TYPE"));
    let twice = Envelope::new(Kind::TEXT).with_field("N", &1).unwrap().with_field("N", &2).unwrap();
    assert!(twice.encode(Codec::MsgPack).is_err());
}

#[test]
fn a_message_of_very_many_fields_is_refused() {
    let many = |count: usize| {
        let fields = (0..count).map(|n| (n.to_string(), json!(n)));
        decode(&fields.chain([("TYPE".to_owned(), json!("X"))]).collect())
    };
    assert!(many(1024).is_ok());
    assert!(many(1025).is_err());
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shot {
    weight: f64,
    angle: f32,
    hits: Option<u8>,
    path: Tensor,
}

#[test]
fn a_struct_with_a_tensor_crosses_both_codecs() {
    let path = Tensor::from_f64([2, 1], &[0.5, 1e-7]).unwrap();
    let shot = Shot { weight: 2.0, angle: 0.1, hits: None, path };
    for codec in [Codec::Json, Codec::MsgPack] {
        let frame = Envelope::new(Kind::FORWARD).with_data(&shot).unwrap().encode(codec).unwrap();
        let data = Envelope::decode(&frame, 64).unwrap().data.unwrap();
        assert_eq!(data.read::<Shot>().as_ref(), Ok(&shot), "{codec:?}");
    }
    let from_python = json!({"weight": 2, "angle": 0.1, "hits": null, "path": [[0.5], [1e-7]]});
    let data = decode(&json!({"TYPE": "X", "DATA": from_python})).unwrap().data.unwrap();
    assert_eq!(data.read::<Shot>(), Ok(shot));
}

#[test]
fn data_of_another_type_says_what_did_not_fit() {
    let data = Body::of(&json!({"weight": "heavy"})).unwrap();
    let fault = data.read::<Shot>().unwrap_err();
    assert_eq!(fault.offending_field(), Some("DATA"));
    assert!(fault.to_string().contains("text stands where another type is read"), "{fault}");

    let tensor = Body::from(Tensor::from_f32([1], &[1.0]).unwrap());
    assert!(tensor.read::<Vec<f32>>().unwrap_err().to_string().starts_with("it is a tensor"));
    assert!(Body::from_json(b"{").is_err());
}

/// Announces three items and writes one, as no `Serialize` should.
struct Liar;

impl Serialize for Liar {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = to.serialize_seq(Some(3))?;
        list.serialize_element(&1)?;
        list.end()
    }
}

#[test]
fn a_serialize_that_miscounts_cannot_break_the_frame() {
    assert!(Body::of(&Liar).is_err());
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".*".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|list| json!(list)),
            prop::collection::btree_map(".*", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

fn envelopes() -> impl Strategy<Value = Envelope> {
    let text = || prop::option::of(".{0,40}");
    let fields = prop::collection::btree_map("[a-z]{1,8}", values(), 0..20);
    let data = prop::option::of(prop_oneof![
        values().prop_map(|value| Body::of(&value).unwrap()),
        tensors().prop_map(Body::from),
    ]);
    ((text(), ".*", text(), text()), (text(), any::<Option<i64>>(), fields, data)).prop_map(
        |((id, kind, sent_by, to_room), (root_id, status, fields, data))| {
            let mut envelope = Envelope::new(kind);
            envelope.id = id.as_deref().map(MessageId::new);
            envelope.sent_by = sent_by;
            envelope.root_id = root_id;
            envelope.to_room = to_room.and_then(|name| RoomName::parse(&name).ok());
            envelope.model_status = status.map(ModelStatus);
            envelope.fields =
                fields.into_iter().map(|(key, value)| (key, Body::of(&value).unwrap())).collect();
            envelope.data = data;
            envelope
        },
    )
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn a_message_crosses_messagepack_unchanged(envelope in envelopes()) {
        let frame = envelope.encode(Codec::MsgPack).unwrap();
        prop_assert_eq!(Envelope::decode(&frame, 64).unwrap(), envelope);
    }

    #[test]
    fn a_message_crosses_json_with_its_meaning(envelope in envelopes()) {
        let frame = envelope.encode(Codec::Json).unwrap();
        let heard = Envelope::decode(&frame, 64).unwrap();
        // What JSON can say of a message is heard again when it is said again.
        let again = Envelope::decode(&heard.encode(Codec::Json).unwrap(), 64).unwrap();
        prop_assert_eq!(&again, &heard);
        prop_assert_eq!((heard.id, heard.kind, heard.to_room), (envelope.id, envelope.kind, envelope.to_room));
        prop_assert_eq!(heard.fields.len(), envelope.fields.len());
    }

    #[test]
    fn the_head_is_that_of_the_envelope(envelope in envelopes(), json in any::<bool>()) {
        let frame = envelope.encode(if json { Codec::Json } else { Codec::MsgPack }).unwrap();
        let head = Head::peek(&frame, 64).unwrap();
        prop_assert_eq!(head.kind.text(), Some(envelope.kind.as_str()));
        prop_assert_eq!(head.id.text(), envelope.id.as_ref().map(MessageId::as_str));
        prop_assert_eq!(head.sent_by.text(), envelope.sent_by.as_deref());
        prop_assert_eq!(head.root_id.text(), envelope.root_id.as_deref());
        prop_assert_eq!(head.model_status.map(ModelStatus), envelope.model_status);
        prop_assert_eq!(head.data.is_some(), envelope.data.is_some());
    }

    #[test]
    fn a_spliced_sender_is_all_that_changes(envelope in envelopes(), name in ".*", json in any::<bool>()) {
        let envelope = Envelope { sent_by: None, ..envelope };
        let codec = if json { Codec::Json } else { Codec::MsgPack };
        let frame = envelope.encode(codec).unwrap();
        let mut out = Vec::new();
        splice_sent_by(&frame, &name, &mut out);
        let heard = Envelope::decode(&Frame::new(codec, out), 64).unwrap();
        let alone = Envelope::decode(&frame, 64).unwrap();
        prop_assert_eq!(heard, Envelope { sent_by: Some(name), ..alone });
    }
}
