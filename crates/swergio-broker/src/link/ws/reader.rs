//! Reader: cuts a byte stream into WebSocket messages, and keeps the rules of RFC 6455 while it does.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use swergio_proto::Frame;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::header::{Header, Opcode, too_large, wrong};
use super::mask::unmask;
use super::message::Message;
use crate::link::Broken;
use crate::link::unread::Unread;
use crate::packet::COPIED;

/// Payloads over this size are read into a buffer of their own. Smaller ones are copied on their way, so that a few
/// bytes which wait for a slow reader never hold the buffer that they were read into.
pub(super) const LARGE: usize = COPIED;

/// What a peer said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Message(Frame),
    Ping(Bytes),
    Pong,
    Close(Bytes),
}

/// Holds what came and could not be understood yet.
#[derive(Debug)]
pub(super) struct Reader {
    max: usize,
    /// What came and was not cut yet: less than a small frame, whenever more is waited for.
    unread: Unread,
    /// The large frame that is being read.
    frame: Option<Filling>,
    /// Whether the last frame was large: another may follow, of which as little as may be should come into `unread`.
    large: bool,
    /// The message whose fragments are being read.
    message: Option<Message>,
}

/// Is a frame; a large one is on its way into a buffer of exactly its size.
#[derive(Debug)]
struct Filling {
    header: Header,
    payload: BytesMut,
    /// Whether what is there is all ASCII.
    ascii: bool,
}

impl Reader {
    /// Begins with what came already; messages have `max` bytes at most.
    pub(super) fn new(early: &[u8], max: usize) -> Self {
        Self { max, unread: Unread::new(early), frame: None, large: false, message: None }
    }

    /// Cuts off the next thing that was said; none when more must come.
    ///
    /// # Errors
    /// The close code of the first rule that is broken; nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Said>, Broken> {
        loop {
            let Some(Filling { header, payload, ascii }) = self.cut()? else { return Ok(None) };
            let said = match header.opcode {
                Opcode::Close => Said::Close(payload.freeze()),
                Opcode::Ping => Said::Ping(payload.freeze()),
                Opcode::Pong => Said::Pong,
                _ => match Message::take(&mut self.message, header, payload, ascii)? {
                    Some(frame) => Said::Message(frame),
                    None => continue,
                },
            };
            return Ok(Some(said));
        }
    }

    /// Cuts off the next whole frame.
    #[inline]
    fn cut(&mut self) -> Result<Option<Filling>, Broken> {
        if self.frame.is_none() {
            let Some(header) = Header::parse(&self.unread, self.max)? else { return Ok(None) };
            self.check_place(&header)?;
            if header.len <= LARGE {
                return Ok(self.cut_small(header));
            }
            self.begin_large(header);
        }
        Ok(self.frame.take_if(|frame| frame.payload.len() == frame.header.len))
    }

    #[inline]
    fn cut_small(&mut self, header: Header) -> Option<Filling> {
        let size = header.size + header.len;
        if self.unread.len() < size {
            return None;
        }
        let mut payload = self.unread.split_to(size);
        payload.advance(header.size);
        let ascii = unmask(&mut payload, header.mask, 0);
        Some(Filling { header, payload, ascii })
    }

    /// Gives a large frame its buffer, and moves there what has come of it.
    fn begin_large(&mut self, header: Header) {
        self.unread.advance(header.size);
        let mut payload = BytesMut::with_capacity(header.len);
        payload.extend_from_slice(&self.unread[..header.len.min(self.unread.len())]);
        self.unread.advance(payload.len());
        let ascii = unmask(&mut payload, header.mask, 0);
        self.frame = Some(Filling { header, payload, ascii });
        self.large = header.len > 4 * LARGE;
    }

    /// Checks, before its payload is read, whether a frame may stand where it does.
    #[inline]
    fn check_place(&self, header: &Header) -> Result<(), Broken> {
        match (&self.message, header.opcode) {
            (None, Opcode::Continue) => Err(wrong("a fragment of no message")),
            (Some(_), Opcode::Text | Opcode::Binary) => Err(wrong("a message amid the fragments of another")),
            (Some(message), Opcode::Continue) if message.len() + header.len > self.max => {
                Err(too_large((message.len() + header.len) as u64, self.max))
            }
            _ => Ok(()),
        }
    }

    /// Reads what has come into the place where it belongs, and returns how many bytes that were.
    pub(super) fn poll_fill<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Some(Filling { header, payload, ascii }) = &mut self.frame else {
            self.unread.borrow();
            let most = if std::mem::take(&mut self.large) { LARGE } else { usize::MAX };
            return pin!(io.read_buf(&mut (&mut *self.unread).limit(most))).poll(cx);
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

    /// Counts the bytes that are held while nothing comes.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.unread.capacity() + self.frame.as_ref().map_or(0, |frame| frame.payload.capacity())
    }
}
