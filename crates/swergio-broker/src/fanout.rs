//! Fanout: hands one parcel to many outboxes, sealing it once for each dialect among them.

use std::sync::Arc;

use swergio_proto::{Address, Effects, Fault, Frame, transcode};

use crate::dialect::Dialect;
use crate::dues::Dues;
use crate::hub::Hub;
use crate::outbox::{Outbox, Pushed};
use crate::packet::Packet;
use crate::parcel::{Parcel, Resealed};

/// Collects what the delivery of one parcel causes.
pub(crate) struct Fanout<'f> {
    hub: &'f Hub,
    dues: &'f mut Dues,
    /// The parcel in the dialects that it was not sealed in by its sender.
    resealed: [Option<Resealed>; Dialect::COUNT],
    /// Recipients of the other codec, served after the lock is let go.
    strangers: Vec<Arc<Outbox>>,
    nesting: usize,
    receivers: usize,
}

impl<'f> Fanout<'f> {
    /// Prepares to hand out a member's frames.
    pub(crate) fn message(hub: &'f Hub, dues: &'f mut Dues, nesting: usize) -> Self {
        Self { hub, dues, resealed: Default::default(), strangers: Vec::new(), nesting, receivers: 0 }
    }

    /// Counts the outboxes that have taken the parcel.
    pub(crate) fn receivers(&self) -> usize {
        self.receivers
    }

    /// Hands the frames, spelt in the other codec, to those who speak that; outside any lock.
    pub(crate) fn hand_to_strangers(&mut self, parcel: &Parcel<'_>) {
        let strangers = std::mem::take(&mut self.strangers);
        let Some(first) = strangers.first() else { return };
        let other = first.dialect.codec();
        let frames: Vec<Frame> = parcel
            .frames()
            .iter()
            .filter_map(|frame| transcode(frame, other, self.nesting).map_err(|fault| self.note(&fault)).ok())
            .collect();
        strangers.iter().for_each(|to| self.hand_resealed(to, || frames.clone()));
    }

    /// Takes note of a frame that JSON cannot hold; all else that was checked at the door can be spelt in either codec.
    fn note(&self, fault: &Fault) {
        self.hub.meter.fault(fault);
        tracing::debug!(%fault, "a frame could not be transcoded");
    }

    /// Hands out the frames in the dialect of `to`, sealing them if it is the first of that dialect.
    fn hand_resealed(&mut self, to: &Arc<Outbox>, frames: impl FnOnce() -> Vec<Frame>) {
        let (dialect, ledger) = (to.dialect, &self.hub.ledger);
        let resealed =
            self.resealed[dialect.index()].get_or_insert_with(|| Resealed::of(&frames(), dialect, ledger));
        if resealed.too_long > 0 {
            self.hub.meter.too_long_for_header(resealed.too_long);
        }
        if let Some(packet) = &resealed.packet {
            self.receivers += usize::from(push(to, packet, self.dues));
        }
    }
}

/// Puts a packet into an outbox, notes what follows from that, and tells whether the outbox has taken it.
pub(crate) fn push(to: &Arc<Outbox>, packet: &Arc<Packet>, dues: &mut Dues) -> bool {
    let pushed = to.push(packet);
    if matches!(pushed, Pushed::Ring | Pushed::Overflow) {
        dues.bell(to);
    }
    let taken = matches!(pushed, Pushed::Ring | Pushed::Waits);
    if taken {
        dues.delivered(packet.frames());
    }
    taken
}

impl Effects<Arc<Outbox>, Parcel<'_>> for Fanout<'_> {
    fn deliver(&mut self, to: &Arc<Outbox>, parcel: &Parcel<'_>) {
        if to.dialect == parcel.dialect {
            self.receivers += usize::from(push(to, &parcel.packet, self.dues));
        } else if to.dialect.codec() == parcel.codec() {
            // Under the lock, so that all of a codec hear the room in one order; it copies, and spells nothing anew.
            self.hand_resealed(to, || parcel.frames());
        } else {
            self.strangers.push(Arc::clone(to));
        }
    }

    fn interest(&mut self, _: Address<'_>, _: bool) {}
}
