//! Member: what one component's messages do to the broker, step by step.

use std::sync::Arc;

use bytes::Bytes;
use swergio_proto::{
    Act, Codec, Envelope, Fault, Frame, Grant, Head, Kind, Notice, Route, Session, respell_as_python,
    splice_sent_by, wrap_log,
};

use crate::broker::Inner;
use crate::fanout::Fanout;
use crate::hub;
use crate::outbox::Outbox;
use crate::packet::{Dialect, HEADROOM, Packet};

/// Bytes that a spliced name takes besides itself, generously.
const SPLICE_ROOM: usize = 64;

pub(crate) struct Member {
    session: Session,
    outbox: Arc<Outbox>,
    broker: Arc<Inner>,
    bells: Vec<Arc<Outbox>>,
    registered: bool,
}

impl Member {
    pub(crate) fn new(broker: Arc<Inner>, outbox: Arc<Outbox>, grant: Arc<Grant>) -> Self {
        let session = Session::new(broker.rules.clone(), grant);
        Self { session, outbox, broker, bells: Vec::new(), registered: false }
    }

    /// Registers and joins on behalf of a peer that asked for it in its address.
    pub(crate) fn introduce(&mut self, name: &str, rooms: &[&str]) {
        let register = [(Kind::REGISTER, "NAME", name)];
        let joins = rooms.iter().map(|room| (Kind::JOINROOM, "ROOM", *room));
        for (kind, field, value) in register.into_iter().chain(joins) {
            let asked =
                Envelope::new(kind).with_field(field, value).and_then(|asked| asked.encode(Codec::Json));
            match asked {
                Ok(frame) => drop(self.receive(&frame, None)),
                Err(fault) => self.blame(None, &fault),
            }
        }
        self.ring();
    }

    /// Tells, once, that the peer has registered.
    pub(crate) fn take_registered(&mut self) -> bool {
        std::mem::take(&mut self.registered)
    }

    /// Rings the bells of all who were told something since the last time.
    pub(crate) fn ring(&mut self) {
        hub::ring(&mut self.bells);
        self.broker.hub.shed(self.broker.config.limits.outboxes_bytes);
    }

    /// Gives up the member's seats.
    pub(crate) fn vacate(&mut self) {
        self.ring();
        self.broker.hub.vacate(&self.outbox, self.session.rooms());
    }

    /// Takes in one message. Returns `false` when it was the last one.
    pub(crate) fn receive(&mut self, frame: &Frame, wire: Option<Bytes>) -> bool {
        self.broker.hub.meter.received(frame.codec(), frame.len());
        let head = match Head::peek(frame, self.broker.rules.limits.nesting) {
            Ok(head) => head,
            Err(fault) => {
                self.blame(None, &fault);
                return true;
            }
        };
        match self.session.receive(&head) {
            Ok(step) => {
                let disconnects = step.act == Act::Disconnect;
                match self.act(step.act) {
                    Ok(()) => self.route(frame, wire, step.route, &head),
                    Err(fault) => self.blame(head.id.text(), &fault),
                }
                !disconnects
            }
            Err(fault) => {
                self.blame(head.id.text(), &fault);
                true
            }
        }
    }

    fn act(&mut self, act: Act) -> Result<(), Fault> {
        let broker = Arc::clone(&self.broker);
        let hub = &broker.hub;
        match act {
            Act::Say | Act::Disconnect => {}
            Act::Register { name, was } => {
                hub.register(&name, was.as_ref(), &self.outbox, self.session.rooms());
                self.registered = true;
                self.notify(&Notice::Welcome {
                    name: name.as_str(),
                    session: self.outbox.seat.0,
                    node: &broker.config.node,
                    limits: &broker.rules.limits,
                });
            }
            Act::Join(room) => {
                let name = self.session.name().ok_or(Fault::Unregistered)?;
                if let Err(fault) = hub.join(&room, name, &self.outbox) {
                    self.session.undo_join(&room);
                    return Err(fault);
                }
            }
            Act::Leave(room) => {
                let name = self.session.name().ok_or(Fault::Unregistered)?;
                hub.leave(&room, name, self.outbox.seat);
            }
        }
        Ok(())
    }

    fn route(&mut self, frame: &Frame, wire: Option<Bytes>, route: Route<'_>, head: &Head<'_>) {
        let logs = route.logged && self.broker.config.log_room && self.broker.hub.hears_logs();
        let mut receivers = 0;
        if route.room.is_some() || route.member.is_some() || logs {
            match self.sign(frame, wire, route.unsigned) {
                Ok((frame, packet)) => receivers = self.deliver(&frame, packet, route, logs),
                Err(fault) => return self.blame(head.id.text(), &fault),
            }
        }
        if route.ack {
            self.notify(&Notice::Ack { reference: head.id.text(), receivers });
        }
    }

    /// Makes a frame ready to be handed out: with SENT_BY spliced in where it lacks one, else as it came.
    fn sign(
        &self,
        frame: &Frame,
        wire: Option<Bytes>,
        unsigned: bool,
    ) -> Result<(Frame, Option<Arc<Packet>>), Fault> {
        let ledger = &self.broker.hub.ledger;
        if !unsigned {
            return Ok((frame.clone(), wire.map(|wire| Packet::verbatim(wire, ledger))));
        }
        let name = self.session.name().ok_or(Fault::Unregistered)?.as_str();
        let mut buffer = Vec::with_capacity(HEADROOM + frame.len() + name.len() + SPLICE_ROOM);
        buffer.resize(HEADROOM, 0);
        if self.broker.rules.upstream && frame.codec() == Codec::Json {
            respell_as_python(frame, Some(name), self.broker.rules.limits.nesting, &mut buffer)?;
        } else {
            splice_sent_by(frame, name, &mut buffer);
        }
        let (frame, packet) = Packet::build(buffer, self.dialect_of(frame.codec()), ledger);
        Ok((frame, Some(packet)))
    }

    /// Chooses the dialect that a frame of this member is built in: its own, unless it sent the other codec.
    fn dialect_of(&self, codec: Codec) -> Dialect {
        let own = self.outbox.dialect;
        if own.codec() == codec { own } else { Dialect::web_socket(codec) }
    }

    fn deliver(&mut self, frame: &Frame, packet: Option<Arc<Packet>>, route: Route<'_>, logs: bool) -> usize {
        let (hub, limits) = (&self.broker.hub, &self.broker.rules.limits);
        let (dialect, from) = (self.dialect_of(frame.codec()), self.outbox.seat);
        let mut fanout = Fanout::message(hub, &mut self.bells, limits.nesting);
        if let Some(packet) = packet {
            fanout = fanout.sealed_as(dialect, packet);
        }
        let addresses = [route.room, route.member];
        let receivers =
            addresses.into_iter().flatten().map(|to| hub.publish(to, from, frame, &mut fanout)).sum();
        drop(fanout);
        if logs {
            self.log(frame);
        }
        receivers
    }

    /// Sends a copy to `_logging`, in upstream's way spelt as Python spells it.
    fn log(&mut self, frame: &Frame) {
        let nesting = self.broker.rules.limits.nesting;
        let mut respelt = Vec::new();
        let python = self.broker.rules.upstream && frame.codec() == Codec::Json;
        let entry = if python && respell_as_python(frame, None, nesting, &mut respelt).is_ok() {
            wrap_log(&Frame::json(respelt), &fresh_id())
        } else {
            wrap_log(frame, &fresh_id())
        };
        // The entry nests one deeper than what it wraps, which was checked at the door.
        let mut fanout = Fanout::message(&self.broker.hub, &mut self.bells, nesting + 1);
        self.broker.hub.publish_log(&entry, &mut fanout);
    }

    fn blame(&mut self, reference: Option<&str>, fault: &Fault) {
        self.broker.hub.meter.fault(fault);
        tracing::debug!(session = self.outbox.seat.0, code = fault.code(), "refused: {fault}");
        self.notify(&Notice::Error { reference, fault });
    }

    fn notify(&mut self, notice: &Notice<'_>) {
        if self.outbox.dialect.takes_notices() {
            let frame = notice.encode(self.outbox.dialect.codec());
            let mut fanout = Fanout::notice(&self.broker.hub, &mut self.bells);
            swergio_proto::Effects::deliver(&mut fanout, &self.outbox, &frame);
        }
    }
}

/// Makes an identifier as upstream does: a random UUID, 32 lower-case hex digits.
fn fresh_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
