//! Limits: every bound there is, in one struct.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Codec;

const MIB: usize = 1 << 20;
/// As deep as CPython 3.11 reads, signs and logs a message within the published server's threads.
const PYTHON_NESTING: usize = 989;
/// The published server has no bound on names; nobody's will be longer.
const PYTHON_NAME_BYTES: usize = 64 << 10;

/// Bounds every size, count and time of a connection and of a broker.
///
/// A peer that goes beyond one is told which (see [`Fault`](crate::Fault)); nothing else notices.
/// Durations are written in seconds in configuration files.
///
/// ```
/// use swergio_proto::Limits;
///
/// let limits = Limits { message_bytes: 1 << 20, ..Limits::default() };
/// assert_eq!(limits.nesting, 64);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one message, checked before they are allocated. Beyond it: `TOO_LARGE`, close 1009.
    pub message_bytes: usize,
    /// Bytes that a message in MessagePack may have on top: a tensor of `message_bytes` fits with what is around it.
    pub envelope_bytes: usize,
    /// Bytes of large messages' memory that a broker keeps for a moment, to read the next ones into; 64 messages' at most.
    pub spare_bytes: usize,
    /// Bytes of a member's name.
    pub name_bytes: usize,
    /// Bytes of a room's name.
    pub room_bytes: usize,
    /// Depth of nested lists and maps in one message.
    pub nesting: usize,
    /// Rooms that one connection may sit in.
    pub rooms_per_connection: usize,
    /// Rooms that may exist on one broker.
    pub rooms: usize,
    /// Connections that one broker serves; a further one is turned away with 503 or closed.
    pub connections: usize,
    /// Bytes that wait for one slow reader. Beyond it: `SLOW`, close 4000.
    pub outbox_bytes: usize,
    /// Frames that wait for one slow reader. Beyond it: `SLOW`, close 4000.
    pub outbox_frames: usize,
    /// Bytes that wait for all readers together, each shared frame counted once. Beyond it the reader with
    /// the most waiting is closed as `SLOW`. The `swergio-broker` program lowers it to a quarter of memory.
    pub outboxes_bytes: usize,
    /// Ways (sender, address, kind) that the room `_watch` is told of by themselves; those beyond are counted together.
    pub watch_flows: usize,
    /// Messages shown to the room `_watch` in each quarter of a second.
    pub watch_samples: usize,
    /// Bytes of messages that wait to be shown, and of what waits for one viewer; the oldest is forgotten beyond it.
    pub watch_bytes: usize,
    /// Seconds from the connection to the end of its handshake.
    #[serde(with = "seconds")]
    pub handshake: Duration,
    /// Bytes of the opening request's head, 8192 at least.
    pub handshake_bytes: usize,
    /// Header fields of the opening request.
    pub handshake_headers: usize,
    /// Seconds from the handshake to REGISTER. Beyond it: close 4001.
    #[serde(with = "seconds")]
    pub register: Duration,
    /// Seconds of silence after which a WebSocket peer is pinged.
    #[serde(with = "seconds")]
    pub ping: Duration,
    /// Seconds that a pinged peer has to answer. Beyond it: `IDLE`, close 4002.
    #[serde(with = "seconds")]
    pub pong: Duration,
    /// Seconds that a peer which is being closed has to take what waits for it.
    #[serde(with = "seconds")]
    pub linger: Duration,
    /// Seconds that a broker which shuts down gives its outboxes to drain.
    #[serde(with = "seconds")]
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 64 * MIB,
            envelope_bytes: 64 << 10,
            spare_bytes: 256 * MIB,
            name_bytes: 128,
            room_bytes: 256,
            nesting: 64,
            rooms_per_connection: 1024,
            rooms: 100_000,
            connections: 100_000,
            outbox_bytes: 256 * MIB,
            outbox_frames: 65_536,
            outboxes_bytes: 2048 * MIB,
            watch_flows: 4096,
            watch_samples: 200,
            watch_bytes: 8 * MIB,
            handshake: Duration::from_secs(5),
            handshake_bytes: 16 << 10,
            handshake_headers: 64,
            register: Duration::from_secs(30),
            ping: Duration::from_secs(25),
            pong: Duration::from_secs(10),
            linger: Duration::from_secs(30),
            drain: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// Counts the bytes that one message in `codec` may have.
    pub fn message_bytes_in(&self, codec: Codec) -> usize {
        match codec {
            Codec::Json => self.message_bytes,
            Codec::MsgPack => self.message_bytes.saturating_add(self.envelope_bytes),
        }
    }

    /// Widens the bounds that components of the published Python server may go beyond: on names and nesting.
    ///
    /// Those that were chosen stay as they are.
    ///
    /// ```
    /// use swergio_proto::Limits;
    ///
    /// let limits = Limits { room_bytes: 99, ..Limits::default() }.widened_for_upstream();
    /// assert_eq!((limits.name_bytes, limits.room_bytes, limits.nesting), (65_536, 99, 989));
    /// ```
    pub fn widened_for_upstream(mut self) -> Self {
        let (usual, long) = (Self::default(), PYTHON_NAME_BYTES);
        let widen = |bound: &mut usize, usual, wide| {
            if *bound == usual {
                *bound = wide;
            }
        };
        widen(&mut self.name_bytes, usual.name_bytes, long);
        widen(&mut self.room_bytes, usual.room_bytes, long);
        widen(&mut self.nesting, usual.nesting, PYTHON_NESTING);
        self
    }
}

mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(time.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(D::Error::custom)
    }
}
