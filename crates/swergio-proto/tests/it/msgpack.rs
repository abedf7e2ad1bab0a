//! MessagePack frames: peeked, spliced, wrapped, spelt as JSON; and every hostile one refused.

use proptest::prelude::*;
use serde_json::{Value, json};
use swergio_proto::{Codec, Frame, Head, Slot, check, splice_sent_by, transcode, wrap_log};

use crate::tensor::unhex;

fn pack(value: &Value) -> Frame {
    Frame::msgpack(rmp_serde::to_vec_named(value).unwrap())
}

fn spelt(bytes: &[u8]) -> String {
    let mut frame = b"\x81\xa1v".to_vec();
    frame.extend_from_slice(bytes);
    let json = transcode(&Frame::msgpack(frame), Codec::Json, 64).unwrap();
    let text = std::str::from_utf8(json.bytes()).unwrap();
    text.strip_prefix(r#"{"v": "#).unwrap().strip_suffix('}').unwrap().to_owned()
}

fn spliced(frame: &Frame, name: &str) -> Frame {
    let mut out = Vec::new();
    splice_sent_by(frame, name, &mut out);
    Frame::msgpack(out)
}

#[test]
fn the_head_of_a_frame_is_read_in_any_order() {
    let frame = pack(&json!({"DATA": [1, {"ID": "not this"}], "ACK": true, "MODEL_STATUS": 2, "TO": "bob",
        "NAME": 5, "REF": "r", "ROOM": "lab", "TYPE": "X", "OTHER": {"TYPE": "nor this"}}));
    let head = Head::peek(&frame, 64).unwrap();
    assert_eq!(head.kind.text(), Some("X"));
    assert_eq!(head.id, Slot::Absent);
    assert_eq!(head.name, Slot::Other);
    assert_eq!(
        (head.to.text(), head.room.text(), head.reference.text()),
        (Some("bob"), Some("lab"), Some("r"))
    );
    assert_eq!((head.model_status, head.ack), (Some(2), true));
    assert_eq!(&frame.bytes()[head.data.unwrap()], b"\x92\x01\x81\xa2ID\xa8not this");
}

/// R3: in the head that routing reads.
#[test]
fn the_last_of_two_values_counts() {
    let frame = Frame::msgpack(b"\x84\xa4TYPE\xa1a\xa4TYPE\x01\xa3ACK\xc3\xa3ACK\x01".to_vec());
    let head = Head::peek(&frame, 64).unwrap();
    assert_eq!((head.kind, head.ack), (Slot::Other, false));
}

/// R5: whatever it claims to be.
#[test]
fn what_is_not_one_map_of_texts_is_refused() {
    for (bytes, why) in [
        (&b""[..], "nothing"),
        (b"\xc0", "nil"),
        (b"\x91\x01", "a list"),
        (b"\x81\x01\x02", "a key that is a number"),
        (b"\x80\x80", "two maps"),
        (b"\x81\xa1a", "a key alone"),
        (b"\x81\xa1a\xc1", "the byte that is never used"),
        (b"\x81\xa1\xff\x01", "a key that is not UTF-8"),
        (b"\x81\xa1a\xa1\xff", "a text that is not UTF-8"),
        (b"\x81\xa1a\x91\xa1\xff", "a text within a list that is not UTF-8"),
        (b"\xdf\xff\xff\xff\xff", "four thousand million entries that are not there"),
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", "as many items"),
        (b"\x81\xa1a\xc6\xff\xff\xff\xff\x00", "as many bytes"),
        (b"\x81\xa1a\xc9\xff\xff\xff\xff\x00", "as many bytes of an extension"),
        (b"\x81\xa1a\xcb\x00", "half a float"),
    ] {
        assert!(check(&Frame::msgpack(bytes.to_vec()), 64).is_err(), "{why}");
    }
}

#[test]
fn the_nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| {
        let mut bytes = b"\x81\xa1a".to_vec();
        bytes.extend(std::iter::repeat_n(0x91, depth - 1));
        bytes.push(0x01);
        Frame::msgpack(bytes)
    };
    for depth in [2, 8, 9, 10, 11, 64] {
        assert!(check(&nested(depth), depth).is_ok(), "{depth}");
        assert!(check(&nested(depth), depth - 1).is_err(), "{depth}");
        assert!(transcode(&nested(depth), Codec::Json, depth).is_ok(), "{depth}");
        assert!(transcode(&nested(depth), Codec::Json, depth - 1).is_err(), "{depth}");
    }
    assert!(check(&nested(1_000_000), usize::MAX).is_ok());
    assert!(transcode(&nested(1_000_000), Codec::Json, usize::MAX).is_ok());
    assert!(check(&Frame::msgpack(b"\x80".to_vec()), 1).is_ok());
    assert!(check(&Frame::msgpack(b"\x81\xa1a\x90".to_vec()), 1).is_err());
}

#[test]
fn a_sender_is_spliced_into_a_map_of_any_size() {
    for (count, header) in [(0, 1), (14, 1), (15, 3), (16, 3), (65_534, 3), (65_535, 5), (65_536, 5)] {
        let fields: serde_json::Map<String, Value> = (0..count).map(|n| (n.to_string(), json!(n))).collect();
        let frame = pack(&Value::Object(fields.clone()));
        let grown = spliced(&frame, "ada");
        let head = Head::peek(&grown, 64).unwrap();
        assert_eq!(head.sent_by.text(), Some("ada"), "{count}");
        let read: serde_json::Map<String, Value> = rmp_serde::from_slice(grown.bytes()).unwrap();
        assert_eq!(read.len(), count + 1);
        assert!(grown.bytes().ends_with(b"\xa7SENT_BY\xa3ada"));
        assert_eq!(grown.len(), frame.len() - header_of(count) + header + 12);
    }
}

fn header_of(count: usize) -> usize {
    match count {
        0..=15 => 1,
        16..=65_535 => 3,
        _ => 5,
    }
}

#[test]
fn a_log_wraps_the_frame_untouched() {
    let frame = pack(&json!({"TYPE": "DATA/FORWARD", "DATA": [1]}));
    let log = wrap_log(&frame, "7");
    let read: Value = rmp_serde::from_slice(log.bytes()).unwrap();
    assert_eq!(
        read,
        json!({"ID": "7", "TO_ROOM": "_logging", "TYPE": "LOG/MESSAGES",
            "MESSAGE": {"TYPE": "DATA/FORWARD", "DATA": [1]}})
    );
    assert!(log.bytes().ends_with(frame.bytes()));
}

/// R25, R26: no message is lost for want of a word.
#[test]
fn what_json_has_no_word_for_is_spelt_all_the_same() {
    for (hex, text) in [
        ("c0", "null"),
        ("c2", "false"),
        ("d3ffffffffffffffff", "-1"),
        ("cfffffffffffffffff", "18446744073709551615"),
        ("ca3dcccccd", "0.1"),
        ("cb3fb999999999999a", "0.1"),
        ("cb7ff8000000000000", "NaN"),
        ("ca7f800000", "Infinity"),
        ("cbfff0000000000000", "-Infinity"),
        ("a3e282ac", "\"€\""),
        ("c403010203", r#""AQID""#),
        ("d40507", r#"{"ext": 5, "data": "Bw=="}"#),
        ("d6ff00000001", r#"{"ext": -1, "data": "AAAAAQ=="}"#),
        ("83010203c3c2c0", r#"{"1": 2, "3": true, "false": null}"#),
        ("81c40161c0", r#"{"YQ==": null}"#),
        ("8192010203", r#"{"[1, 2]": 3}"#),
        ("8192a161a16203", r#"{"[\"a\", \"b\"]": 3}"#),
        ("818181010203 04", r#"{"{\"gQEC\": 3}": 4}"#),
        ("81ca7fc0000001", r#"{"NaN": 1}"#),
        ("90", "[]"),
        ("80", "{}"),
        ("9280930102 c0", "[{}, [1, 2, null]]"),
    ] {
        let hex = hex.replace(' ', "");
        assert_eq!(spelt(&unhex(&hex)), text, "{hex}");
    }
}

#[test]
fn only_a_consistent_tensor_becomes_lists() {
    let shape2 = "a5736861706592 0102".replace(' ', "");
    let dtype = "a56474797065a33c6931"; // "dtype": "<i1"
    let data = |bytes: &str| format!("a464617461c4{:02x}{bytes}", bytes.len() / 2);
    assert_eq!(spelt(&unhex(&format!("83{dtype}{shape2}{}", data("01ff")))), "[[1,-1]]");
    assert_eq!(spelt(&unhex(&format!("83{}{shape2}{dtype}", data("01ff")))), "[[1,-1]]");
    for (odd, why) in [
        (format!("83{dtype}{shape2}{}", data("01ff02")), "a byte too many"),
        (format!("83{dtype}{dtype}{}", data("01ff")), "a key twice"),
        (format!("84{dtype}{shape2}{}a16101", data("01ff")), "a fourth key"),
        (format!("82{dtype}{}", data("01ff")), "no shape"),
        (format!("83{dtype}{shape2}a464617461a201ff").replace("01ff", "0101"), "data that is text"),
        (format!("83a56474797065a33e6934{shape2}{}", data("01ff")), "an unknown dtype"),
        (format!("83{dtype}a5736861706591ff{}", data("")), "a negative length"),
    ] {
        let text = spelt(&unhex(&odd));
        assert!(text.starts_with("{\"d"), "{why}: {text}");
    }
}

#[test]
fn a_tensor_whose_lists_nest_too_deep_stays_a_map() {
    let frame = |rank: usize| {
        let tensor = swergio_proto::Tensor::zeros(swergio_proto::Dtype::U8, vec![1; rank]).unwrap();
        swergio_proto::Envelope::new("X").with_tensor(tensor).encode(Codec::MsgPack).unwrap()
    };
    for rank in [0, 5, 63] {
        let json = transcode(&frame(rank), Codec::Json, 64).unwrap();
        assert!(json.bytes().ends_with(format!("{}0{}}}", "[".repeat(rank), "]".repeat(rank)).as_bytes()));
        assert!(check(&json, 64).is_ok());
    }
    let json = transcode(&frame(64), Codec::Json, 64).unwrap();
    assert!(json.bytes().ends_with(br#""data": "AA=="}}"#));
}

/// A frame of nested values, each in one of the spellings that MessagePack leaves open.
fn values() -> impl Strategy<Value = Vec<u8>> {
    let header = |fix: u8, most: usize, sixteen: u8| {
        move |count: usize, wide: u8| match wide {
            0 if count <= most => vec![fix | count as u8],
            1 => [&[sixteen][..], &(count as u16).to_be_bytes()].concat(),
            _ => [&[sixteen + 1][..], &(count as u32).to_be_bytes()].concat(),
        }
    };
    let leaf = prop_oneof![
        any::<u8>()
            .prop_filter_map("a mark alone", |mark| matches!(mark, 0..0x80 | 0xe0.. | 0xc0 | 0xc2 | 0xc3)
                .then(|| vec![mark])),
        any::<f64>().prop_map(|n| [&[0xcb][..], &n.to_be_bytes()].concat()),
        any::<f32>().prop_map(|n| [&[0xca][..], &n.to_be_bytes()].concat()),
        any::<i64>().prop_map(|n| [&[0xd3][..], &n.to_be_bytes()].concat()),
        any::<u32>().prop_map(|n| [&[0xce][..], &n.to_be_bytes()].concat()),
        (".{0,40}", 0..3_u8).prop_map(|(text, wide)| [
            &[0xd9 + wide][..],
            &(text.len() as u32).to_be_bytes()[(4 - (1 << wide))..],
            text.as_bytes()
        ]
        .concat()),
        (prop::collection::vec(any::<u8>(), 0..40), 0..3_u8).prop_map(|(bytes, wide)| [
            &[0xc4 + wide][..],
            &(bytes.len() as u32).to_be_bytes()[(4 - (1 << wide))..],
            &bytes
        ]
        .concat()),
        (any::<[u8; 9]>(), 0..4_u8)
            .prop_map(|(bytes, size)| [&[0xd4 + size][..], &bytes[..1 + (1 << size)]].concat()),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        let pair = (inner.clone(), inner.clone()).prop_map(|(key, value)| [key, value].concat());
        prop_oneof![
            (prop::collection::vec(inner, 0..8), 0..3_u8).prop_map(move |(items, wide)| [
                header(0x90, 15, 0xdc)(items.len(), wide),
                items.concat()
            ]
            .concat()),
            (prop::collection::vec(pair, 0..4), 0..3_u8).prop_map(move |(pairs, wide)| [
                header(0x80, 15, 0xde)(pairs.len(), wide),
                pairs.concat()
            ]
            .concat()),
        ]
    })
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn every_well_formed_frame_is_read_and_none_of_its_beginnings(value in values()) {
        let frame = [&b"\x82\xa4TYPE\xa1X\xa4DATA"[..], &value].concat();
        let whole = Frame::msgpack(frame.clone());
        let head = Head::peek(&whole, 64).unwrap();
        prop_assert_eq!(&whole.bytes()[head.data.unwrap()], &value[..]);
        prop_assert!(transcode(&whole, Codec::Json, 64).is_ok());
        for cut in 0..frame.len() {
            prop_assert!(check(&Frame::msgpack(frame[..cut].to_vec()), 64).is_err());
            prop_assert!(transcode(&Frame::msgpack(frame[..cut].to_vec()), Codec::Json, 64).is_err());
        }
        let longer = Frame::msgpack([&frame[..], b"\xc0"].concat());
        prop_assert!(check(&longer, 64).is_err());
    }

    #[test]
    fn what_is_spelt_as_json_is_json_that_means_the_same(value in values()) {
        let frame = Frame::msgpack([&b"\x82\xa4TYPE\xa1X\xa4DATA"[..], &value].concat());
        let json = transcode(&frame, Codec::Json, 64).unwrap();
        prop_assert!(check(&json, 64).is_ok(), "{:?}", json);
        // There and back again, and there: nothing more is lost.
        let back = transcode(&json, Codec::MsgPack, 64).unwrap();
        let again = transcode(&back, Codec::Json, 64).unwrap();
        let once_more = transcode(&transcode(&again, Codec::MsgPack, 64).unwrap(), Codec::Json, 64).unwrap();
        prop_assert_eq!(again.bytes(), once_more.bytes());
    }

    #[test]
    fn random_bytes_are_read_or_refused_as_a_known_reader_does(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees_with_serde(&bytes)?;
        agrees_with_serde(&[b"\x81\xa1a", &bytes[..]].concat())?;
    }

    #[test]
    fn a_frame_with_a_byte_changed_is_read_or_refused_as_a_known_reader_does(value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut frame = [&b"\x82\xa4TYPE\xa1X\xa4DATA"[..], &value].concat();
        let at = at.index(frame.len());
        frame[at] = byte;
        agrees_with_serde(&frame)?;
    }
}

/// Compares with `rmp_serde`, which ignores what follows the map and, below it, does not mind the depth.
fn agrees_with_serde(bytes: &[u8]) -> Result<(), TestCaseError> {
    use std::collections::HashMap;
    let ours = check(&Frame::msgpack(bytes.to_vec()), usize::MAX);
    let mut rest = bytes;
    let theirs = rmp_serde::from_read::<_, HashMap<String, serde::de::IgnoredAny>>(&mut rest).is_ok()
        && rest.is_empty();
    // A text that is not UTF-8 passes there for ignored bytes, here never.
    let utf8 = !matches!(&ours, Err(fault) if fault.to_string().contains("UTF-8"));
    prop_assert!(!utf8 || ours.is_ok() == theirs, "{:?} {} {:02x?}", ours, theirs, bytes);
    if ours.is_ok() {
        prop_assert!(transcode(&Frame::msgpack(bytes.to_vec()), Codec::Json, usize::MAX).is_ok());
    }
    Ok(())
}
