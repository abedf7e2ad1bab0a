//! Message: what is said in a script, as plain entries, and how it is spelt.

use std::fmt;

use swergio_proto::{Codec, Frame};

/// Is one value of a message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    True,
    Null,
    /// An empty list in a list in a list …, as deep as this.
    Nested(usize),
    Map(Message),
}

/// Is one message as a list of entries, in which a key may be twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message(pub(crate) Vec<(&'static str, Value)>);

impl Message {
    pub(crate) fn new(kind: &str) -> Self {
        Self::default().with("TYPE", kind)
    }

    pub(crate) fn with(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.0.push((key, Value::Text(text.into())));
        self
    }

    /// Finds the value that counts, which is the last.
    pub(crate) fn find(&self, key: &str) -> Option<&Value> {
        self.0.iter().rev().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// Keeps each key once, as a Python dict does: where it stood first, with its last value.
    pub(crate) fn as_dict(&self) -> Self {
        let mut dict = Self::default();
        for (key, value) in &self.0 {
            match dict.0.iter_mut().find(|(own, _)| own == key) {
                Some((_, own)) => *own = value.clone(),
                None => dict.0.push((key, value.clone())),
            }
        }
        dict
    }

    /// Counts how deep it nests, itself included.
    pub(crate) fn depth(&self) -> usize {
        let deepest = self.0.iter().map(|(_, value)| match value {
            Value::Nested(depth) => *depth,
            Value::Map(message) => message.depth(),
            _ => 0,
        });
        1 + deepest.max().unwrap_or(0)
    }

    pub(crate) fn spell(&self, codec: Codec) -> Frame {
        match codec {
            Codec::Json => {
                let mut out = String::with_capacity(128);
                self.write_json(&mut out);
                Frame::json(out)
            }
            Codec::MsgPack => {
                let mut out = Vec::with_capacity(128);
                self.write_msgpack(&mut out);
                Frame::msgpack(out)
            }
        }
    }

    /// Writes JSON with Python's blanks, so that one spelling is right in both modes.
    fn write_json(&self, out: &mut String) {
        out.push('{');
        for (place, (key, value)) in self.0.iter().enumerate() {
            if place > 0 {
                out.push_str(", ");
            }
            write_text(out, key);
            out.push_str(": ");
            match value {
                Value::Text(text) => write_text(out, text),
                Value::Number(number) => out.push_str(&number.to_string()),
                Value::True => out.push_str("true"),
                Value::Null => out.push_str("null"),
                Value::Nested(depth) => {
                    (0..*depth).for_each(|_| out.push('['));
                    (0..*depth).for_each(|_| out.push(']'));
                }
                Value::Map(message) => message.write_json(out),
            }
        }
        out.push('}');
    }

    fn write_msgpack(&self, out: &mut Vec<u8>) {
        rmp::encode::write_map_len(out, self.0.len() as u32).unwrap();
        for (key, value) in &self.0 {
            rmp::encode::write_str(out, key).unwrap();
            match value {
                Value::Text(text) => rmp::encode::write_str(out, text).unwrap(),
                Value::Number(number) => drop(rmp::encode::write_sint(out, *number).unwrap()),
                Value::True => rmp::encode::write_bool(out, true).unwrap(),
                Value::Null => rmp::encode::write_nil(out).unwrap(),
                Value::Nested(depth) => (1..=*depth).for_each(|level| {
                    rmp::encode::write_array_len(out, u32::from(level < *depth)).unwrap();
                }),
                Value::Map(message) => message.write_msgpack(out),
            }
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write_json(&mut out);
        f.write_str(&out)
    }
}

/// Writes a text in quotes. The scripts' texts are ASCII, and a line feed is the only character to escape.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    text.split_inclusive('\n').for_each(|line| match line.strip_suffix('\n') {
        None => out.push_str(line),
        Some(line) => {
            out.push_str(line);
            out.push_str("\\n");
        }
    });
    out.push('"');
}
