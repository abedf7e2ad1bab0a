//! WebSocket: tungstenite reads and checks, we write packets that are ready-made.

mod place;

use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use swergio_proto::{Codec, Fault, Frame, Limits};
use tokio::io::{AsyncRead, ReadBuf};
use tungstenite::Message;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use self::place::Place;
use super::{Arrival, BULK, Broken, Link};
use crate::dialect::Dialect;

/// Bytes of the read buffer, which every idle connection keeps.
const READ_BUFFER: usize = 4096;

pub(crate) struct WebSocketLink {
    context: WebSocketContext,
    dialect: Dialect,
    max: usize,
    replies: Vec<u8>,
    heard: bool,
    place: Place,
    /// Whether the context's buffer may still be as large as a message that is long gone.
    bulky: bool,
}

impl WebSocketLink {
    /// Begins after the handshake; `early` is what the peer sent together with it.
    pub(crate) fn new(codec: Codec, early: &[u8], limits: &Limits) -> Self {
        let max = limits.message_bytes;
        let mut place = Place::default();
        place.pass(early);
        Self {
            context: fresh(early, max),
            dialect: Dialect::web_socket(codec),
            max,
            replies: Vec::new(),
            heard: false,
            place,
            bulky: false,
        }
    }

    /// Lets go of a buffer that has grown with a large message, once nothing is in it. Otherwise every connection
    /// would keep as much as the largest message that it ever sent.
    fn slim(&mut self) {
        if self.bulky && self.place.is_between_messages() {
            self.context = fresh(&[], self.max);
            self.bulky = false;
        }
    }
}

fn fresh(early: &[u8], max: usize) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(max))
        .max_frame_size(Some(max));
    WebSocketContext::from_partially_read(early.to_vec(), Role::Server, Some(config))
}

impl Link for WebSocketLink {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn poll_receive<T: AsyncRead + Unpin>(&mut self, io: &mut T, cx: &mut Context<'_>) -> Poll<Arrival> {
        let mut side =
            Side { io, cx, replies: &mut self.replies, heard: &mut self.heard, place: &mut self.place };
        let arrival = match self.context.read(&mut side) {
            Ok(Message::Text(text)) => message(Frame::json(Bytes::from(text))),
            Ok(Message::Binary(bytes)) => message(Frame::msgpack(bytes)),
            // The answer to a close is written by the next read, which then says that the connection ended.
            Ok(Message::Close(_)) => match self.context.flush(&mut side) {
                Ok(()) | Err(Error::ConnectionClosed) => Arrival::End,
                Err(error) => broken(&error),
            },
            Ok(Message::Ping(_)) => {
                // Answers are written to memory, which cannot fail.
                let _ = self.context.flush(&mut side);
                Arrival::Sign
            }
            Ok(_) => Arrival::Sign,
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                self.slim();
                return Poll::Pending;
            }
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => Arrival::End,
            // A process that ended without a word has done nothing wrong.
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Arrival::End,
            Err(error) => broken(&error),
        };
        if let Arrival::Message { frame, .. } = &arrival {
            self.bulky |= frame.len() > BULK;
        }
        Poll::Ready(arrival)
    }

    fn reply(&mut self) -> Option<Bytes> {
        (!self.replies.is_empty()).then(|| std::mem::take(&mut self.replies).into())
    }

    fn heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    fn ping(&self) -> Option<Bytes> {
        Some(Bytes::from_static(&[0x89, 0]))
    }

    fn goodbye(&self, code: u16, reason: &str) -> Option<Bytes> {
        // A control frame carries 125 bytes at most, two of which are the code (RFC 6455, section 5.5).
        let reason = &reason[..reason.floor_char_boundary(123)];
        let mut frame = vec![0x88, 2 + reason.len() as u8];
        frame.extend_from_slice(&code.to_be_bytes());
        frame.extend_from_slice(reason.as_bytes());
        Some(frame.into())
    }
}

fn message(frame: Frame) -> Arrival {
    Arrival::Message { frame, wire: None }
}

fn broken(error: &Error) -> Arrival {
    let (code, fault) = match error {
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            (1009, Some(Fault::TooLarge { size: *size as u64, limit: *max_size as u64 }))
        }
        Error::Utf8(_) => (1007, Some(Fault::malformed("text that is not UTF-8"))),
        Error::Io(_) => (1006, None),
        _ => (1002, Some(Fault::malformed(error.to_string()))),
    };
    Arrival::Broken(Broken { code, reason: error.to_string(), fault })
}

/// Lets tungstenite, which knows no tasks, read from a stream that may not be ready, and write to memory.
struct Side<'s, 'c, T> {
    io: &'s mut T,
    cx: &'s mut Context<'c>,
    replies: &'s mut Vec<u8>,
    heard: &'s mut bool,
    place: &'s mut Place,
}

impl<T: AsyncRead + Unpin> Read for Side<'_, '_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut *self.io).poll_read(self.cx, &mut buffer) {
            Poll::Ready(Ok(())) => {
                *self.heard = true;
                self.place.pass(buffer.filled());
                Ok(buffer.filled().len())
            }
            Poll::Ready(Err(error)) => Err(error),
            Poll::Pending => Err(ErrorKind::WouldBlock.into()),
        }
    }
}

impl<T> Write for Side<'_, '_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
