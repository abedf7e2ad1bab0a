//! Reader: cuts a byte stream into WebSocket messages, and keeps the rules of RFC 6455 while it does.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{BufMut, Bytes, BytesMut};
use swergio_proto::{Codec, Frame, Limits};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::header::{Header, Opcode, too_large, wrong};
use super::mask::unmask;
use super::message::{self, Message};
use crate::link::Broken;
use crate::link::unread::Unread;
use crate::packet::COPIED;
use crate::spares::Spares;

/// Payloads over this size are read into a buffer of their own. Smaller ones are looked at where they were read, and
/// copied on their way.
pub(super) const LARGE: usize = COPIED;

/// What a peer said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A message of one small frame, at this place of what was read.
    Small(Codec, Range<usize>),
    Message(Frame),
    Ping(Bytes),
    Pong,
    Close(Bytes),
}

/// Holds what came and could not be understood yet.
#[derive(Debug)]
pub(super) struct Reader {
    /// Bytes that a message of text, and one of bytes, may have.
    most: [usize; 2],
    spares: Arc<Spares>,
    /// What came and was not cut yet: less than a small frame, whenever more is waited for.
    unread: Unread,
    /// The large frame that is being read.
    frame: Option<Filling>,
    /// Whether the last frame was large: another may follow, of which as little as may be should come into `unread`.
    large: bool,
    /// The message whose fragments are being read.
    message: Option<Message>,
}

/// Is a whole frame: a small one where it was read, or a large one.
enum Cut {
    Small { header: Header, place: Range<usize>, ascii: bool },
    Large(Filling),
}

/// Is a large frame, on its way into a buffer of exactly its size.
#[derive(Debug)]
struct Filling {
    header: Header,
    payload: BytesMut,
    /// Whether what is there is all ASCII.
    ascii: bool,
}

impl Reader {
    /// Begins with what came already.
    pub(super) fn new(early: &[u8], limits: &Limits, spares: Arc<Spares>) -> Self {
        let most = [Codec::Json, Codec::MsgPack].map(|codec| limits.message_bytes_in(codec));
        Self { most, spares, unread: Unread::new(early), frame: None, large: false, message: None }
    }

    /// Cuts off the next thing that was said; none when more must come.
    ///
    /// # Errors
    /// The close code of the first rule that is broken; nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Said>, Broken> {
        loop {
            let said = match self.cut()? {
                None => return Ok(None),
                Some(Cut::Small { header, place, ascii }) => self.understand(header, place, ascii)?,
                Some(Cut::Large(Filling { header, payload, ascii })) => {
                    Message::take(&mut self.message, header, payload, ascii)?.map(Said::Message)
                }
            };
            if said.is_some() {
                return Ok(said);
            }
        }
    }

    /// Shows a small message, until more is read.
    #[inline]
    pub(super) fn place(&self, place: Range<usize>) -> &[u8] {
        self.unread.place(place)
    }

    /// Makes of a small frame what it says; nothing, if it is a fragment that others follow.
    #[inline]
    fn understand(
        &mut self,
        header: Header,
        place: Range<usize>,
        ascii: bool,
    ) -> Result<Option<Said>, Broken> {
        let payload = self.unread.place(place.clone());
        Ok(Some(match header.opcode {
            Opcode::Close => Said::Close(Bytes::copy_from_slice(payload)),
            Opcode::Ping => Said::Ping(Bytes::copy_from_slice(payload)),
            Opcode::Pong => Said::Pong,
            _ if header.last && self.message.is_none() => {
                Said::Small(message::check_whole(&header, payload, ascii)?, place)
            }
            _ => {
                let whole = Message::take_fragment(&mut self.message, header, payload)?;
                return Ok(whole.map(Said::Message));
            }
        }))
    }

    /// Cuts off the next whole frame.
    #[inline]
    fn cut(&mut self) -> Result<Option<Cut>, Broken> {
        if self.frame.is_none() {
            let Some(header) = Header::parse(self.unread.bytes(), self.most[1])? else { return Ok(None) };
            self.check_place(&header)?;
            if header.len <= LARGE {
                return Ok(self.cut_small(header));
            }
            self.begin_large(header);
        }
        Ok(self.frame.take_if(|frame| frame.payload.len() == frame.header.len).map(Cut::Large))
    }

    #[inline]
    fn cut_small(&mut self, header: Header) -> Option<Cut> {
        if self.unread.len() < header.size + header.len {
            return None;
        }
        self.unread.cut(header.size);
        let place = self.unread.cut(header.len);
        let ascii = unmask(self.unread.place_mut(place.clone()), header.mask, 0);
        Some(Cut::Small { header, place, ascii })
    }

    /// Gives a large frame its buffer, and moves there what has come of it.
    fn begin_large(&mut self, header: Header) {
        self.unread.cut(header.size);
        let mut payload = self.spares.take(header.len);
        let place = self.unread.cut(header.len.min(self.unread.len()));
        payload.extend_from_slice(self.unread.place(place));
        let ascii = unmask(&mut payload, header.mask, 0);
        self.frame = Some(Filling { header, payload, ascii });
        self.large = header.len > 4 * LARGE;
    }

    /// Checks, before its payload is read, whether a frame may stand where it does.
    #[inline]
    fn check_place(&self, header: &Header) -> Result<(), Broken> {
        let (begun, codec) = match (&self.message, header.opcode) {
            (None, Opcode::Continue) => return Err(wrong("a fragment of no message")),
            (Some(_), Opcode::Text | Opcode::Binary) => {
                return Err(wrong("a message amid the fragments of another"));
            }
            (Some(message), Opcode::Continue) => (message.len(), message.codec()),
            (_, opcode) => (0, message::codec(opcode)),
        };
        let (len, most) = (begun + header.len, self.most[usize::from(codec == Codec::MsgPack)]);
        if len > most { Err(too_large(len as u64, most)) } else { Ok(()) }
    }

    /// Reads what has come into the place where it belongs, and returns how many bytes that were.
    pub(super) fn poll_fill<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Some(Filling { header, payload, ascii }) = &mut self.frame else {
            let most = if std::mem::take(&mut self.large) { LARGE } else { usize::MAX };
            return pin!(io.read_buf(&mut self.unread.room(most))).poll(cx);
        };
        let had = payload.len();
        let read = ready!(pin!(io.read_buf(&mut payload.limit(header.len - had))).poll(cx))?;
        *ascii &= unmask(&mut payload[had..], header.mask, had);
        Poll::Ready(Ok(read))
    }

    /// Gives the read buffer back until more comes.
    pub(super) fn rest(&mut self) {
        self.unread.rest();
    }

    /// Lets go of what came and was not understood.
    pub(super) fn forget(&mut self) {
        self.unread.forget();
        (self.frame, self.message) = (None, None);
    }

    /// Counts the bytes that are held while nothing comes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let large = self.frame.as_ref().map_or(0, |frame| frame.payload.capacity());
        self.unread.capacity() + large + self.message.as_ref().map_or(0, Message::len)
    }
}
