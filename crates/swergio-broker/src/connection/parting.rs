//! Parting: how a connection ends, whoever ends it.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use swergio_proto::Fault;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::{Connection, Peer, Stage, give_turn};
use crate::link::{Broken, Link};
use crate::packet::Packet;

/// Reads of what a peer sends while it is being left, before other connections have a turn.
const FAREWELLS: usize = 128;

impl<T: AsyncRead + AsyncWrite + Unpin, L: Link> Connection<T, L> {
    pub(super) fn break_off(&mut self, broken: &Broken) {
        if let Some(fault) = &broken.fault {
            self.broker.hub.meter.fault(fault);
        }
        tracing::debug!(session = self.outbox.seat.0, reason = broken.reason, "the framing is lost");
        let spoken = broken.code != 1006;
        self.leave(spoken.then(|| self.link.goodbye(broken.code, &broken.reason)).flatten());
    }

    /// Gives up the seat; what waits is still written, then the farewell, then the stream is shut.
    pub(super) fn leave(&mut self, farewell: Option<Bytes>) {
        if self.stage != Stage::Open {
            return;
        }
        self.stage = Stage::Leaving;
        self.link.forget();
        if let Peer::Member(member) = &mut self.peer {
            member.vacate();
        }
        self.outbox.close(Fault::Draining);
        let mut writer = self.outbox.writer();
        self.outbox.take(&mut writer.queue, Waker::noop());
        if let Some(farewell) = farewell {
            writer.queue.push_back(Packet::verbatim(farewell, &self.broker.hub.ledger));
        }
        drop(writer);
        self.liveness.leaving(Instant::now(), self.broker.config.limits.linger);
        self.alarm.as_mut().reset(self.liveness.due());
    }

    /// Tells the peer why it is closed: after what waits, or, if it reads too slowly, instead of it.
    pub(super) fn close_for(&mut self, fault: &Fault) {
        if *fault == Fault::Slow {
            self.cut_short();
        }
        self.broker.hub.meter.fault(fault);
        let (session, code) = (self.outbox.seat.0, fault.code());
        if *fault == Fault::Draining {
            tracing::debug!(session, code, "closing: {fault}");
        } else {
            tracing::info!(session, code, "closing: {fault}");
        }
        self.leave(self.link.goodbye(fault.close_code(), &fault.to_string()));
    }

    /// Gives up what still waits for a peer that is leaving: the room is needed.
    pub(super) fn leave_faster(&mut self) {
        if self.cut_short || self.cut_short() == 0 {
            return;
        }
        self.broker.hub.meter.fault(&Fault::Slow);
        if let Some(goodbye) = self.link.goodbye(Fault::Slow.close_code(), &Fault::Slow.to_string()) {
            self.outbox.writer().queue.push_back(Packet::verbatim(goodbye, &self.broker.hub.ledger));
        }
    }

    /// Drops what waits, but for the packet that has begun, and returns how many frames that were.
    pub(super) fn cut_short(&mut self) -> usize {
        self.cut_short = true;
        let dropped = self.outbox.writer().cut_short();
        self.outbox.written(dropped.frames, dropped.packet_bytes);
        dropped.frames
    }

    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) {
        match Pin::new(&mut self.io).poll_shutdown(cx) {
            Poll::Ready(Ok(())) => self.stage = Stage::Shut,
            Poll::Ready(Err(_)) => self.give_up(),
            Poll::Pending => {}
        }
    }

    /// Reads away what the peer still sends, so that closing does not reset what it has not read yet.
    pub(super) fn poll_farewell(&mut self, cx: &mut Context<'_>) {
        let mut waste = [0; 1024];
        for _ in 0..FAREWELLS {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut self.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return self.give_up(),
                Poll::Pending => return,
            }
        }
        give_turn(cx);
    }

    pub(super) fn give_up(&mut self) {
        self.leave(None);
        self.stage = Stage::Ended;
    }
}
