//! Serial forms of a tensor: the map of MessagePack, and nested lists in text.

use std::fmt;

use bytes::Bytes;
use serde::de::{
    self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};
use serde::ser::{Error, Serialize, SerializeSeq, SerializeStruct, Serializer};

use super::element::{Element, with_element};
use super::gather::Gather;
use super::{Dtype, Tensor, lists};

impl Serialize for Tensor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            if !lists::worth_spelling(&self.shape) {
                return Err(S::Error::custom(format!("{self} would be little but brackets")));
            }
            return Lists { dtype: self.dtype, shape: &self.shape, data: &self.data }.serialize(to);
        }
        let mut map = to.serialize_struct("Tensor", 3)?;
        map.serialize_field("dtype", self.dtype.name())?;
        map.serialize_field("shape", &self.shape)?;
        map.serialize_field("data", &Raw(&self.data))?;
        map.end()
    }
}

/// Serializes bytes as bytes, where a slice would be a list.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

/// Serializes a part of a tensor as nested lists.
struct Lists<'a> {
    dtype: Dtype,
    shape: &'a [usize],
    data: &'a [u8],
}

impl Serialize for Lists<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Some((length, shape)) = self.shape.split_first() else {
            return with_element!(self.dtype, E => E::read(self.data).plain().serialize(to));
        };
        let size = self.data.len().checked_div(*length).unwrap_or(0);
        let mut list = to.serialize_seq(Some(*length))?;
        for i in 0..*length {
            list.serialize_element(&Self { shape, data: &self.data[i * size..][..size], ..*self })?;
        }
        list.end()
    }
}

impl<'de> Deserialize<'de> for Tensor {
    /// Reads the map of MessagePack, or nested lists: integers become `I64`, lists with a float in them `F64`
    /// (with null as NaN), truth values `Bool`. A lone number has the shape `[]`.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(MapOrLists)
    }
}

struct MapOrLists;

impl<'de> Visitor<'de> for MapOrLists {
    type Value = Tensor;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor: {dtype, shape, data}, nested lists of numbers, or a number")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tensor, A::Error> {
        let spelt = Spelt::deserialize(MapAccessDeserializer::new(map))?;
        let dtype = Dtype::parse(&spelt.dtype).map_err(de::Error::custom)?;
        Tensor::new(dtype, spelt.shape, spelt.data.0).map_err(de::Error::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Tensor, A::Error> {
        let mut gather = Gather::default();
        gather.visit_seq(list)?;
        gather.finish().map_err(de::Error::custom)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Tensor, E> {
        Tensor::from_bool([], &[truth]).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tensor, E> {
        Tensor::from_i64([], &[number]).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tensor, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.visit_f64(number as f64),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Tensor, E> {
        Tensor::from_f64([], &[number]).map_err(E::custom)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a tensor: {dtype, shape, data}")]
struct Spelt {
    dtype: String,
    shape: Vec<usize>,
    data: Data,
}

struct Data(Bytes);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_byte_buf(DataVisitor)
    }
}

struct DataVisitor;

impl Visitor<'_> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tensor's numbers as bin")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Data, E> {
        Ok(Data(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Data, E> {
        Ok(Data(bytes.into()))
    }
}
