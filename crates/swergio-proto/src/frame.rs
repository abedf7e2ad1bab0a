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

    /// Views the message where it lies.
    #[inline]
    pub fn view(&self) -> View<'_> {
        View { codec: self.codec, bytes: &self.bytes }
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

/// Views one encoded message in memory of somebody else's, such as the buffer that it was read into.
///
/// ```
/// use swergio_proto::{Codec, Head, View};
///
/// let view = View::new(Codec::Json, br#"{"TYPE": "DATA/TEXT"}"#);
/// assert_eq!(Head::peek(view, 64)?.kind.text(), Some("DATA/TEXT"));
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View<'f> {
    codec: Codec,
    bytes: &'f [u8],
}

impl<'f> View<'f> {
    /// Takes bytes that are one message in `codec`, unchecked: [`Head::peek`](crate::Head::peek) checks them.
    #[inline]
    pub fn new(codec: Codec, bytes: &'f [u8]) -> Self {
        Self { codec, bytes }
    }

    /// Returns the codec that the bytes are in.
    #[inline]
    pub fn codec(self) -> Codec {
        self.codec
    }

    /// Returns the message's bytes.
    #[inline]
    pub fn bytes(self) -> &'f [u8] {
        self.bytes
    }

    /// Copies the message into a frame of its own.
    pub fn to_frame(self) -> Frame {
        Frame::new(self.codec, Bytes::copy_from_slice(self.bytes))
    }
}

impl<'f> From<&'f Frame> for View<'f> {
    #[inline]
    fn from(frame: &'f Frame) -> Self {
        frame.view()
    }
}
