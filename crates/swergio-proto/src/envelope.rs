//! Envelope: a whole message, owned; what a component builds and reads.

use bytes::Bytes;
use serde::Serialize;

use crate::codec::json;
use crate::codec::msgpack::{Entries, Entry, Token, decimal, spell};
use crate::{Body, Codec, Fault, Frame, Kind, Limits, MemberName, MessageId, Naming, RoomName, Tensor};

/// Bounds the fields, beside those that everybody knows, of one message that is decoded.
const MAX_FIELDS: usize = 1024;

/// Tells what a model does with a message. The numbers are upstream's; others are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelStatus(pub i64);

impl ModelStatus {
    /// Learn from it.
    pub const TRAIN: Self = Self(1);
    /// Answer it, and learn nothing.
    pub const VALIDATE: Self = Self(2);
    /// Answer it, send gradients back, and learn nothing. Ours; upstream has no such status.
    pub const PROBE: Self = Self(3);
}

/// Holds a message: the keys that everybody knows, and all others in their order.
///
/// ```
/// use swergio_proto::{Codec, Envelope, Kind, RoomName};
///
/// let envelope = Envelope::new(Kind::TEXT).with_to_room(RoomName::parse("lab")?).with_data("hi")?;
/// let frame = envelope.encode(Codec::MsgPack)?;
/// assert_eq!(Envelope::decode(&frame, 64)?, envelope);
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// `ID` of this message.
    pub id: Option<MessageId>,
    /// `TYPE`: what the message is.
    pub kind: Kind<'static>,
    /// `TO_ROOM`: the room whose members receive it.
    pub to_room: Option<RoomName>,
    /// `TO`: the members that receive it.
    pub to: Option<MemberName>,
    /// `SENT_BY`: the member that sent it. The broker fills it in.
    pub sent_by: Option<String>,
    /// `ROOT_ID` of the message that began this pass.
    pub root_id: Option<String>,
    /// `MODEL_STATUS`: whether to learn from it.
    pub model_status: Option<ModelStatus>,
    /// All other keys in their order, and those of the above that have a value of another type.
    pub fields: Vec<(String, Body)>,
    /// `DATA`: the payload.
    pub data: Option<Body>,
}

impl Envelope {
    /// Begins a message of a kind, with nothing else in it.
    pub fn new(kind: impl Into<Kind<'static>>) -> Self {
        Self {
            id: None,
            kind: kind.into(),
            to_room: None,
            to: None,
            sent_by: None,
            root_id: None,
            model_status: None,
            fields: Vec::new(),
            data: None,
        }
    }

    /// Gives the message an ID.
    #[must_use]
    pub fn with_id(mut self, id: MessageId) -> Self {
        self.id = Some(id);
        self
    }

    /// Addresses a room.
    #[must_use]
    pub fn with_to_room(mut self, room: RoomName) -> Self {
        self.to_room = Some(room);
        self
    }

    /// Addresses the members of a name.
    #[must_use]
    pub fn with_to(mut self, member: MemberName) -> Self {
        self.to = Some(member);
        self
    }

    /// Names the message that began this pass.
    #[must_use]
    pub fn with_root_id(mut self, root_id: impl Into<String>) -> Self {
        self.root_id = Some(root_id.into());
        self
    }

    /// Says whether to learn from the message.
    #[must_use]
    pub fn with_model_status(mut self, status: ModelStatus) -> Self {
        self.model_status = Some(status);
        self
    }

    /// Adds a field of the application's own, or of a kind: NAME, SETTINGS, VALUE.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`Body::of`].
    pub fn with_field<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Result<Self, Fault> {
        self.fields.push((name.into(), Body::of(value)?));
        Ok(self)
    }

    /// Sets the payload.
    ///
    /// # Errors
    /// [`Fault::Malformed`], as [`Body::of`].
    pub fn with_data<T: Serialize + ?Sized>(mut self, value: &T) -> Result<Self, Fault> {
        self.data = Some(Body::of(value)?);
        Ok(self)
    }

    /// Sets the payload to a tensor, which is copied once, into the frame.
    #[must_use]
    pub fn with_tensor(mut self, tensor: Tensor) -> Self {
        self.data = Some(tensor.into());
        self
    }

    /// Finds one of the other fields.
    pub fn field(&self, name: &str) -> Option<&Body> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Makes a frame of the message, DATA last.
    ///
    /// # Errors
    /// [`Fault::Malformed`] naming the key that the message has twice.
    pub fn encode(&self, codec: Codec) -> Result<Frame, Fault> {
        self.check_keys()?;
        Ok(match codec {
            Codec::Json => Frame::json(self.to_json()),
            Codec::MsgPack => Frame::msgpack(self.to_msgpack()),
        })
    }

    /// Lists the keys that are strings, in the order in which they are written.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("ID", self.id.as_ref().map(MessageId::as_str)),
            ("TYPE", Some(self.kind.as_str())),
            ("TO_ROOM", self.to_room.as_ref().map(RoomName::as_str)),
            ("TO", self.to.as_ref().map(MemberName::as_str)),
            ("SENT_BY", self.sent_by.as_deref()),
            ("ROOT_ID", self.root_id.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)))
    }

    /// Lists the keys that are bodies, in the order in which they are written.
    fn bodies(&self) -> impl Iterator<Item = (&str, &Body)> {
        let fields = self.fields.iter().map(|(key, value)| (key.as_str(), value));
        fields.chain(self.data.iter().map(|data| ("DATA", data)))
    }

    fn check_keys(&self) -> Result<(), Fault> {
        let status = self.model_status.map(|_| "MODEL_STATUS");
        let mut keys: Vec<&str> = self.texts().map(|(key, _)| key).chain(status).collect();
        keys.extend(self.bodies().map(|(key, _)| key));
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Fault::field(pair[0].to_owned(), format!("the message has {} twice", pair[0]))),
            None => Ok(()),
        }
    }

    fn to_msgpack(&self) -> Vec<u8> {
        let count = self.texts().count() + usize::from(self.model_status.is_some()) + self.bodies().count();
        let mut out = Vec::with_capacity(256);
        spell::map(&mut out, u32::try_from(count).expect("fewer keys than bytes"));
        for (key, text) in self.texts() {
            spell::text(&mut out, key);
            spell::text(&mut out, text);
        }
        if let Some(ModelStatus(status)) = self.model_status {
            spell::text(&mut out, "MODEL_STATUS");
            spell::integer(&mut out, status);
        }
        let rest = self.bodies().map(|(key, value)| spell::text_len(key) + value.msgpack_len()).sum();
        out.reserve_exact(rest);
        for (key, value) in self.bodies() {
            spell::text(&mut out, key);
            value.write_msgpack(&mut out);
        }
        out
    }

    fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        for (key, text) in self.texts() {
            write_json_key(&mut out, key);
            json::write_str(&mut out, text);
        }
        if let Some(ModelStatus(status)) = self.model_status {
            write_json_key(&mut out, "MODEL_STATUS");
            decimal::write_i64(&mut out, status);
        }
        for (key, value) in self.bodies() {
            write_json_key(&mut out, key);
            value.write_json(&mut out);
        }
        out.push(b'}');
        out
    }

    /// Reads a message, as leniently as upstream does.
    ///
    /// Names are taken as the broker let them through, whatever their length. An ID, ROOT_ID, SENT_BY or MODEL_STATUS of another type than
    /// usual is found in [`fields`](Self::fields). A key that occurs twice counts with its last value. Of a
    /// MessagePack frame nothing but these short strings is copied.
    ///
    /// # Errors
    /// [`Fault::Malformed`] when the frame is not one map within `nesting`, has more than 1024 fields of its
    /// own, no TYPE, or a TYPE, TO_ROOM or TO that is no string.
    pub fn decode(frame: &Frame, nesting: usize) -> Result<Self, Fault> {
        let bytes = match frame.codec() {
            Codec::MsgPack => frame.bytes().clone(),
            Codec::Json => json::to_msgpack(frame.bytes(), nesting)?.into(),
        };
        let mut kind = None;
        let mut envelope = Self::new("");
        let mut entries = Entries::open(&bytes, nesting)?;
        while let Some(entry) = entries.next()? {
            match entry.key {
                "TYPE" => kind = Some(entry.required_text("TYPE")?),
                _ => envelope.take(&entry, &bytes)?,
            }
        }
        let kind: &str = kind.ok_or_else(|| Fault::field("TYPE", "TYPE is missing"))?;
        envelope.kind = Kind::new(kind).into_owned();
        Ok(envelope)
    }

    /// Puts one entry where it belongs.
    fn take(&mut self, entry: &Entry<'_>, frame: &Bytes) -> Result<(), Fault> {
        self.forget(entry.key);
        let body = || Body::spelt_in(frame.slice(entry.place.clone()));
        match (entry.key, entry.value) {
            ("DATA", _) => self.data = Some(body()),
            ("TO_ROOM", _) => self.to_room = Some(entry.room_name()?),
            ("TO", _) => self.to = Some(entry.member_name()?),
            ("ID", Token::Str(text)) => self.id = Some(MessageId::new(text)),
            ("SENT_BY", Token::Str(text)) => self.sent_by = Some(text.into()),
            ("ROOT_ID", Token::Str(text)) => self.root_id = Some(text.into()),
            ("MODEL_STATUS", Token::Int(status)) => self.model_status = Some(ModelStatus(status)),
            (key, _) if self.fields.len() < MAX_FIELDS => self.fields.push((key.into(), body())),
            _ => {
                return Err(Fault::malformed(format!(
                    "the message has more than {MAX_FIELDS} fields of its own"
                )));
            }
        }
        Ok(())
    }

    /// Lets go of a key's earlier value, for which any type is kept.
    fn forget(&mut self, key: &str) {
        match key {
            "ID" => self.id = None,
            "SENT_BY" => self.sent_by = None,
            "ROOT_ID" => self.root_id = None,
            "MODEL_STATUS" => self.model_status = None,
            _ => {}
        }
        self.fields.retain(|(earlier, _)| earlier != key);
    }
}

impl<'f> Entry<'f> {
    fn required_text(&self, field: &'static str) -> Result<&'f str, Fault> {
        match self.value {
            Token::Str(text) => Ok(text),
            _ => Err(Fault::field(field, format!("{field} must be a string"))),
        }
    }

    fn room_name(&self) -> Result<RoomName, Fault> {
        RoomName::parse_within(self.required_text("TO_ROOM")?, "TO_ROOM", &any_length(), Naming::Upstream)
    }

    fn member_name(&self) -> Result<MemberName, Fault> {
        MemberName::parse_within(self.required_text("TO")?, "TO", &any_length(), Naming::Upstream)
    }
}

/// The bounds of names were the broker's to check.
fn any_length() -> Limits {
    Limits { name_bytes: usize::MAX, room_bytes: usize::MAX, ..Limits::default() }
}

fn write_json_key(out: &mut Vec<u8>, key: &str) {
    out.extend_from_slice(if out.is_empty() { b"{" } else { b", " });
    json::write_str(out, key);
    out.extend_from_slice(b": ");
}
