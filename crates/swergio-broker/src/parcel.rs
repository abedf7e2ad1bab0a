//! Parcel: what is handed out at once, a frame or a run of frames, sealed in the dialect of their sender.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use swergio_proto::{Codec, Frame, splice_sent_by};

use crate::dialect::Dialect;
use crate::packet::{Ledger, Packet};

/// Holds frames of one sender that go to the same address, and the packet that most of their recipients share.
#[derive(Debug)]
pub(crate) struct Parcel<'p> {
    pub(crate) dialect: Dialect,
    pub(crate) packet: Arc<Packet>,
    frames: Frames<'p>,
}

#[derive(Debug)]
enum Frames<'p> {
    One(&'p Frame),
    /// A frame as it came, of which the packet has a signed version.
    Unsigned(&'p Frame, &'p str),
    /// The places of the payloads within the wire's bytes.
    Run(Bytes, &'p [Range<usize>]),
}

/// Holds a parcel's frames in another dialect.
#[derive(Debug)]
pub(crate) struct Resealed {
    /// The packet; none where not one of the frames can be told in that dialect.
    pub(crate) packet: Option<Arc<Packet>>,
    /// How many frames are missing, because their length does not fit into a header.
    pub(crate) too_long: usize,
}

impl<'p> Parcel<'p> {
    /// Takes a frame and the packet that it was sealed into.
    pub(crate) fn one(frame: &'p Frame, dialect: Dialect, packet: Arc<Packet>) -> Self {
        Self { dialect, packet, frames: Frames::One(frame) }
    }

    /// Takes a frame that lacks SENT_BY and the packet in which it has `name` for it.
    pub(crate) fn signed(frame: &'p Frame, name: &'p str, dialect: Dialect, ledger: &Arc<Ledger>) -> Self {
        let (dialect, packet) = Packet::signed(frame, name, dialect, ledger);
        Self { dialect, packet, frames: Frames::Unsigned(frame, name) }
    }

    /// Takes frames that lie, each behind its header, one after another in `wire`.
    pub(crate) fn run(
        wire: Bytes,
        places: &'p [Range<usize>],
        dialect: Dialect,
        ledger: &Arc<Ledger>,
    ) -> Self {
        let packet = Packet::run(wire.clone(), places.len(), ledger);
        Self { dialect, packet, frames: Frames::Run(wire, places) }
    }

    pub(crate) fn codec(&self) -> Codec {
        self.dialect.codec()
    }

    /// Returns the frames, in order.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        match &self.frames {
            Frames::One(frame) => vec![(*frame).clone()],
            Frames::Unsigned(frame, name) => {
                let mut signed = Vec::new();
                splice_sent_by(frame, name, &mut signed);
                vec![Frame::new(frame.codec(), signed)]
            }
            Frames::Run(wire, places) => {
                let codec = self.dialect.codec();
                places.iter().map(|place| Frame::new(codec, wire.slice(place.clone()))).collect()
            }
        }
    }
}

impl Resealed {
    /// Seals frames into one packet of another dialect, leaving out what that cannot tell.
    pub(crate) fn of(frames: &[Frame], dialect: Dialect, ledger: &Arc<Ledger>) -> Self {
        let told: Vec<&Frame> = frames.iter().filter(|frame| dialect.can_say(frame.len())).collect();
        let packet = match &told[..] {
            [] => None,
            [frame] => Some(Packet::seal(frame, dialect, ledger)),
            told => {
                let mut wire = Vec::with_capacity(told.iter().map(|frame| frame.len() + 16).sum());
                for frame in told {
                    wire.extend_from_slice(dialect.header(frame.len()).bytes());
                    wire.extend_from_slice(frame.bytes());
                }
                Some(Packet::run(wire.into(), told.len(), ledger))
            }
        };
        Self { packet, too_long: frames.len() - told.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Slices;

    const NARROW: Dialect = Dialect::Tcp { header: 1 };

    fn wire(packet: &Packet) -> Vec<u8> {
        let mut slices = Slices::new();
        packet.slices(0, &mut slices);
        slices.iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn a_run_remembers_where_its_frames_lie() {
        let parcel = Parcel::run(
            Bytes::from_static(b"\x81\x02{}\x81\x03{ }"),
            &[2..4, 6..9],
            Dialect::WebSocketJson,
            &Arc::default(),
        );
        assert_eq!(parcel.frames(), [Frame::json("{}"), Frame::json("{ }")]);
        assert_eq!((parcel.packet.frames(), parcel.packet.len()), (2, 9));
    }

    /// R33: what a header cannot say is left out and counted; the rest goes on, in order.
    #[test]
    fn a_resealed_run_leaves_out_what_a_header_cannot_say() {
        let frames = [Frame::json("{}"), Frame::json("[1, 2, 3, 4]"), Frame::json("{ }")];
        let resealed = Resealed::of(&frames, NARROW, &Arc::default());
        let packet = resealed.packet.unwrap();
        assert_eq!((wire(&packet), packet.frames(), resealed.too_long), (b"2{}3{ }".to_vec(), 2, 1));
        assert!(Resealed::of(&frames[1..2], NARROW, &Arc::default()).packet.is_none());
    }
}
