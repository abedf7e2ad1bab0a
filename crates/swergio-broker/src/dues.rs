//! Dues: what one read batch leaves to be settled at its end: bells to ring and figures to add.

use std::sync::Arc;

use swergio_proto::Codec;

use crate::meter::Meter;
use crate::outbox::Outbox;

/// Bytes that a sender writes to its receivers' sockets itself, once for a batch.
const THROUGH: usize = 1 << 20;

/// Collects, while messages are taken in one after another, what is done once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Dues {
    /// Outboxes that turned non-empty.
    bells: Vec<Arc<Outbox>>,
    received: [u64; 2],
    received_bytes: u64,
    delivered: u64,
}

impl Dues {
    /// Counts a message of so many bytes that came.
    #[inline]
    pub(crate) fn received(&mut self, codec: Codec, bytes: usize) {
        self.received[usize::from(codec == Codec::MsgPack)] += 1;
        self.received_bytes += bytes as u64;
    }

    /// Counts frames that were put into an outbox.
    pub(crate) fn delivered(&mut self, frames: usize) {
        self.delivered += frames as u64;
    }

    /// Remembers to ring the bell of `outbox`.
    pub(crate) fn bell(&mut self, outbox: &Arc<Outbox>) {
        self.bells.push(Arc::clone(outbox));
    }

    /// Writes to every outbox that is due, or rings its bell, and adds the figures to those of the broker.
    ///
    /// One who has much to write leaves some of it to the others' own tasks, which may have more processors.
    pub(crate) fn settle(&mut self, meter: &Meter) {
        meter.received(std::mem::take(&mut self.received), std::mem::take(&mut self.received_bytes));
        meter.delivered(std::mem::take(&mut self.delivered));
        let mut written = 0;
        for outbox in self.bells.drain(..) {
            if written < THROUGH {
                written += outbox.write_through().bytes;
            } else {
                outbox.ring();
            }
        }
        if written > 0 {
            meter.sent(written);
        }
    }
}
