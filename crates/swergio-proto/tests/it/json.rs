//! JSON, as it is peeked at, spliced, wrapped and spelt anew.

mod property;

use serde_json::Value;
use swergio_proto::{
    Codec, Fault, Frame, Head, Slot, respell_as_python, splice_sent_by, transcode, wrap_log,
};

const NESTING: usize = 64;

fn python(text: impl Into<Vec<u8>>, sent_by: Option<&str>) -> Result<String, Fault> {
    let mut out = Vec::new();
    respell_as_python(&Frame::json(text.into()), sent_by, NESTING, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn spliced(text: &str, name: &str) -> String {
    let mut out = Vec::new();
    splice_sent_by(&Frame::json(text.to_owned()), name, &mut out);
    String::from_utf8(out).unwrap()
}

fn packed(text: &str) -> Value {
    let packed = transcode(&Frame::json(text.to_owned()), Codec::MsgPack, NESTING).unwrap();
    rmp_serde::from_slice(packed.bytes()).unwrap()
}

/// Says why a text is no message.
fn reason(text: impl Into<Vec<u8>>) -> String {
    Head::peek(&Frame::json(text.into()), NESTING).unwrap_err().to_string()
}

#[test]
fn a_head_borrows_every_field_that_routing_reads() {
    let frame = Frame::json(
        r#" {"TYPE":"t","ID":"i","TO_ROOM":"r","TO":"o","SENT_BY":"s","ROOT_ID":"g","NAME":"n","ROOM":"m",
            "REF":"f","MODEL_STATUS":-2,"ACK":true,"DATA":[{"TO":"other"}],"x":{"TYPE":7}} "#,
    );
    let head = Head::peek(&frame, NESTING).unwrap();
    let slots = [&head.kind, &head.id, &head.to_room, &head.to, &head.sent_by];
    assert_eq!(slots.map(|slot| slot.text().unwrap()), ["t", "i", "r", "o", "s"]);
    let slots = [&head.root_id, &head.name, &head.room, &head.reference];
    assert_eq!(slots.map(|slot| slot.text().unwrap()), ["g", "n", "m", "f"]);
    assert_eq!((head.model_status, head.ack), (Some(-2), true));
    assert_eq!(&frame.bytes()[head.data.unwrap()], br#"[{"TO":"other"}]"#);
    assert!(matches!(head.id, Slot::Text(std::borrow::Cow::Borrowed("i"))));
}

#[test]
fn a_field_is_other_unless_it_is_a_string() {
    for value in ["null", "true", "5", "-0.5", "[]", "{}", "[[\"a\"]]", "{\"TO\":\"a\"}", "NaN"] {
        let frame = Frame::json(format!(r#"{{"ID":"a","TO":{value},"ID":{value}}}"#));
        let head = Head::peek(&frame, NESTING).unwrap();
        assert_eq!((head.to, head.id, head.to_room), (Slot::Other, Slot::Other, Slot::Absent), "{value}");
    }
}

#[test]
fn model_status_is_an_integer_of_64_bits_and_ack_is_true() {
    let status = |value: &str| {
        let frame = Frame::json(format!(r#"{{"ACK":{value},"MODEL_STATUS":{value}}}"#));
        let head = Head::peek(&frame, NESTING).unwrap();
        (head.model_status, head.ack)
    };
    assert_eq!(status("1"), (Some(1), false));
    assert_eq!(status("-9223372036854775808"), (Some(i64::MIN), false));
    assert_eq!(status("true"), (None, true));
    for other in ["9223372036854775808", "1.0", "1e0", "false", "null", "\"1\"", "[1]", "[true]", "{}"] {
        assert_eq!(status(other), (None, false), "{other}");
    }
}

#[test]
fn data_lies_where_its_value_stands_without_the_blanks_around_it() {
    for value in ["1", "-1.5e3", "\"a\\\"}\"", "[1, [2]]", "{\"DATA\": 3}", "true", "null", "-Infinity", "[]"]
    {
        let frame = Frame::json(format!("{{\"a\": [\"é\"], \"DATA\" :\t{value}\n, \"b\": 1}}"));
        let head = Head::peek(&frame, NESTING).unwrap();
        assert_eq!(&frame.bytes()[head.data.unwrap()], value.as_bytes());
    }
}

#[test]
fn a_key_counts_with_its_last_value_even_if_it_is_spelt_with_escapes() {
    let frame = Frame::json(
        r#"{"TO":"x","\u0054O":"y","ID":"1","ID":2,"ACK":true,"\u0041CK":0,"MODEL_STATUS":1,"MODEL_STATUS":"1",
            "DATA":1,"DATA":22,"ROOM":[],"ROOM":"\u00e9\n\ud83d\ude00"}"#,
    );
    let head = Head::peek(&frame, NESTING).unwrap();
    assert_eq!((head.to.text(), &head.id), (Some("y"), &Slot::Other));
    assert_eq!((head.ack, head.model_status), (false, None));
    assert_eq!(&frame.bytes()[head.data.unwrap()], b"22");
    assert_eq!(head.room.text(), Some("é\n😀"));
}

#[test]
fn half_a_surrogate_pair_is_kept_from_routing_and_let_through_elsewhere() {
    let torn = Frame::json(r#"{"ID":"1","TO_ROOM":"a\ud800"}"#);
    let torn = Head::peek(&torn, NESTING).unwrap();
    assert_eq!((torn.to_room.text(), torn.to_room.is_absent()), (None, false));
    let fault = torn.to_room.optional("TO_ROOM").unwrap_err();
    assert_eq!(fault.offending_field(), Some("TO_ROOM"));
    assert_eq!(fault.to_string(), "TO_ROOM has half of a surrogate pair, at byte 20");
    let opaque = Frame::json(r#"{"ID":"a\ud800","TO_ROOM":"lab"}"#);
    assert_eq!(Head::peek(&opaque, NESTING).unwrap().id.text(), Some("a\u{fffd}"));
    assert!(Head::peek(&Frame::json(r#"{"DATA":"\ud800","\udfff":"\ud83d\ud83d\ude00"}"#), NESTING).is_ok());
}

#[test]
fn whoever_sent_no_message_is_told_what_is_wrong_and_where() {
    let plays: &[(&str, &str)] = &[
        ("", "expected a value at byte 0, where the text ends"),
        (" \n", "expected a value at byte 2, where the text ends"),
        ("[]", "a message is a JSON object, and this is another kind of value"),
        ("7", "a message is a JSON object, and this is another kind of value"),
        ("{} {}", "expected the end at byte 3, found '{'"),
        ("{\"a\":1,}", "expected a key in double quotes at byte 7, found '}'"),
        ("{a:1}", "expected a key in double quotes at byte 1, found 'a'"),
        ("{\"a\" 1}", "expected a colon at byte 5, found '1'"),
        ("{\"a\":}", "expected a value at byte 5, found '}'"),
        ("{\"a\":1 \"b\":2}", "expected a comma or '}' at byte 7, found '\"'"),
        ("{\"a\":[1 2]}", "expected a comma or ']' at byte 8, found '2'"),
        ("{\"a\":[1,]}", "expected a value at byte 8, found ']'"),
        ("{\"a\":[1}", "expected a comma or ']' at byte 7, found '}'"),
        ("{\"a\":1", "expected a comma or '}' at byte 6, where the text ends"),
        ("{\"a\":01}", "expected a number without leading zeros at byte 5, found '0'"),
        ("{\"a\":-}", "expected a digit at byte 6, found '}'"),
        ("{\"a\":1.}", "expected a digit at byte 7, found '}'"),
        ("{\"a\":1e+}", "expected a digit at byte 8, found '}'"),
        ("{\"a\":.5}", "expected a value at byte 5, found '.'"),
        ("{\"a\":+1}", "expected a value at byte 5, found '+'"),
        ("{\"a\":-Inf}", "expected a value at byte 5, found '-'"),
        ("{\"a\":tru}", "expected a value at byte 5, found 't'"),
        ("{\"a\":nullx}", "expected a comma or '}' at byte 9, found 'x'"),
        ("{\"a\":'b'}", "expected a value at byte 5, found '\\''"),
        ("{\"a\":\"b", "expected a double quote that ends the string at byte 7, where the text ends"),
        ("{\"a\":\"\n\"}", "expected an escape such as \\n at byte 6, found '\\n'"),
        ("{\"a\":\"\\x\"}", "expected one of \"\\/bfnrtu after a backslash at byte 7, found 'x'"),
        ("{\"a\":\"\\u12g4\"}", "expected four hexadecimal digits at byte 10, found 'g'"),
        ("{\u{a0}}", "expected a key in double quotes at byte 1, found '\\u{a0}'"),
        ("\u{feff}{}", "a byte order mark at byte 0, where JSON should begin"),
    ];
    for (text, told) in plays {
        assert_eq!(&reason(*text), told, "{text}");
    }
    assert_eq!(reason(&b"{\"a\":\"\xff\"}"[..]), "not UTF-8 at byte 6");
    assert_eq!(reason(&b"{\"a\":\"\xed\xa0\x80\"}"[..]), "not UTF-8 at byte 6");
}

#[test]
fn nesting_is_counted_from_the_outermost_object() {
    for limit in [1, 2, 63, 64, 65, 127, 128, 129, 1000] {
        let message = |arrays: usize| {
            let nested = format!("{}0{}", "[".repeat(arrays), "]".repeat(arrays));
            Frame::json(format!("{{\"a\":{nested},\"b\":{nested}}}"))
        };
        let (good, bad) = (message(limit - 1), message(limit));
        let told = format!("nested deeper than the limit of {limit} at byte {}", limit + 4);
        assert_eq!(Head::peek(&bad, limit).unwrap_err(), Fault::malformed(told));
        assert!(respell_as_python(&bad, None, limit, &mut Vec::new()).is_err());
        assert!(transcode(&bad, Codec::MsgPack, limit).is_err());
        assert!(Head::peek(&good, limit).is_ok());
        assert!(respell_as_python(&good, None, limit, &mut Vec::new()).is_ok());
        assert!(transcode(&good, Codec::MsgPack, limit).is_ok());
    }
    assert!(Head::peek(&Frame::json("{}"), 0).is_err());
}

#[test]
fn a_million_brackets_harm_nobody() {
    let deep = format!("{{\"a\":{}", "[".repeat(1_000_000));
    assert_eq!(reason(deep.clone()), "nested deeper than the limit of 64 at byte 68");
    let whole = format!("{deep}{}}}", "]".repeat(1_000_000));
    assert!(Head::peek(&Frame::json(whole), usize::MAX).is_ok());
}

#[test]
fn shapes_are_remembered_beyond_every_64th_level() {
    let mixed = "[{\"a\":".repeat(100) + "1" + &"}]".repeat(100);
    let mut out = Vec::new();
    respell_as_python(&Frame::json(mixed), None, 200, &mut out).unwrap();
    assert_eq!(out, ("[{\"a\": ".repeat(100) + "1" + &"}]".repeat(100)).into_bytes());
    let crossed = "[{\"a\":".repeat(100) + "1" + &"]}".repeat(100);
    assert!(respell_as_python(&Frame::json(crossed), None, 200, &mut Vec::new()).is_err());
}

#[test]
fn sent_by_becomes_the_last_key() {
    assert_eq!(spliced("{}", "ada"), r#"{"SENT_BY": "ada"}"#);
    assert_eq!(spliced(" { \n} \r\n", "ada"), r#"{"SENT_BY": "ada"}"#);
    assert_eq!(spliced("{\"a\":{}}\n", "ada"), r#"{"a":{}, "SENT_BY": "ada"}"#);
    assert_eq!(
        spliced("{\"a\":\"{\"}", "é\"\\\n\u{1}\u{7f}"),
        "{\"a\":\"{\", \"SENT_BY\": \"é\\\"\\\\\\n\\u0001\u{7f}\"}"
    );
    let mut out = b"before".to_vec();
    splice_sent_by(&Frame::json("{}"), "", &mut out);
    assert_eq!(out, br#"before{"SENT_BY": ""}"#);
}

#[test]
fn a_log_carries_the_message_as_it_came() {
    let log = wrap_log(&Frame::json("{\"a\" :1}\n"), "\"7\"");
    let told = r#"{"ID": "\"7\"", "TO_ROOM": "_logging", "TYPE": "LOG/MESSAGES", "MESSAGE": {"a" :1}}"#;
    assert_eq!(log.bytes(), told);
    assert_eq!(Head::peek(&log, NESTING).unwrap().to_room.text(), Some("_logging"));
}

#[test]
fn respelling_is_what_cpython_writes() {
    let table: Vec<Value> = serde_json::from_str(include_str!("../data/python_spelling.json")).unwrap();
    for case in table.iter().filter(|case| case.get("text").is_some()) {
        let text = |key: &str| case.get(key).map(|text| text.as_str().unwrap());
        let ours = python(text("text").unwrap(), text("sent_by")).unwrap();
        assert_eq!(Some(&*ours), text("python"), "{case}");
    }
    assert!(table.len() > 60);
}

#[test]
fn python_reads_integers_of_4300_digits_and_no_more() {
    let digits = |count: usize| "9".repeat(count);
    assert_eq!(python(format!("-{}", digits(4300)), None).unwrap(), format!("-{}", digits(4300)));
    assert_eq!(python(format!("{}.5", digits(4301)), None).unwrap(), "Infinity");
    for text in [digits(4301), format!("-{}", digits(4301)), format!(r#"{{"a":{},"a":1}}"#, digits(4301))] {
        let mut out = b"before".to_vec();
        let fault = respell_as_python(&Frame::json(text), None, NESTING, &mut out).unwrap_err();
        assert_eq!(fault.to_string(), "an integer of 4301 digits, 4300 are allowed");
        assert_eq!(out, b"before");
    }
}

#[test]
fn only_an_object_takes_a_sender() {
    assert!(python("[1]", Some("ada")).is_err());
    assert_eq!(python(" {\"a\":1}", Some("ada")).unwrap(), r#"{"a": 1, "SENT_BY": "ada"}"#);
}

#[test]
fn msgpack_holds_what_json_cannot() {
    assert!(packed_float("NaN").is_nan());
    assert_eq!(packed_float("Infinity"), f64::INFINITY);
    assert_eq!(packed_float("-Infinity"), f64::NEG_INFINITY);
    assert_eq!(packed_float("1e400"), f64::INFINITY);
    assert_eq!(packed_float("18446744073709551616"), 18_446_744_073_709_551_616.0);
    assert_eq!(
        packed("[18446744073709551615, -9223372036854775808]"),
        serde_json::json!([u64::MAX, i64::MIN])
    );
    assert_eq!(packed("[0, -0]"), serde_json::json!([0, 0]));
}

fn packed_float(text: &str) -> f64 {
    let packed = transcode(&Frame::json(text.to_owned()), Codec::MsgPack, NESTING).unwrap();
    assert_eq!(packed.bytes()[0], 0xcb, "{text}");
    rmp_serde::from_slice(packed.bytes()).unwrap()
}

#[test]
fn msgpack_has_each_key_once_and_no_half_characters() {
    let text = r#"{"a":1,"b":{"c":1,"c":[{"d":1,"d":2}]},"\u0061":3,"\ud800":4,"\udfff":"x\ud800"}"#;
    let frame = transcode(&Frame::json(text), Codec::MsgPack, NESTING).unwrap();
    assert_eq!(frame.bytes()[0], 0x83);
    assert_eq!(
        serde_json::to_string(&packed(text)).unwrap(),
        "{\"a\":3,\"b\":{\"c\":[{\"d\":2}]},\"\u{fffd}\":\"x\u{fffd}\"}"
    );
}

#[test]
fn large_and_flat_messages_are_spelt_anew_in_one_go() {
    let string = format!("\"{}\"", "x".repeat(10 << 20));
    assert_eq!(python(string.clone(), None).unwrap(), string);
    let numbers = format!("[{}]", vec!["0.5"; 1_000_000].join(", "));
    assert_eq!(python(numbers.clone(), None).unwrap(), numbers);
    assert_eq!(packed(&numbers).as_array().unwrap().len(), 1_000_000);
    let entries: Vec<_> =
        (0..200_000).map(|key| format!("\"key of the year {}\": {key}", key % 100_000)).collect();
    let once = format!("{{{}}}", entries[100_000..].join(", "));
    assert_eq!(python(format!("{{{}}}", entries.join(",")), None).unwrap(), once);
    assert_eq!(packed(&format!("{{{}}}", entries.join(","))), serde_json::from_str::<Value>(&once).unwrap());
}
