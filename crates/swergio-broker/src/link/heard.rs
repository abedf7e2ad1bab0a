//! Heard: a message as a link cut it off: a small one where it was read, a large one in memory of its own.

use std::ops::Deref;

use bytes::Bytes;
use swergio_proto::{Codec, Frame, View};

use crate::packet::COPIED;

/// Shows a message, and the header before it where that can be forwarded as it is.
#[derive(Debug)]
pub(crate) struct Heard<'l> {
    codec: Codec,
    /// The header, if it can be forwarded, and the message.
    wire: Wire<'l>,
    /// Bytes of the header.
    header: usize,
}

#[derive(Debug)]
enum Wire<'l> {
    /// In the buffer that it was read into, for as long as nothing else is read.
    Lent(&'l [u8]),
    Own(Bytes),
}

impl Deref for Wire<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Lent(bytes) => bytes,
            Self::Own(bytes) => bytes,
        }
    }
}

impl<'l> Heard<'l> {
    /// Shows a message in the buffer that it was read into, behind a header of so many bytes that can be forwarded.
    #[inline]
    pub(super) fn lent(codec: Codec, wire: &'l [u8], header: usize) -> Self {
        Self { codec, wire: Wire::Lent(wire), header }
    }

    /// Shows a message in memory of its own, behind a header of so many bytes that can be forwarded.
    pub(super) fn own(codec: Codec, wire: Bytes, header: usize) -> Self {
        Self { codec, wire: Wire::Own(wire), header }
    }

    /// Views the message.
    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        View::new(self.codec, &self.wire[self.header..])
    }

    /// Counts the message's bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.wire.len() - self.header
    }

    #[inline]
    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    /// Returns the header and the message, and the header's length, where they can be forwarded as they are.
    #[inline]
    pub(crate) fn forwardable(&self) -> Option<(&[u8], usize)> {
        (self.header > 0).then_some((&self.wire, self.header))
    }

    /// Returns the memory that a large message has for itself.
    pub(crate) fn memory(&self) -> Option<&Bytes> {
        match &self.wire {
            Wire::Own(wire) => Some(wire),
            Wire::Lent(_) => None,
        }
    }

    /// Returns the message as a frame: shared where it is large, or else a copy, which holds no read buffer.
    pub(crate) fn frame(&self) -> Frame {
        match &self.wire {
            Wire::Own(wire) if wire.len() > COPIED => Frame::new(self.codec, wire.slice(self.header..)),
            _ => self.view().to_frame(),
        }
    }

    /// Returns header and message as [`frame`](Self::frame) does the message, where they can be forwarded as they are.
    pub(crate) fn wire(&self) -> Option<Bytes> {
        let (bytes, _) = self.forwardable()?;
        Some(match &self.wire {
            Wire::Own(wire) if wire.len() > COPIED => wire.clone(),
            _ => Bytes::copy_from_slice(bytes),
        })
    }
}

impl From<Frame> for Heard<'_> {
    fn from(frame: Frame) -> Self {
        Self::own(frame.codec(), frame.into_bytes(), 0)
    }
}
