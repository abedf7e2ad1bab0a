//! Delivery: how a member's messages leave: gathered into runs, or alone.

use std::sync::Arc;

use swergio_proto::{
    Address, AddressBuf, Codec, Fault, Frame, Route, SeatId, Signature, View, respell_as_python, wrap_log,
};

use super::Member;
use crate::broker::Inner;
use crate::dialect::{Dialect, HEADROOM};
use crate::dues::Dues;
use crate::fanout::Fanout;
use crate::link::Heard;
use crate::outbox::Outbox;
use crate::packet::{COPIED, Packet};
use crate::parcel::Parcel;
use crate::run::{Joined, Run};

/// Is a packet, and the dialect that it is in.
type Sealed = (Dialect, Arc<Packet>);

impl Member {
    /// Returns where a frame goes that may wait for others; what goes two ways must not, as their order would suffer.
    pub(super) fn gathers<'h>(
        &self,
        heard: &Heard<'_>,
        route: &Route<'h>,
        logs: bool,
    ) -> Option<Address<'h>> {
        let small = heard.len() <= COPIED;
        match (route.room, route.member) {
            (Some(to), None) | (None, Some(to)) if small && !logs && !route.ack => Some(to),
            _ => None,
        }
    }

    /// Appends a message to the run, handing out first what goes elsewhere.
    pub(super) fn gather(&mut self, heard: &Heard<'_>, to: Address<'_>, unsigned: bool) -> Result<(), Fault> {
        let dialect = self.dialect_of(heard.codec());
        if !self.run.goes(to, dialect) {
            self.hand_out_run();
            self.run.turn(to, dialect);
        }
        self.append(heard, unsigned)
    }

    /// Appends a message that goes where the run goes.
    #[inline]
    pub(super) fn append(&mut self, heard: &Heard<'_>, unsigned: bool) -> Result<(), Fault> {
        let signature = self.signature.as_ref().ok_or(Fault::Unregistered)?;
        let len = heard.len() + if unsigned { signature.gain(heard.codec()) } else { 0 };
        if !self.run.has_room(len) {
            hand_out(&mut self.run, &self.broker, &self.outbox, &mut self.dues);
        }
        let joined = match heard.forwardable().filter(|_| !unsigned) {
            Some((wire, header)) => {
                self.run.append_verbatim(wire, header);
                Joined::Joined
            }
            None if unsigned => {
                self.run.append(len, |out| sign(heard.view(), signature, &self.broker, out))?
            }
            None => self.run.append(len, |out| {
                out.extend_from_slice(heard.view().bytes());
                Ok(())
            })?,
        };
        if let Joined::TooLong(payload) = joined {
            let to = self.run.to();
            self.hand_out_run();
            self.deliver(&Frame::new(heard.codec(), payload), None, &[to.as_ref().map(AddressBuf::address)]);
        }
        Ok(())
    }

    /// Makes a message ready to be handed out alone: with SENT_BY where it lacks one, else as it came.
    pub(super) fn ready(
        &self,
        frame: Frame,
        heard: &Heard<'_>,
        unsigned: bool,
    ) -> Result<(Frame, Option<Sealed>), Fault> {
        let (ledger, own) = (&self.broker.hub.ledger, self.dialect_of(frame.codec()));
        if !unsigned {
            return Ok((frame, heard.wire().map(|wire| (own, Packet::verbatim(wire, ledger)))));
        }
        let signature = self.signature.as_ref().ok_or(Fault::Unregistered)?;
        let mut buffer = Vec::with_capacity(HEADROOM + frame.len() + signature.gain(frame.codec()));
        buffer.resize(HEADROOM, 0);
        sign(frame.view(), signature, &self.broker, &mut buffer)?;
        let dialect = own.for_payload(buffer.len() - HEADROOM);
        let (frame, packet) = Packet::build(buffer, dialect, ledger);
        Ok((frame, Some((dialect, packet))))
    }

    /// Chooses the dialect that a frame of this member is built in: its own, unless it sent the other codec.
    fn dialect_of(&self, codec: Codec) -> Dialect {
        let own = self.outbox.dialect;
        if own.codec() == codec { own } else { Dialect::web_socket(codec) }
    }

    /// Hands a frame to everybody at each address, and returns to how many.
    pub(super) fn deliver(
        &mut self,
        frame: &Frame,
        sealed: Option<Sealed>,
        addresses: &[Option<Address<'_>>],
    ) -> usize {
        let (hub, from) = (&self.broker.hub, self.outbox.seat);
        let (dialect, packet) = sealed.unwrap_or_else(|| {
            let dialect = self.dialect_of(frame.codec()).for_payload(frame.len());
            (dialect, Packet::seal(frame, dialect, &hub.ledger))
        });
        let parcel = Parcel::one(frame, dialect, packet);
        hand_round(&parcel, addresses, from, &self.broker, &mut self.dues)
    }

    /// Tells whether a frame can be signed without copying it: it is large, and its spelling stays.
    pub(super) fn keeps(&self, frame: &Frame) -> bool {
        frame.len() > COPIED && !(self.broker.rules.upstream && frame.codec() == Codec::Json)
    }

    /// Hands a frame that lacks SENT_BY to everybody at each address, signed, and returns to how many.
    pub(super) fn deliver_signed(
        &mut self,
        frame: &Frame,
        addresses: &[Option<Address<'_>>],
    ) -> Result<usize, Fault> {
        let name = self.session.name().ok_or(Fault::Unregistered)?.as_str();
        let dialect = self.dialect_of(frame.codec());
        let parcel = Parcel::signed(frame, name, dialect, &self.broker.hub.ledger);
        Ok(hand_round(&parcel, addresses, self.outbox.seat, &self.broker, &mut self.dues))
    }

    pub(super) fn hand_out_run(&mut self) {
        hand_out(&mut self.run, &self.broker, &self.outbox, &mut self.dues);
    }

    /// Sends a copy to `_logging`, in upstream's way spelt as Python spells it.
    pub(super) fn log(&mut self, frame: &Frame) {
        let nesting = self.broker.rules.limits.nesting;
        let mut respelt = Vec::new();
        let python = self.broker.rules.upstream && frame.codec() == Codec::Json;
        let entry = if python && respell_as_python(frame, None, nesting, &mut respelt).is_ok() {
            wrap_log(&Frame::json(respelt), &fresh_id())
        } else {
            wrap_log(frame, &fresh_id())
        };
        // The entry nests one deeper than what it wraps, which was checked at the door.
        let mut fanout = Fanout::message(&self.broker.hub, &mut self.dues, nesting + 1);
        self.broker.hub.publish_log(&entry, &mut fanout);
    }
}

/// Hands a parcel to everybody at each address, and returns to how many.
fn hand_round(
    parcel: &Parcel<'_>,
    addresses: &[Option<Address<'_>>],
    from: SeatId,
    broker: &Inner,
    dues: &mut Dues,
) -> usize {
    let mut fanout = Fanout::message(&broker.hub, dues, broker.rules.limits.nesting);
    addresses.iter().flatten().map(|to| broker.hub.publish(*to, from, parcel, &mut fanout)).sum()
}

/// Hands out what was gathered.
fn hand_out(run: &mut Run, broker: &Inner, outbox: &Outbox, dues: &mut Dues) {
    let (hub, nesting) = (&broker.hub, broker.rules.limits.nesting);
    run.hand_out(&hub.ledger, |to, parcel| {
        hub.publish(to, outbox.seat, parcel, &mut Fanout::message(hub, dues, nesting));
    });
}

/// Appends a message that lacks SENT_BY to `out`, signed, in upstream's way spelt as Python spells it.
#[inline]
fn sign(frame: View<'_>, signature: &Signature, broker: &Inner, out: &mut Vec<u8>) -> Result<(), Fault> {
    if broker.rules.upstream && frame.codec() == Codec::Json {
        return respell_as_python(frame, Some(signature.name()), broker.rules.limits.nesting, out);
    }
    signature.splice(frame, out);
    Ok(())
}

/// Makes an identifier as upstream does: a random UUID, 32 lower-case hex digits.
fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
