//! Line: one link while it lasts, and the order in which it is polled.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{SinkExt, StreamExt};
use swergio_proto::Frame;
use tokio::time::{Sleep, sleep};

use super::Driver;
use crate::link::{Farewell, Link};
use crate::{Error, ErrorKind, control};

/// Says who ended the link.
pub(super) enum Parting {
    /// The client, which is over.
    Ours(Result<(), Error>),
    /// The other side, or the network.
    Theirs(Farewell),
}

/// Carries frames over one link: reads, then writes, then flushes once; neither direction waits for the other.
pub(super) struct Line<'d, L> {
    driver: &'d mut Driver,
    link: L,
    /// What goes before everything queued: REGISTER and the rooms; when closing, DISCONNECT.
    first: VecDeque<Frame>,
    unflushed: bool,
    opened: bool,
    phase: Phase,
}

enum Phase {
    Open,
    /// What is queued and DISCONNECT still have to go out, before the sleep is over.
    Leaving(Pin<Box<Sleep>>),
    /// DISCONNECT has been handed to the link.
    Left(Pin<Box<Sleep>>),
}

impl<'d, L: Link> Line<'d, L> {
    pub(super) fn new(driver: &'d mut Driver, link: L) -> Self {
        let (name, codec) = (&driver.shared.name, driver.shared.codec);
        let mut first = VecDeque::from([control::register(name, codec)]);
        first.extend(driver.shared.rooms().iter().map(|room| control::join(room, codec)));
        Self { driver, link, first, unflushed: false, opened: false, phase: Phase::Open }
    }

    /// Carries until the link or the client ends.
    pub(super) async fn carry(mut self) -> Parting {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Parting> {
        if self.poll_leave(cx).is_ready() {
            return Poll::Ready(Parting::Ours(Err(Error::new(
                ErrorKind::Lost,
                "closed before all that was queued could be sent",
            ))));
        }
        if let Poll::Ready(farewell) = self.poll_read(cx) {
            return Poll::Ready(self.parted(farewell));
        }
        match ready!(self.poll_write(cx)) {
            Ok(()) => Poll::Ready(Parting::Ours(Ok(()))),
            Err(farewell) => Poll::Ready(self.parted(farewell)),
        }
    }

    /// Begins to leave when that is asked for. Ready when leaving took too long.
    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if matches!(self.phase, Phase::Open) && self.driver.closing.poll_recv(cx).is_ready() {
            self.driver.queue.close();
            self.phase = Phase::Leaving(Box::pin(sleep(self.driver.shared.bounds.linger)));
        }
        match &mut self.phase {
            Phase::Open => Poll::Pending,
            Phase::Leaving(patience) | Phase::Left(patience) => patience.as_mut().poll(cx),
        }
    }

    /// Takes in what has come, a batch at most. Ready when the link has ended.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Farewell> {
        for _ in 0..self.driver.shared.bounds.batch.max(1) {
            match ready!(self.link.poll_next_unpin(cx)) {
                Some(Ok(frame)) => self.driver.receive(&frame),
                Some(Err(farewell)) => return Poll::Ready(farewell),
                None => return Poll::Ready(Farewell::broken("the link ended")),
            }
        }
        // There may be more, but writing has its turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands over what is queued, a batch at most, and flushes. Ready when the link failed, or all is said.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        let fed = self.poll_feed(cx)?;
        if self.unflushed {
            ready!(self.link.poll_flush_unpin(cx))?;
            self.unflushed = false;
            if !self.opened && self.first.is_empty() {
                self.opened = true;
                self.driver.connected();
            }
        }
        match fed {
            Poll::Ready(()) => self.link.poll_close_unpin(cx),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Hands over a batch at most. Ready when nothing will ever follow.
    fn poll_feed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        for _ in 0..self.driver.shared.bounds.batch.max(1) {
            // Ask the link before the queue: what has left the queue has no way back.
            ready!(self.link.poll_ready_unpin(cx))?;
            let Some(frame) = ready!(self.poll_frame(cx)) else { return Poll::Ready(Ok(())) };
            self.link.start_send_unpin(frame)?;
            self.unflushed = true;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes the next frame that is to go out. Nothing after DISCONNECT.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        if let Some(frame) = self.first.pop_front() {
            return Poll::Ready(Some(frame));
        }
        while let Some(outgoing) = ready!(self.driver.queue.poll_recv(cx)) {
            let wanted = outgoing.awaited.as_ref().is_none_or(|id| self.driver.shared.pending.sending(id));
            if wanted {
                return Poll::Ready(Some(outgoing.frame));
            }
        }
        match std::mem::replace(&mut self.phase, Phase::Open) {
            Phase::Leaving(patience) => {
                self.phase = Phase::Left(patience);
                Poll::Ready(Some(control::disconnect(self.driver.shared.codec)))
            }
            Phase::Left(patience) => {
                self.phase = Phase::Left(patience);
                Poll::Ready(None)
            }
            // The last handle went between two polls: `poll_leave` is woken and will notice.
            Phase::Open => Poll::Pending,
        }
    }

    /// Says whose end it is when the link has ended: after our DISCONNECT it is what we asked for.
    fn parted(&self, farewell: Farewell) -> Parting {
        match self.phase {
            Phase::Open => Parting::Theirs(farewell),
            Phase::Left(_) => Parting::Ours(Ok(())),
            Phase::Leaving(_) => Parting::Ours(Err(Error::caused(
                ErrorKind::Lost,
                "closed, but the link broke before all that was queued could be sent",
                farewell,
            ))),
        }
    }
}
