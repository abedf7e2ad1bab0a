//! Body: one value of a message, as it was spelt, or a tensor that is not spelt yet.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use rmp::Marker;
use rmp_serde::decode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::json;
use crate::codec::msgpack::tensor_map::{self, TensorMap};
use crate::codec::msgpack::{Entries, Reader, Token, check_value, spell, to_json};
use crate::tensor::lists;
use crate::{Fault, Limits, Tensor};

/// Holds one value: the DATA of a message, or any other field that routing does not read.
///
/// It is kept as MessagePack, and as a slice of the frame that it came in, so that taking it out of a message
/// copies nothing. A tensor put into a body is not copied before a frame is made of it. Cloning shares the bytes.
///
/// ```
/// use swergio_proto::{Body, Tensor};
///
/// let shot: Body = Body::of(&("hit", 3))?;
/// assert_eq!(shot.read::<(String, u8)>()?, ("hit".into(), 3));
///
/// let weights = Body::from(Tensor::from_f32([2], &[0.5, 1.0])?);
/// assert_eq!(weights.to_json(), b"[0.5,1.0]");
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone)]
pub struct Body(Form);

#[derive(Clone)]
enum Form {
    /// One well-formed MessagePack value.
    Spelt(Bytes),
    /// A tensor that the writer of a frame spells.
    Tensor(Tensor),
}

impl Body {
    /// Spells a value; a struct becomes a map of its fields.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when the value cannot be spelt, as an integer of 128 bits.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, Fault> {
        let refused = |error: &dyn fmt::Display| wrong(format!("the value cannot be spelt: {error}"));
        let bytes = rmp_serde::to_vec_named(value).map_err(|error| refused(&error))?;
        // A `Serialize` that announces more items than it writes would break the frame around it.
        check_value(&bytes, usize::MAX).map_err(|fault| refused(&fault))?;
        Ok(Self(Form::Spelt(bytes.into())))
    }

    /// Reads the value as a type. A field that is a float takes integers; a [`Tensor`] takes nested lists.
    ///
    /// # Errors
    /// [`Fault::Malformed`] naming DATA, the usual place of a body, and what did not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        rmp_serde::from_slice(&self.spelt()).map_err(|error| wrong(self.mismatch(&error)))
    }

    /// Returns the value as a tensor: without copying where it is one, from nested lists or a number otherwise.
    ///
    /// Integers become `I64`, lists with a float in them `F64`, truth values `Bool`. The tensor shares the bytes
    /// of the frame that it came in, and keeps all of them alive.
    ///
    /// # Errors
    /// [`Fault::Malformed`] naming DATA and the place in the lists that does not fit.
    pub fn tensor(&self) -> Result<Tensor, Fault> {
        match &self.0 {
            Form::Tensor(tensor) => Ok(tensor.clone()),
            Form::Spelt(bytes) => match tensor_map(bytes) {
                Some(found) => Tensor::new(found.dtype, found.shape, bytes.slice_ref(found.data)),
                None => self.read(),
            },
        }
    }

    /// Tells whether it is a tensor with a dtype of its own, not lists or a number that can be read as one.
    pub fn is_tensor(&self) -> bool {
        self.tensor_in_sight()
    }

    /// Makes a map of bodies by name, in this order.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when a name occurs twice.
    pub fn of_entries<'n>(entries: impl IntoIterator<Item = (&'n str, Self)>) -> Result<Self, Fault> {
        let entries: Vec<(&str, Self)> = entries.into_iter().collect();
        let sizes = entries.iter().map(|(name, body)| spell::text_len(name) + body.msgpack_len());
        let mut out = Vec::with_capacity(5 + sizes.sum::<usize>());
        spell::map(&mut out, u32::try_from(entries.len()).expect("fewer entries than bytes"));
        for (at, (name, body)) in entries.iter().enumerate() {
            if entries[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(wrong(format!("the map has {name:?} twice")));
            }
            spell::text(&mut out, name);
            body.write_msgpack(&mut out);
        }
        Ok(Self(Form::Spelt(out.into())))
    }

    /// Returns what a map holds by name, in its order, without copying. None when it is no map with names for keys.
    ///
    /// A tensor is a map too; [`is_tensor`](Self::is_tensor) tells.
    pub fn entries(&self) -> Option<Vec<(String, Self)>> {
        let bytes = self.to_msgpack();
        let mut entries = Entries::open(&bytes, usize::MAX).ok()?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next().ok()? {
            found.push((entry.key.to_owned(), Self::spelt_in(bytes.slice(entry.place))));
        }
        Some(found)
    }

    /// Takes one value that is spelt as JSON.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when it is no JSON, or nests deeper than [`Limits::nesting`] by default.
    pub fn from_json(text: &[u8]) -> Result<Self, Fault> {
        let bytes = json::to_msgpack(text, Limits::default().nesting)?;
        Ok(Self(Form::Spelt(bytes.into())))
    }

    /// Takes one value that is spelt as MessagePack.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when it is not one well-formed value, or nests deeper than [`Limits::nesting`] by default.
    pub fn from_msgpack(bytes: Bytes) -> Result<Self, Fault> {
        check_value(&bytes, Limits::default().nesting)?;
        Ok(Self(Form::Spelt(bytes)))
    }

    /// Spells the value as JSON: a tensor as nested lists without blanks, other `bin` as base64.
    ///
    /// NaN and the infinities are the bare words that Python reads and writes.
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_json(&mut out);
        out
    }

    /// Spells the value as MessagePack, without copying it where it came in a frame.
    ///
    /// The message that a `LOG/MESSAGES` holds in its MESSAGE is read so:
    ///
    /// ```
    /// use swergio_proto::{Body, Envelope, Frame, Kind};
    ///
    /// let logged = Body::from_json(br#"{"TYPE": "DATA/FORWARD", "DATA": 1}"#)?;
    /// let inner = Envelope::decode(&Frame::msgpack(logged.to_msgpack()), 64)?;
    /// assert_eq!(inner.kind, Kind::FORWARD);
    /// # Ok::<(), swergio_proto::Fault>(())
    /// ```
    pub fn to_msgpack(&self) -> Bytes {
        match &self.0 {
            Form::Spelt(bytes) => bytes.clone(),
            Form::Tensor(_) => self.spelt().into_owned().into(),
        }
    }

    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Form::Tensor(tensor) if lists::worth_spelling(tensor.shape()) => {
                lists::write(out, tensor.dtype(), tensor.shape(), tensor.data());
            }
            _ => to_json::write_value(&self.spelt(), 1, usize::MAX, out)
                .expect("a body is one well-formed value"),
        }
    }

    /// Appends the value as MessagePack, a tensor's bytes in one copy.
    pub(crate) fn write_msgpack(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Form::Spelt(bytes) => out.extend_from_slice(bytes),
            Form::Tensor(tensor) => {
                write_tensor_head(tensor, out);
                out.extend_from_slice(tensor.data());
            }
        }
    }

    /// Counts the bytes of the value as MessagePack, as a frame will have it.
    pub fn msgpack_len(&self) -> usize {
        match &self.0 {
            Form::Spelt(bytes) => bytes.len(),
            Form::Tensor(tensor) => {
                let mut head = Vec::with_capacity(64);
                write_tensor_head(tensor, &mut head);
                head.len() + tensor.data().len()
            }
        }
    }

    /// Takes bytes that are one well-formed MessagePack value, which a peek or an encoder has made sure of.
    pub(crate) fn spelt_in(bytes: Bytes) -> Self {
        Self(Form::Spelt(bytes))
    }

    fn spelt(&self) -> Cow<'_, [u8]> {
        match &self.0 {
            Form::Spelt(bytes) => Cow::Borrowed(bytes),
            Form::Tensor(_) => {
                let mut out = Vec::with_capacity(self.msgpack_len());
                self.write_msgpack(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// Says why the value is not of the type that was asked for.
    fn mismatch(&self, error: &decode::Error) -> String {
        let reason = match error {
            decode::Error::TypeMismatch(mark) => format!("{} stands where another type is read", noun(*mark)),
            error => error.to_string(),
        };
        if self.tensor_in_sight() {
            return format!("it is a tensor, to be read as one: {reason}");
        }
        reason
    }

    fn tensor_in_sight(&self) -> bool {
        match &self.0 {
            Form::Tensor(_) => true,
            Form::Spelt(bytes) => tensor_map(bytes).is_some(),
        }
    }
}

fn noun(mark: Marker) -> &'static str {
    match mark {
        Marker::Null => "null",
        Marker::True | Marker::False => "a truth value",
        Marker::F32 | Marker::F64 => "a float",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "text",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bin",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::FixPos(_) | Marker::FixNeg(_) => "an integer",
        Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => "an integer",
        Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => "an integer",
        _ => "an extension",
    }
}

fn tensor_map(bytes: &[u8]) -> Option<TensorMap<'_>> {
    let mut reader = Reader::new(bytes);
    match reader.next() {
        Ok(Token::Map(3)) => TensorMap::read(reader).map(|(found, _)| found),
        _ => None,
    }
}

fn write_tensor_head(tensor: &Tensor, out: &mut Vec<u8>) {
    tensor_map::write_head(out, tensor.dtype(), tensor.shape(), tensor.data().len());
}

fn wrong(reason: String) -> Fault {
    Fault::field("DATA", reason)
}

impl From<Tensor> for Body {
    fn from(tensor: Tensor) -> Self {
        Self(Form::Tensor(tensor))
    }
}

/// Compares the values as they are spelt, byte by byte.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Tensor(one), Form::Tensor(another)) => one == another,
            _ => self.spelt() == other.spelt(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tensor() {
            Ok(tensor) if self.tensor_in_sight() => fmt::Debug::fmt(&tensor, f),
            _ => write!(f, "Body({})", String::from_utf8_lossy(&self.to_json())),
        }
    }
}
