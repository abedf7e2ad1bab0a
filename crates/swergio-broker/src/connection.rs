//! Connection: one task per peer: read and write until one of them ends, then leave.

mod parting;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use swergio_proto::{Fault, Grant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::batch::{self, Batch};
use crate::broker::Inner;
use crate::dialect::Dialect;
use crate::link::{Arrival, Link};
use crate::liveness::{Due, Liveness};
use crate::member::Member;
use crate::outbox::Outbox;
use crate::packet::Packet;
use crate::socket::Mouth;
use crate::writer::Sent;

/// What the peer of a connection is to the broker.
pub(crate) enum Peer {
    /// A component, which registers, joins and speaks.
    Member(Box<Member>),
    /// A conformance suite, which is sent back whatever it sends.
    Echo,
}

/// Moves bytes between one socket and the broker.
pub(crate) struct Connection<T, L> {
    io: T,
    link: L,
    peer: Peer,
    broker: Arc<Inner>,
    outbox: Arc<Outbox>,
    liveness: Liveness,
    alarm: Pin<Box<Sleep>>,
    stage: Stage,
    batch: Batch,
    /// Whether receivers of the batch before have not been written to yet.
    owes: bool,
    /// Whether what waited has been given up already.
    cut_short: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Messages go both ways.
    Open,
    /// What waits is still written; what comes is not read any more.
    Leaving,
    /// Everything is written, the writing side is shut; the peer closes.
    Shut,
    Ended,
}

impl<T: AsyncRead + AsyncWrite + Unpin, L: Link> Connection<T, L> {
    /// Takes a seat for a connection whose handshake is over, or says why there is none.
    ///
    /// It is boxed, so that the tasks around it do not each keep room for it.
    pub(crate) fn open(
        broker: &Arc<Inner>,
        io: T,
        link: L,
        grant: Option<Arc<Grant>>,
    ) -> Result<Box<Self>, Fault> {
        let outbox = broker.enter(link.dialect())?;
        let now = Instant::now();
        let liveness = Liveness::new(now, &broker.config.limits);
        let peer = match grant {
            Some(grant) => {
                Peer::Member(Box::new(Member::new(Arc::clone(broker), Arc::clone(&outbox), grant)))
            }
            None => Peer::Echo,
        };
        Ok(Box::new(Self {
            io,
            link,
            peer,
            broker: Arc::clone(broker),
            alarm: Box::pin(sleep_until(liveness.due())),
            liveness,
            outbox,
            stage: Stage::Open,
            batch: Batch::new(&broker.config.limits),
            owes: false,
            cut_short: false,
        }))
    }

    /// Lets others write to the connection's socket too: who tells it something need not wake it for that.
    pub(crate) fn open_mouth(&mut self, mouth: Option<Arc<dyn Mouth>>) {
        self.outbox.writer().mouth = mouth;
    }

    /// Returns the member, to act for it before it has said anything.
    pub(crate) fn member(&mut self) -> Option<&mut Member> {
        match &mut self.peer {
            Peer::Member(member) => Some(member),
            Peer::Echo => None,
        }
    }

    /// Serves the peer until it is gone.
    pub(crate) async fn run(mut self: Box<Self>) {
        self.outbox.ring();
        self.note_registration();
        poll_fn(|cx| self.poll(cx)).await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.batch.begin_turn();
        if let Peer::Member(member) = &mut self.peer {
            member.begin_turn();
        }
        loop {
            self.poll_alarm(cx);
            self.poll_write(cx);
            match self.stage {
                Stage::Open => {}
                Stage::Leaving => return Poll::Pending,
                Stage::Shut => self.poll_farewell(cx),
                Stage::Ended => return Poll::Ready(()),
            }
            if self.stage == Stage::Shut {
                return Poll::Pending;
            }
            if self.stage == Stage::Open && self.poll_read(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes in messages until none is there, then writes to those who were told something.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut dry = false;
        while self.stage == Stage::Open && !self.owes && !dry && !self.batch.is_full() {
            match self.link.poll_receive(&mut self.io, cx) {
                Poll::Ready(arrival) => self.take(arrival),
                Poll::Pending => dry = true,
            }
        }
        if dry
            && self.link.is_midway()
            && let Some(mouth) = &self.outbox.writer().mouth
        {
            mouth.acknowledge();
        }
        self.end_batch();
        if self.owes || self.batch.ends_turn() {
            give_turn(cx);
            return Poll::Pending;
        }
        if dry { Poll::Pending } else { Poll::Ready(()) }
    }

    fn end_batch(&mut self) {
        if self.link.heard() {
            self.liveness.alive();
        }
        if (self.batch.end() || self.owes)
            && let Peer::Member(member) = &mut self.peer
        {
            self.owes = member.settle_some();
        }
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Message => return self.take_message(),
            Arrival::Sign => self.answer(),
            Arrival::End => {
                let farewell = self.link.reply();
                self.leave(farewell);
            }
            Arrival::Broken(broken) => self.break_off(&broken),
        }
        self.batch.count(0);
    }

    fn take_message(&mut self) {
        let heard = self.link.message();
        self.batch.count(heard.len());
        match &mut self.peer {
            Peer::Echo => {
                let dialect = Dialect::web_socket(heard.codec());
                let packet = Packet::seal(&heard.frame(), dialect, &self.broker.hub.ledger);
                self.outbox.push(&packet);
                self.outbox.ring();
            }
            Peer::Member(member) => {
                // A large message takes its time; what others were told before must not wait for it.
                if heard.len() >= batch::BYTES {
                    member.settle();
                }
                let stays = member.receive(&heard);
                if let Some(memory) = heard.memory() {
                    self.broker.hub.spares.keep(memory);
                }
                drop(heard);
                self.note_registration();
                if !stays {
                    self.leave(self.link.goodbye(1000, ""));
                }
            }
        }
    }

    /// Lets what the framing answers overtake what waits.
    fn answer(&mut self) {
        if let Some(reply) = self.link.reply() {
            self.outbox.writer().interject(Packet::verbatim(reply, &self.broker.hub.ledger));
        }
    }

    fn note_registration(&mut self) {
        if let Peer::Member(member) = &mut self.peer
            && member.take_registered()
        {
            let pings = self.link.ping().is_some();
            self.liveness.registered(Instant::now(), pings, &self.broker.config.limits);
            self.alarm.as_mut().reset(self.liveness.due());
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) {
        if matches!(self.stage, Stage::Open | Stage::Leaving) && self.outbox.was_rung() {
            let closed = self.outbox.take(&mut self.outbox.writer().queue, cx.waker());
            match (closed, self.stage) {
                (Some(fault), Stage::Open) => self.close_for(&fault),
                (Some(Fault::Slow), _) => self.leave_faster(),
                _ => {}
            }
        }
        if matches!(self.stage, Stage::Shut | Stage::Ended) {
            return;
        }
        let mut sent = Sent::default();
        let written = self.outbox.writer().poll_write(&mut self.io, cx, &mut sent);
        self.account(sent);
        match written {
            Poll::Ready(Ok(())) if self.stage == Stage::Leaving => self.poll_shutdown(cx),
            Poll::Ready(Err(_)) => self.give_up(),
            _ => {}
        }
    }

    fn account(&mut self, sent: Sent) {
        if sent.bytes > 0 {
            self.broker.hub.meter.sent(sent.bytes);
        }
        if sent.frames > 0 {
            self.outbox.written(sent.frames, sent.packet_bytes);
        }
        if sent.unblocked {
            self.liveness.alive();
        }
    }

    fn poll_alarm(&mut self, cx: &mut Context<'_>) {
        while self.alarm.as_mut().poll(cx).is_ready() {
            match self.liveness.check(Instant::now(), &self.broker.config.limits) {
                Due::Nothing => {}
                Due::Ping => {
                    if let Some(ping) = self.link.ping() {
                        self.outbox.writer().interject(Packet::verbatim(ping, &self.broker.hub.ledger));
                    }
                }
                Due::Close(fault) => self.close_for(&fault),
                Due::Drop => {
                    self.stage = Stage::Ended;
                    return;
                }
            }
            self.alarm.as_mut().reset(self.liveness.due());
        }
    }
}

/// Has the task go on when the sockets have been looked at and others have had their turn.
fn give_turn(cx: &mut Context<'_>) {
    let _ = pin!(yield_now()).poll(cx);
}

impl<T, L> Drop for Connection<T, L> {
    /// Gives the seats back however the connection ends: in order, cancelled by whoever serves it, or by a panic.
    fn drop(&mut self) {
        if let Peer::Member(member) = &mut self.peer {
            member.vacate();
        }
        self.outbox.close(Fault::Draining);
        self.outbox.writer().mouth = None;
        self.broker.exit(self.outbox.seat);
    }
}
