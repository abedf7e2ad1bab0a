//! Link: one framing of a byte stream. Bytes in, arrivals out.

mod heard;
pub(crate) mod tcp;
mod unread;
pub(crate) mod ws;

use std::task::{Context, Poll};

use bytes::Bytes;
use swergio_proto::Fault;
use tokio::io::AsyncRead;

use crate::dialect::Dialect;
pub(crate) use heard::Heard;

/// What a link makes of the bytes that came.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A message, which [`Link::message`] shows.
    Message,
    /// A sign of life that is no message.
    Sign,
    /// The peer ends the connection in order.
    End,
    /// The framing is lost, or the stream broke.
    Broken(Broken),
}

/// Says why a link cannot go on.
#[derive(Debug)]
pub(crate) struct Broken {
    /// The close code that tells the peer.
    pub(crate) code: u16,
    /// What went wrong, for the peer and the log.
    pub(crate) reason: String,
    /// The fault that is counted, where the peer is to blame.
    pub(crate) fault: Option<Fault>,
}

/// Speaks one framing. What it sends is made in [`packet`](crate::packet), once for all recipients.
pub(crate) trait Link: Send + Unpin + 'static {
    /// Names what the peer speaks.
    fn dialect(&self) -> Dialect;

    /// Reads until a message is whole.
    fn poll_receive<T: AsyncRead + Unpin>(&mut self, io: &mut T, cx: &mut Context<'_>) -> Poll<Arrival>;

    /// Shows the message that came last; to be called once after [`Arrival::Message`], before anything else is read.
    fn message(&mut self) -> Heard<'_>;

    /// Tells whether a part of a message has come whose rest the peer may hold back until the part is acknowledged.
    fn is_midway(&self) -> bool;

    /// Takes what the framing itself has to say, such as the answer to a ping.
    fn reply(&mut self) -> Option<Bytes>;

    /// Tells whether bytes came since the last time: part of a large message is a sign of life too.
    fn heard(&mut self) -> bool;

    /// Lets go of what came and was not understood: nothing more will be read.
    fn forget(&mut self);

    /// Spells a ping, if the framing has one.
    fn ping(&self) -> Option<Bytes>;

    /// Spells the end of the connection, if the framing has a way to say it.
    fn goodbye(&self, code: u16, reason: &str) -> Option<Bytes>;
}
