//! Bounds: every queue, size and time of a client, in one struct.

use std::time::Duration;

use swergio_proto::Codec;

const MIB: usize = 1 << 20;
/// Bytes that the fields around a tensor may take.
const ENVELOPE: usize = 64 << 10;

/// Bounds what a client may hold, and how long it waits.
///
/// ```
/// use swergio_client::Bounds;
///
/// let bounds = Bounds { inbox: 16, ..Bounds::default() };
/// assert_eq!(bounds.outbox, 1024);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bounds {
    /// Messages that wait to be sent, also while there is no link. Beyond it `send` waits. At least 1. 1,024.
    pub outbox: usize,
    /// Bytes that wait to be sent. Beyond it `send` waits; a larger message goes alone. 128 MiB.
    pub outbox_bytes: usize,
    /// Messages that wait for one handler or one stream. Beyond it messages for it, and for it alone, are
    /// left out, and [`Event::CaughtUp`](crate::Event::CaughtUp) counts them. At least 1. 1,024.
    pub inbox: usize,
    /// Bytes that wait for one handler or one stream; as [`inbox`](Self::inbox). One message always fits. 256 MiB.
    pub inbox_bytes: usize,
    /// Requests that wait for an answer. Beyond it `request` and `send_acked` wait for one to end. 1,024.
    pub requests: usize,
    /// Events that wait for one listener. Beyond it the oldest are forgotten. 256.
    pub events: usize,
    /// Bytes of one message, in and out. Sending a larger one is an error, receiving one breaks the link. 64 MiB;
    /// in MessagePack 64 KiB more, so that a tensor of this size fits with what is around it.
    pub message_bytes: usize,
    /// Depth of nested lists and maps in one message. 64.
    pub nesting: usize,
    /// Frames that are read, or written, before the other direction has its turn. 64.
    pub batch: usize,
    /// Time from the first packet to the end of the WebSocket handshake. 10 s.
    pub handshake: Duration,
    /// Silence after which the broker is pinged. 25 s.
    pub ping: Duration,
    /// Time that a pinged broker has to send anything at all. Beyond it the link is given up. 10 s.
    pub pong: Duration,
    /// Time that a client which closes has to send what is queued. 5 s.
    pub linger: Duration,
}

impl Bounds {
    /// Counts the bytes that one message in `codec` may have.
    pub(crate) fn message_bytes_in(&self, codec: Codec) -> usize {
        match codec {
            Codec::Json => self.message_bytes,
            Codec::MsgPack => self.message_bytes.saturating_add(ENVELOPE),
        }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            outbox: 1024,
            outbox_bytes: 128 * MIB,
            inbox: 1024,
            inbox_bytes: 256 * MIB,
            requests: 1024,
            events: 256,
            message_bytes: 64 * MIB,
            nesting: 64,
            batch: 64,
            handshake: Duration::from_secs(10),
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            linger: Duration::from_secs(5),
        }
    }
}
