//! JSON beside `serde_json`: the same texts are taken, and mean the same.

use proptest::prelude::*;
use serde_json::{Map, Value};
use swergio_proto::{Codec, Frame, Head, Slot, transcode};

use super::{NESTING, packed, python, spliced};
use crate::cases;

const KEYS: &[&str] = &[
    "TYPE",
    "ID",
    "TO_ROOM",
    "TO",
    "ROOT_ID",
    "MODEL_STATUS",
    "ACK",
    "DATA",
    "NAME",
    "x",
    "\\u0054O",
    "\\n",
    "",
];

fn blank() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", "", " ", "\n", "\t\r  "])
}

fn string() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[ -!#-\\[\\]-~]{1,12}",
        1 => "[\u{7f}é漢😀\u{2028}]",
        1 => "\\\\[\"\\\\/bfnrt]",
        1 => "\\\\u[0-9a-cA-C][0-9a-fA-F]{3}",
        1 => Just("\\uD83d\\ude00".to_owned()),
    ];
    prop::collection::vec(part, 0..8).prop_map(|parts| format!("\"{}\"", parts.concat()))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        string(),
        "-?[1-9][0-9]{0,21}|0",
        "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,20}([eE][+-]?[0-9]{1,2})?",
        "-?[1-9][0-9]?[eE]-?[0-9]{1,2}",
        prop::num::f64::NORMAL.prop_map(|number| format!("{number:?}")),
        prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ]
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let entry = (blank(), prop::sample::select(KEYS), blank(), blank(), value, blank())
        .prop_map(|(a, key, b, c, value, d)| format!("{a}\"{key}\"{b}:{c}{value}{d}"));
    (blank(), prop::collection::vec(entry, 0..9))
        .prop_map(|(blank, entries)| format!("{{{}{blank}}}", entries.join(",")))
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 40, 8, |inner| {
        let item = (blank(), inner.clone(), blank()).prop_map(|(a, item, b)| format!("{a}{item}{b}"));
        let array = prop::collection::vec(item, 0..9).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![array, object(inner)]
    })
}

/// Strikes out, puts in or changes a few characters.
fn mangled(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let noise = prop::sample::select("{}[]\",:0123eE+-. \\utrn\n\u{1}é".chars().collect::<Vec<_>>());
    let blow = (any::<prop::sample::Index>(), 0..3, noise);
    (text, prop::collection::vec(blow, 0..4)).prop_map(|(text, blows)| {
        let mut text: Vec<char> = text.chars().collect();
        for (place, kind, noise) in blows {
            let place = place.index(text.len() + 1);
            match kind {
                0 => text.insert(place, noise),
                1 if place < text.len() => text[place] = noise,
                _ if place < text.len() => drop(text.remove(place)),
                _ => {}
            }
        }
        text.into_iter().collect()
    })
}

/// Tells whether only Python takes this text: it has half a surrogate pair, or a number beyond 64-bit floats.
fn is_pythonic(fault: &serde_json::Error) -> bool {
    let told = fault.to_string();
    told.contains("surrogate") || told.contains("hex escape") || told.contains("out of range")
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_same_texts_are_taken(text in mangled(value())) {
        match serde_json::from_str::<Value>(&text) {
            Ok(_) => prop_assert!(python(&*text, None).is_ok()),
            Err(fault) if is_pythonic(&fault) => {}
            Err(_) => prop_assert!(python(&*text, None).is_err(), "{}", text),
        }
    }

    #[test]
    fn the_same_messages_are_taken(text in mangled(object(value()))) {
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(_) => prop_assert!(Head::peek(&Frame::json(text), NESTING).is_ok()),
            Err(fault) if is_pythonic(&fault) => {}
            Err(_) => prop_assert!(Head::peek(&Frame::json(text.clone()), NESTING).is_err(), "{}", text),
        }
    }

    #[test]
    fn a_head_holds_what_the_message_says(text in object(value())) {
        let frame = Frame::json(text.clone());
        let head = Head::peek(&frame, NESTING).unwrap();
        let message: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let slots = [("TYPE", &head.kind), ("ID", &head.id), ("TO_ROOM", &head.to_room), ("TO", &head.to)];
        for (key, slot) in slots.into_iter().chain([("ROOT_ID", &head.root_id), ("NAME", &head.name)]) {
            match message.get(key) {
                None => prop_assert_eq!(slot, &Slot::Absent),
                Some(Value::String(text)) => prop_assert_eq!(slot.text(), Some(&**text)),
                Some(_) => prop_assert_eq!(slot, &Slot::Other),
            }
        }
        prop_assert_eq!(head.model_status, message.get("MODEL_STATUS").and_then(Value::as_i64));
        prop_assert_eq!(head.ack, message.get("ACK") == Some(&Value::Bool(true)));
        let data = head.data.map(|data| serde_json::from_slice(&text.as_bytes()[data]).unwrap());
        prop_assert_eq!(data.as_ref(), message.get("DATA"));
    }

    #[test]
    fn a_spliced_message_says_one_thing_more(text in object(value()), name in any::<String>()) {
        let mut told: Map<String, Value> = serde_json::from_str(&text).unwrap();
        told.insert("SENT_BY".to_owned(), name.clone().into());
        let heard: Map<String, Value> = serde_json::from_str(&spliced(&text, &name)).unwrap();
        prop_assert_eq!(&heard, &told);
        prop_assert_eq!(heard.keys().next_back().unwrap(), "SENT_BY");
        let heard: Map<String, Value> = serde_json::from_str(&python(text, Some(&name)).unwrap()).unwrap();
        prop_assert_eq!(serde_json::to_string(&heard).unwrap(), serde_json::to_string(&told).unwrap());
    }

    #[test]
    fn msgpack_says_the_same_in_the_fewest_bytes(text in value()) {
        let told: Value = serde_json::from_str(&text).unwrap();
        let ours = transcode(&Frame::json(text.clone()), Codec::MsgPack, NESTING).unwrap();
        prop_assert_eq!(ours.bytes().as_ref(), rmp_serde::to_vec(&told).unwrap());
        prop_assert_eq!(packed(&text), told);
    }

    #[test]
    fn respelling_twice_changes_nothing(text in value()) {
        let once = python(text, None).unwrap();
        prop_assert!(once.is_ascii());
        prop_assert_eq!(python(once.clone(), None).unwrap(), once);
    }
}

/// A string is read in strides of 8 and 64 bytes; a mark may stand anywhere in them.
#[test]
fn a_mark_is_found_wherever_it_stands() {
    for length in 0..300 {
        for mark in ["\\n", "\"", "\u{1f}", "\u{7f}", "é", "\u{0}", "!", "#", "[", "]", " "] {
            let text = format!("{{\"a\":\"{}{mark}{}\"}}", "y".repeat(length), "z".repeat(300 - length));
            let taken = Head::peek(&Frame::json(text.clone()), NESTING).is_ok();
            assert_eq!(taken, serde_json::from_str::<Value>(&text).is_ok(), "{mark:?} after {length}");
        }
    }
}

/// Digits are read in strides of 8; any other byte ends them.
#[test]
fn a_number_ends_wherever_a_digit_does_not_follow() {
    for length in 1..40 {
        for byte in 0..=0x7f_u8 {
            let text = format!("{{\"a\":{}{}1}}", "1".repeat(length), char::from(byte));
            let taken = Head::peek(&Frame::json(text.clone()), NESTING).is_ok();
            assert_eq!(taken, serde_json::from_str::<Value>(&text).is_ok(), "{byte} after {length}");
        }
    }
}
