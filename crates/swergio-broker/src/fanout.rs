//! Fanout: hands one frame to many outboxes, encoding it once for each dialect among them.

use std::sync::Arc;

use swergio_proto::{Effects, Frame, transcode};

use crate::hub::Hub;
use crate::outbox::{Outbox, Pushed};
use crate::packet::{Dialect, Packet, fits};

/// Collects what the delivery of one frame causes.
pub(crate) struct Fanout<'f> {
    hub: &'f Hub,
    /// Outboxes that turned non-empty; rung once the read batch is over.
    bells: &'f mut Vec<Arc<Outbox>>,
    sealed: [Option<Arc<Packet>>; Dialect::COUNT],
    /// Recipients of the other codec, served after the lock is let go.
    strangers: Vec<Arc<Outbox>>,
    /// Whether the frame is the broker's own, and of a kind that upstream's clients do not know.
    notice: bool,
    nesting: usize,
    delivered: usize,
}

impl<'f> Fanout<'f> {
    /// Prepares to hand out a member's frame.
    pub(crate) fn message(hub: &'f Hub, bells: &'f mut Vec<Arc<Outbox>>, nesting: usize) -> Self {
        let sealed = Default::default();
        Self { hub, bells, sealed, strangers: Vec::new(), notice: false, nesting, delivered: 0 }
    }

    /// Prepares to hand out a notice of the broker's own, which upstream's clients are spared.
    pub(crate) fn notice(hub: &'f Hub, bells: &'f mut Vec<Arc<Outbox>>) -> Self {
        let mut fanout = Self::message(hub, bells, usize::MAX);
        fanout.notice = true;
        fanout
    }

    /// Brings a packet that exists already, so that recipients of its dialect share it.
    pub(crate) fn sealed_as(mut self, dialect: Dialect, packet: Arc<Packet>) -> Self {
        self.sealed[dialect.index()] = Some(packet);
        self
    }

    /// Counts the outboxes that have taken the frame.
    pub(crate) fn delivered(&self) -> usize {
        self.delivered
    }

    /// Hands the frame, spelt in the other codec, to those who speak that; outside any lock.
    pub(crate) fn hand_to_strangers(&mut self, frame: &Frame) {
        let strangers = std::mem::take(&mut self.strangers);
        let Some(first) = strangers.first() else { return };
        match transcode(frame, first.dialect.codec(), self.nesting) {
            Ok(other) => strangers.iter().for_each(|to| self.hand(to, &other)),
            Err(fault) => {
                // What was checked at the door can be spelt in either codec, but for what JSON cannot hold.
                self.hub.meter.fault(&fault);
                tracing::debug!(%fault, receivers = strangers.len(), "a frame could not be transcoded");
            }
        }
    }

    fn hand(&mut self, to: &Arc<Outbox>, frame: &Frame) {
        if let Dialect::Tcp { header } = to.dialect
            && !fits(header, frame.len())
        {
            self.hub.meter.too_long_for_header();
            return;
        }
        let (ledger, dialect) = (&self.hub.ledger, to.dialect);
        let packet = self.sealed[dialect.index()].get_or_insert_with(|| Packet::seal(frame, dialect, ledger));
        match to.push(packet) {
            Pushed::Waits => self.delivered += 1,
            Pushed::Ring => {
                self.delivered += 1;
                self.bells.push(Arc::clone(to));
            }
            Pushed::Overflow => self.bells.push(Arc::clone(to)),
            Pushed::Closed => {}
        }
    }
}

impl Drop for Fanout<'_> {
    fn drop(&mut self) {
        self.hub.meter.delivered(self.delivered);
    }
}

impl Effects<Arc<Outbox>> for Fanout<'_> {
    fn deliver(&mut self, to: &Arc<Outbox>, frame: &Frame) {
        if self.notice && !to.dialect.takes_notices() {
            return;
        }
        if to.dialect.codec() == frame.codec() {
            self.hand(to, frame);
        } else {
            self.strangers.push(Arc::clone(to));
        }
    }

    fn interest(&mut self, _: swergio_proto::Address<'_>, _: bool) {}
}
