//! Frame: the bytes of one message as they crossed a link, never changed afterwards.

use bytes::Bytes;

use crate::Codec;

/// Holds one encoded message: text is JSON, binary is MessagePack.
///
/// Cloning shares the bytes.
///
/// ```
/// use swergio_proto::Frame;
///
/// let frame = Frame::json(r#"{"TYPE": "DATA/TEXT"}"#);
/// assert_eq!(frame.len(), 21);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    codec: Codec,
    bytes: Bytes,
}

impl Frame {
    /// Takes bytes that are one message in `codec`, unchecked: [`Head::peek`](crate::Head::peek) checks them.
    pub fn new(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        Self { codec, bytes: bytes.into() }
    }

    /// Takes the bytes of a JSON message.
    pub fn json(bytes: impl Into<Bytes>) -> Self {
        Self::new(Codec::Json, bytes)
    }

    /// Takes the bytes of a MessagePack message.
    pub fn msgpack(bytes: impl Into<Bytes>) -> Self {
        Self::new(Codec::MsgPack, bytes)
    }

    /// Returns the codec that the bytes are in.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Returns the message's bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Returns the message's bytes and lets go of the frame.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Counts the message's bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Tells whether there are no bytes, which no codec takes for a message.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
