//! Digest: a value without its bulk. Numbers are summed up, long lists are known by their beginning.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use swergio_proto::{Body, Dtype, Tensor};

use crate::numbers::Numbers;

/// Items of a list, and entries of a map, that are kept; the others are counted.
const MOST_ITEMS: usize = 1000;

/// Dimensions of a tensor, at most.
const MOST_SIZES: usize = 64;

/// Holds one value for people to look at.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Digest {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Numbers, and they themselves where they may be the sizes of a tensor.
    Numbers(Numbers, Option<Vec<usize>>),
    List(Vec<Self>, More),
    Map(Vec<(String, Self)>, More),
    /// What could not be read, and why.
    Unreadable(String),
}

/// Counts the items that were not kept.
type More = usize;

impl Digest {
    pub(crate) fn of(body: &Body) -> Self {
        body.read().unwrap_or_else(|fault| Self::Unreadable(fault.to_string()))
    }

    fn numbers(&self) -> Option<Numbers> {
        match self {
            Self::Bool(truth) => Some(Numbers::one(Dtype::Bool, f64::from(u8::from(*truth)))),
            Self::Int(number) => Some(Numbers::one(Dtype::I64, *number as f64)),
            Self::Float(number) => Some(Numbers::one(Dtype::F64, *number)),
            Self::Numbers(numbers, _) => Some(numbers.clone()),
            _ => None,
        }
    }

    /// Returns the sizes of a tensor, if they can be that.
    fn sizes(&self) -> Option<Vec<usize>> {
        match self {
            Self::Numbers(_, sizes) => sizes.clone(),
            // A single number has none.
            Self::List(items, 0) if items.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }

    fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Whatever)
    }
}

struct Whatever;

impl<'de> Visitor<'de> for Whatever {
    type Value = Digest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Digest, E> {
        Ok(Digest::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Digest, E> {
        Ok(Digest::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Digest, E> {
        Ok(Digest::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Digest, E> {
        Ok(i64::try_from(number).map_or(Digest::Float(number as f64), Digest::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Digest, E> {
        Ok(Digest::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Digest, E> {
        Ok(Digest::Text(text.to_owned()))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Digest, E> {
        Ok(Digest::Bytes(bytes.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Digest, A::Error> {
        let (mut items, mut count) = (Vec::new(), 0);
        // The rows so far, joined, as long as they are rows.
        let mut rows: Option<Numbers> = None;
        let mut uniform = true;
        while let Some(item) = list.next_element::<Digest>()? {
            count += 1;
            uniform = uniform && item.numbers().is_some_and(|row| join(&mut rows, row));
            if items.len() < MOST_ITEMS {
                items.push(item);
            }
        }
        Ok(match rows.filter(|_| uniform) {
            Some(rows) => Digest::Numbers(rows.rows(count), sizes(&items, count)),
            None => {
                let more = count - items.len();
                Digest::List(items, more)
            }
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Digest, A::Error> {
        let (mut entries, mut more) = (Vec::new(), 0);
        while let Some((Key(key), value)) = map.next_entry::<Key, Digest>()? {
            if entries.len() < MOST_ITEMS {
                entries.push((key, value));
            } else {
                more += 1;
            }
        }
        Ok(match tensor(&mut entries) {
            Some(tensor) => Digest::Numbers(Numbers::of(&tensor), None),
            None => Digest::Map(entries, more),
        })
    }
}

fn sizes(items: &[Digest], count: usize) -> Option<Vec<usize>> {
    let size = |item: &Digest| match item {
        Digest::Int(size) => usize::try_from(*size).ok(),
        _ => None,
    };
    if count <= MOST_SIZES { items.iter().map(size).collect() } else { None }
}

fn join(rows: &mut Option<Numbers>, row: Numbers) -> bool {
    match rows {
        Some(rows) => rows.join(&row),
        None => {
            *rows = Some(row);
            true
        }
    }
}

/// Takes a map for the tensor that it may be.
fn tensor(entries: &mut [(String, Digest)]) -> Option<Tensor> {
    let [_, _, _] = entries else { return None };
    let find = |name: &str| entries.iter().position(|(key, _)| key == name);
    let (dtype, shape, data) = (find("dtype")?, find("shape")?, find("data")?);
    let Digest::Text(name) = &entries[dtype].1 else { return None };
    let dtype = Dtype::parse(name).ok()?;
    let shape = entries[shape].1.sizes()?;
    let Digest::Bytes(bytes) = &mut entries[data].1 else { return None };
    // The bytes are taken only if they are a tensor's.
    let size = shape.iter().try_fold(dtype.size(), |size, length| size.checked_mul(*length));
    if size != Some(bytes.len()) {
        return None;
    }
    Tensor::new(dtype, shape, std::mem::take(bytes)).ok()
}

/// Reads the key of an entry: text, or whatever else some language has there.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(match Digest::deserialize(from)? {
            Digest::Text(text) => text,
            other => other.to_string(),
        }))
    }
}

/// Reads like Rust or JSON, control characters escaped. It stops at the first refusal of the writer, so a value
/// that is cut costs no more than what is seen of it.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Numbers(numbers, _) => write!(f, "{numbers}"),
            Self::List(items, more) => {
                f.write_str("[")?;
                separated(f, items, *more, |f, item| write!(f, "{item}"))?;
                f.write_str("]")
            }
            Self::Map(entries, more) => {
                f.write_str("{")?;
                separated(f, entries, *more, |f, (key, value)| write!(f, "{}: {value}", key.escape_debug()))?;
                f.write_str("}")
            }
            Self::Unreadable(why) => write!(f, "unreadable: {why:?}"),
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    more: More,
    show: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        show(f, item)?;
    }
    if more > 0 { write!(f, ", … {more} more") } else { Ok(()) }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(truth) => to.serialize_bool(*truth),
            Self::Int(number) => to.serialize_i64(*number),
            Self::Float(number) => to.serialize_f64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::Bytes(bytes) => entry(to, "bytes", &bytes.len()),
            Self::Numbers(numbers, _) => numbers.serialize(to),
            Self::List(items, more) => {
                let mut list = to.serialize_seq(Some(items.len() + usize::from(*more > 0)))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                if *more > 0 {
                    list.serialize_element(&Self::Map(vec![("more".to_owned(), Self::count(*more))], 0))?;
                }
                list.end()
            }
            Self::Map(entries, more) => {
                let mut map = to.serialize_map(Some(entries.len() + usize::from(*more > 0)))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                if *more > 0 {
                    map.serialize_entry("…", &Self::count(*more))?;
                }
                map.end()
            }
            Self::Unreadable(why) => entry(to, "unreadable", why),
        }
    }
}

fn entry<S: Serializer, T: Serialize>(to: S, key: &str, value: &T) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        Digest::of(&Body::from_json(json.as_bytes()).unwrap()).to_string()
    }

    #[test]
    fn nested_lists_of_numbers_are_tensors() {
        for (json, seen) in [
            ("[3, 4]", "i64[2] norm 5.00"),
            ("[[3.0, 0], [0, 4]]", "f64[2, 2] norm 5.00"),
            ("[true, false]", "bool[2] norm 1.00"),
            ("[[[1]], [[2]]]", "i64[2, 1, 1] norm 2.24"),
            ("{\"x\": [0.5], \"n\": 3}", "{x: f64[1] norm 0.50, n: 3}"),
        ] {
            assert_eq!(shown(json), seen, "{json}");
        }
    }

    #[test]
    fn what_is_no_tensor_stays_what_it_is() {
        for (json, seen) in [
            ("[]", "[]"),
            ("[[1], [2, 3]]", "[i64[1] norm 1.00, i64[2] norm 3.61]"),
            ("[1, true]", "[1, true]"),
            ("[1, \"a\", null]", "[1, \"a\", null]"),
            ("2.0", "2.0"),
            (
                "{\"dtype\": \"<f4\", \"shape\": [1], \"data\": \"x\"}",
                "{dtype: \"<f4\", shape: i64[1] norm 1.00, data: \"x\"}",
            ),
        ] {
            assert_eq!(shown(json), seen, "{json}");
        }
    }

    #[test]
    fn a_tensor_is_known_in_the_middle_of_a_map() {
        for (tensor, seen) in [
            (Tensor::from_f32([2, 2], &[3.0, 0.0, 0.0, 4.0]).unwrap(), "f32[2, 2] norm 5.00"),
            (Tensor::from_u8([2, 0], &[]).unwrap(), "u8[2, 0] norm 0.00"),
            (Tensor::from_f64([], &[2.0]).unwrap(), "f64[] norm 2.00"),
        ] {
            let body = Body::of(&std::collections::BTreeMap::from([("x", &tensor)])).unwrap();
            assert_eq!(Digest::of(&body).to_string(), format!("{{x: {seen}}}"));
            assert_eq!(Digest::of(&Body::from(tensor)).to_string(), seen);
        }
    }

    #[test]
    fn a_text_cannot_command_the_terminal() {
        let body =
            Body::of(&std::collections::BTreeMap::from([("k\u{1b}", "a\u{1b}[31m\n\u{202e}")])).unwrap();
        let seen = Digest::of(&body).to_string();
        assert!(seen.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{seen:?}");
    }

    #[test]
    fn of_a_long_list_the_beginning_is_kept() {
        let long = vec!["a"; MOST_ITEMS + 5];
        let digest = Digest::of(&Body::of(&long).unwrap());
        assert!(digest.to_string().ends_with("\"a\", … 5 more]"));
        assert!(Body::of(&digest).unwrap().to_json().ends_with(br#""a", {"more": 5}]"#));
    }

    #[test]
    fn numbers_become_a_summary_in_json() {
        let tensor = Tensor::from_f32([2], &[3.0, -4.0]).unwrap();
        let json = Body::of(&Digest::of(&tensor.into())).unwrap().to_json();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"dtype": "<f4", "shape": [2], "norm": 5.0, "min": -4.0, "max": 3.0}"#
        );
    }
}
