//! Plan: one thing to measure: who sends what to whom, how fast, for how long.

use std::time::Duration;

use serde::Serialize;
use swergio_client::{Body, Codec, Tensor};

/// Bytes that a window of large messages holds, about.
const WINDOW_BYTES: usize = 64 << 20;

/// Says what one run measures.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) shape: Shape,
    pub(super) codec: Spelling,
    /// Bytes of a payload.
    pub(super) size: usize,
    pub(super) warm_up: Duration,
    pub(super) until: Until,
    pub(super) pace: Pace,
}

/// Says who talks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Pairs, each in a room of its own: one sends, the other sends back.
    RoundTrip { pairs: usize },
    /// Rooms with one sender and so many receivers each.
    Stream { name: &'static str, rooms: usize, members: usize },
    /// Members of one room where nothing is said but one message.
    Idle { connections: usize },
}

/// Says when a sender has sent enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Until {
    Time(Duration),
    /// Messages of each sender.
    Messages(u64),
}

/// Says what a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pace {
    /// Until all receivers have heard enough: at most so many messages of a sender are under way.
    Window(u64),
    /// The hour: so many messages a second, of all senders together, whatever the broker does.
    Rate(f64),
}

/// Names a codec on the command line and in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Spelling {
    /// MessagePack; the payload is a tensor of bytes
    Msgpack,
    /// JSON; the payload is text
    Json,
}

impl Plan {
    /// Counts the senders, and with them the rooms.
    pub(super) fn lanes(&self) -> usize {
        match self.shape {
            Shape::RoundTrip { pairs } => pairs,
            Shape::Stream { rooms, .. } => rooms,
            Shape::Idle { .. } => 1,
        }
    }

    /// Counts who hears each message of a lane and takes note of it.
    pub(super) fn receivers(&self) -> usize {
        match self.shape {
            Shape::RoundTrip { .. } => 1,
            Shape::Stream { members, .. } => members,
            Shape::Idle { connections } => connections,
        }
    }

    /// Counts the deliveries that the broker makes until one receiver takes note of one message.
    pub(super) fn hops(&self) -> u64 {
        if self.goes_back() { 2 } else { 1 }
    }

    /// Counts the connections that it needs.
    pub(super) fn connections(&self) -> usize {
        self.lanes().saturating_mul(self.receivers().saturating_add(1))
    }

    /// Tells whether it is about connections that say nothing.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.shape, Shape::Idle { .. })
    }

    /// Tells whether receivers send back what they hear.
    pub(super) fn goes_back(&self) -> bool {
        matches!(self.shape, Shape::RoundTrip { .. })
    }

    /// Tells whether a sender waits for each answer before it sends again.
    pub(super) fn is_one_by_one(&self) -> bool {
        self.goes_back() && matches!(self.pace, Pace::Window(_))
    }

    /// Returns how many messages of a sender may be under way.
    pub(super) fn window(&self) -> u64 {
        match self.pace {
            Pace::Rate(_) => 1,
            Pace::Window(messages) => messages,
        }
    }

    /// Chooses a window that keeps everybody busy and fits into what waits for a member.
    pub(super) fn usual_window(shape: Shape, size: usize) -> u64 {
        match shape {
            Shape::RoundTrip { .. } => 1,
            _ => (WINDOW_BYTES / size.max(1)).clamp(2, 512) as u64,
        }
    }

    /// Names it: `fan-out 1→100`.
    pub(super) fn title(&self) -> String {
        match self.shape {
            Shape::RoundTrip { pairs: 1 } => "round-trip".to_owned(),
            Shape::RoundTrip { pairs } => format!("round-trip, {pairs} pairs"),
            Shape::Stream { name, rooms: 1, members: 1 } => name.to_owned(),
            Shape::Stream { name, rooms: 1, members } => format!("{name} 1→{members}"),
            Shape::Stream { name, rooms, members } => format!("{name} {rooms} × 1→{members}"),
            Shape::Idle { connections } => format!("idle, {connections} connections"),
        }
    }

    /// Names its scenario as the command line does.
    pub(super) fn scenario(&self) -> &'static str {
        match self.shape {
            Shape::RoundTrip { .. } => "round-trip",
            Shape::Stream { name, .. } => name,
            Shape::Idle { .. } => "idle",
        }
    }

    /// Makes the payload that every message carries; it is spelt once.
    pub(super) fn payload(&self) -> anyhow::Result<Body> {
        Ok(match self.codec {
            Spelling::Msgpack => Body::from(Tensor::from_u8([self.size], &vec![b'x'; self.size])?),
            Spelling::Json => Body::of(&"x".repeat(self.size))?,
        })
    }
}

impl Until {
    /// Tells whether a sender is done.
    pub(super) fn is_over(self, sent: u64, time: Duration) -> bool {
        match self {
            Self::Time(most) => time >= most,
            Self::Messages(most) => sent >= most,
        }
    }

    /// Returns how many of `wanted` messages may still be sent.
    pub(super) fn of(self, wanted: u64, sent: u64) -> u64 {
        match self {
            Self::Time(_) => wanted,
            Self::Messages(most) => wanted.min(most.saturating_sub(sent)),
        }
    }
}

impl Spelling {
    pub(super) fn codec(self) -> Codec {
        match self {
            Self::Msgpack => Codec::MsgPack,
            Self::Json => Codec::Json,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Msgpack => "msgpack",
            Self::Json => "json",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_window_is_within_bounds() {
        let stream = Shape::Stream { name: "large", rooms: 1, members: 1 };
        let windows = [1, 100, 1 << 20, 16 << 20, 1 << 30].map(|size| Plan::usual_window(stream, size));
        assert_eq!(windows, [512, 512, 64, 4, 2]);
        assert_eq!(Plan::usual_window(Shape::RoundTrip { pairs: 9 }, 100), 1);
    }

    #[test]
    fn enough_is_a_time_or_a_number() {
        let time = Until::Time(Duration::from_secs(1));
        assert!(!time.is_over(u64::MAX, Duration::ZERO) && time.is_over(0, Duration::from_secs(1)));
        assert_eq!(time.of(128, 1_000_000), 128);
        let number = Until::Messages(300);
        assert!(!number.is_over(299, Duration::MAX) && number.is_over(300, Duration::ZERO));
        assert_eq!([number.of(128, 0), number.of(128, 256), number.of(128, 300)], [128, 44, 0]);
    }
}
