//! WebSocket: reads what components send; what they are sent is made in packets, once for all.

pub(crate) mod control;
mod header;
mod mask;
mod message;
mod reader;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use swergio_proto::{Codec, Limits};
use tokio::io::AsyncRead;

use super::{Arrival, Broken, Heard, Link};
use crate::dialect::Dialect;
use crate::spares::Spares;
use reader::{Reader, Said};

#[derive(Debug)]
pub(crate) struct WebSocketLink {
    reader: Reader,
    dialect: Dialect,
    /// The message that came last.
    said: Option<Said>,
    reply: Option<Bytes>,
    heard: bool,
}

impl WebSocketLink {
    /// Begins after the handshake; `early` is what the peer sent together with it.
    pub(crate) fn new(codec: Codec, early: &[u8], limits: &Limits, spares: &Arc<Spares>) -> Self {
        let reader = Reader::new(early, limits, Arc::clone(spares));
        Self { reader, dialect: Dialect::web_socket(codec), said: None, reply: None, heard: false }
    }

    fn arrival(&mut self, said: Said) -> Arrival {
        match said {
            Said::Small(..) | Said::Message(_) => {
                self.said = Some(said);
                return Arrival::Message;
            }
            Said::Ping(payload) => self.reply = Some(control::pong(&payload).into()),
            Said::Pong => {}
            Said::Close(payload) => match control::answer(&payload) {
                Ok(answer) => {
                    self.reply = Some(answer.into());
                    return Arrival::End;
                }
                Err(broken) => return Arrival::Broken(broken),
            },
        }
        Arrival::Sign
    }
}

impl Link for WebSocketLink {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn poll_receive<T: AsyncRead + Unpin>(&mut self, io: &mut T, cx: &mut Context<'_>) -> Poll<Arrival> {
        loop {
            match self.reader.next() {
                Ok(Some(said)) => return Poll::Ready(self.arrival(said)),
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Arrival::Broken(broken)),
            }
            match self.reader.poll_fill(io, cx) {
                // A process that ended without a word has done nothing wrong.
                Poll::Ready(Ok(0)) => return Poll::Ready(Arrival::End),
                Poll::Ready(Ok(_)) => self.heard = true,
                Poll::Ready(Err(error)) => return Poll::Ready(torn(&error)),
                Poll::Pending => {
                    self.reader.rest();
                    return Poll::Pending;
                }
            }
        }
    }

    #[inline]
    fn message(&mut self) -> Heard<'_> {
        match self.said.take() {
            Some(Said::Small(codec, place)) => Heard::lent(codec, self.reader.place(place), 0),
            Some(Said::Message(frame)) => frame.into(),
            _ => Heard::lent(self.dialect.codec(), &[], 0),
        }
    }

    fn is_midway(&self) -> bool {
        false
    }

    fn reply(&mut self) -> Option<Bytes> {
        self.reply.take()
    }

    fn heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    fn forget(&mut self) {
        self.reader.forget();
    }

    fn ping(&self) -> Option<Bytes> {
        Some(Bytes::from_static(&[0x89, 0]))
    }

    fn goodbye(&self, code: u16, reason: &str) -> Option<Bytes> {
        Some(control::close(code, reason))
    }
}

fn torn(error: &io::Error) -> Arrival {
    Arrival::Broken(Broken { code: 1006, reason: error.to_string(), fault: None })
}
