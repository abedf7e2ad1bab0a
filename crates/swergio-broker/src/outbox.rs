//! Outbox: a bounded queue of packets before one socket, and the bell that tells its task about them.

#[cfg(test)]
mod through;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use swergio_proto::{Fault, Limits, SeatId};

use crate::dialect::Dialect;
use crate::packet::Packet;
use crate::writer::{Sent, Writer};

/// Keeps what one connection still has to be told. It is the handle that the router keeps for a seat.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) seat: SeatId,
    pub(crate) dialect: Dialect,
    max_bytes: usize,
    max_frames: usize,
    queue: Mutex<Queue>,
    /// What is on its way into the socket. Whoever holds it writes; nobody holds it while it waits.
    writer: Mutex<Writer>,
    rung: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    packets: VecDeque<Arc<Packet>>,
    /// Frames and bytes that wait, the ones being written included.
    frames: usize,
    bytes: usize,
    closed: Option<Fault>,
    bell: Option<Waker>,
}

impl Queue {
    /// Drops what has not been taken for writing yet.
    fn forget(&mut self) {
        self.frames -= self.packets.iter().map(|packet| packet.frames()).sum::<usize>();
        self.bytes -= self.packets.iter().map(|packet| packet.len()).sum::<usize>();
        self.packets.clear();
    }
}

/// Tells what became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits behind others; the bell has been or will be rung for them.
    Waits,
    /// It is the first: the bell must be rung.
    Ring,
    /// The outbox is over its bound with it, and closed for that; the bell must be rung.
    Overflow,
    /// The outbox was closed before.
    Closed,
}

impl Outbox {
    pub(crate) fn new(seat: SeatId, dialect: Dialect, limits: &Limits) -> Self {
        Self {
            seat,
            dialect,
            max_bytes: limits.outbox_bytes,
            max_frames: limits.outbox_frames,
            queue: Mutex::default(),
            writer: Mutex::default(),
            rung: AtomicBool::new(false),
        }
    }

    /// Puts a packet at the end of the queue; beyond its bounds the queue is emptied and closed instead.
    pub(crate) fn push(&self, packet: &Arc<Packet>) -> Pushed {
        let mut queue = self.lock();
        if queue.closed.is_some() {
            return Pushed::Closed;
        }
        // One packet may always wait, however large, or a message within its own limit could never be told.
        let frames = queue.frames + packet.frames();
        let crowded = frames > self.max_frames || queue.bytes + packet.len() > self.max_bytes;
        if crowded && queue.frames > 0 {
            queue.forget();
            queue.closed = Some(Fault::Slow);
            return Pushed::Overflow;
        }
        queue.frames = frames;
        queue.bytes += packet.len();
        queue.packets.push_back(Arc::clone(packet));
        if queue.packets.len() == 1 { Pushed::Ring } else { Pushed::Waits }
    }

    /// Closes the outbox. Its task is told to say why, after what still waits; if `Slow`, instead of it.
    pub(crate) fn close(&self, fault: Fault) {
        let mut queue = self.lock();
        // Who is leaving already may still be told that there is no room left for what it has not read.
        if queue.closed.is_none() || (queue.closed == Some(Fault::Draining) && fault == Fault::Slow) {
            if fault == Fault::Slow {
                queue.forget();
            }
            queue.closed = Some(fault);
        }
        drop(queue);
        self.ring();
    }

    /// Writes what waits from here, as far as the socket takes it at once, and returns what went out. If somebody
    /// writes already, or something is left, the connection's task is woken to do the rest.
    pub(crate) fn write_through(&self) -> Sent {
        let mut sent = Sent::default();
        if let Ok(mut writer) = self.writer.try_lock()
            && writer.mouth.is_some()
            && writer.is_empty()
            && self.hand_over(&mut writer)
        {
            writer.write_through(&mut sent);
            if sent.frames > 0 {
                self.written(sent.frames, sent.packet_bytes);
            }
            if writer.is_empty() {
                return sent;
            }
        }
        self.ring();
        sent
    }

    /// Moves all that waits to a writer that has nothing; not if the outbox is closed, of which its task must know.
    fn hand_over(&self, writer: &mut Writer) -> bool {
        let mut queue = self.lock();
        if queue.closed.is_some() {
            return false;
        }
        std::mem::swap(&mut writer.queue, &mut queue.packets);
        true
    }

    /// Takes the writer, waiting for whoever is writing, which never takes long.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the connection's task.
    pub(crate) fn ring(&self) {
        let mut queue = self.lock();
        // Under the lock, or a task that is awake for another reason could answer the ring while the bell still
        // hangs: taken down only then, it would not hang any more when the next packet comes.
        self.rung.store(true, Ordering::Release);
        let bell = queue.bell.take();
        drop(queue);
        if let Some(bell) = bell {
            bell.wake();
        }
    }

    /// Tells whether the bell was rung since the last time, without taking the lock.
    pub(crate) fn was_rung(&self) -> bool {
        self.rung.load(Ordering::Acquire) && self.rung.swap(false, Ordering::AcqRel)
    }

    /// Moves all that waits to `writing`, or leaves `bell` to be rung when something does.
    ///
    /// Returns why the outbox is closed, if it is: nothing more will come.
    pub(crate) fn take(&self, writing: &mut VecDeque<Arc<Packet>>, bell: &Waker) -> Option<Fault> {
        let mut queue = self.lock();
        if writing.is_empty() {
            std::mem::swap(writing, &mut queue.packets);
        } else {
            writing.append(&mut queue.packets);
        }
        if !queue.bell.as_ref().is_some_and(|old| old.will_wake(bell)) {
            queue.bell = Some(bell.clone());
        }
        queue.closed.clone()
    }

    /// Takes note that packets taken earlier have been written, or dropped.
    ///
    /// The last one may be a goodbye, which never waited here.
    pub(crate) fn written(&self, frames: usize, bytes: usize) {
        let mut queue = self.lock();
        queue.frames = queue.frames.saturating_sub(frames);
        queue.bytes = queue.bytes.saturating_sub(bytes);
    }

    /// Counts the frames and the bytes that wait.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let queue = self.lock();
        (queue.frames, queue.bytes)
    }

    /// Counts the bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Ledger;
    use swergio_proto::Frame;

    fn outbox(frames: usize, bytes: usize) -> Outbox {
        let limits = Limits { outbox_frames: frames, outbox_bytes: bytes, ..Limits::default() };
        Outbox::new(SeatId(1), Dialect::WebSocketJson, &limits)
    }

    fn packet(len: usize, ledger: &Arc<Ledger>) -> Arc<Packet> {
        Packet::seal(&Frame::json(vec![b'x'; len]), Dialect::WebSocketJson, ledger)
    }

    fn drain(outbox: &Outbox) -> (usize, Option<Fault>) {
        let mut writing = VecDeque::new();
        let closed = outbox.take(&mut writing, Waker::noop());
        let frames = writing.iter().map(|packet| packet.frames()).sum();
        outbox.written(frames, writing.iter().map(|packet| packet.len()).sum());
        (frames, closed)
    }

    #[test]
    fn the_bell_is_rung_for_the_first_packet_only() {
        let (outbox, ledger) = (outbox(10, 1000), Arc::default());
        assert_eq!(outbox.push(&packet(10, &ledger)), Pushed::Ring);
        assert_eq!(outbox.push(&packet(10, &ledger)), Pushed::Waits);
        assert_eq!(drain(&outbox), (2, None));
        assert_eq!(outbox.push(&packet(10, &ledger)), Pushed::Ring);
    }

    /// R43: an outbox that is full closes its session; its memory is given back at once.
    #[test]
    fn a_full_outbox_is_emptied_and_closed() {
        let (outbox, ledger) = (outbox(10, 100), Arc::new(Ledger::default()));
        for _ in 0..4 {
            outbox.push(&packet(20, &ledger));
        }
        assert_eq!(outbox.push(&packet(20, &ledger)), Pushed::Overflow);
        assert_eq!((ledger.bytes(), outbox.bytes()), (0, 0));
        assert_eq!(outbox.push(&packet(1, &ledger)), Pushed::Closed);
        assert_eq!(drain(&outbox), (0, Some(Fault::Slow)));
    }

    #[test]
    fn what_is_being_written_counts_until_it_is() {
        let (outbox, ledger) = (outbox(2, 1000), Arc::default());
        outbox.push(&packet(10, &ledger));
        outbox.push(&packet(10, &ledger));
        let mut writing = VecDeque::new();
        outbox.take(&mut writing, Waker::noop());
        assert_eq!(outbox.push(&packet(10, &ledger)), Pushed::Overflow);
    }

    /// R43: the bound is on frames, however many of them share a packet.
    #[test]
    fn a_run_counts_as_the_frames_that_it_has() {
        let (outbox, ledger) = (outbox(10, 1000), Arc::default());
        let run = |frames| Packet::run(bytes::Bytes::from_static(b"wire"), frames, &ledger);
        outbox.push(&run(6));
        outbox.push(&run(4));
        assert_eq!(drain(&outbox), (10, None));
        outbox.push(&run(6));
        assert_eq!(outbox.push(&run(5)), Pushed::Overflow);
    }

    #[test]
    fn one_packet_may_wait_whatever_its_size() {
        let (outbox, ledger) = (outbox(10, 100), Arc::default());
        assert_eq!(outbox.push(&packet(5000, &ledger)), Pushed::Ring);
        assert_eq!(outbox.push(&packet(1, &ledger)), Pushed::Overflow);
    }

    /// R43: leaving is no way to keep others from the room that is needed.
    #[test]
    fn who_is_leaving_may_still_be_closed_as_slow() {
        let (outbox, ledger) = (outbox(10, 100), Arc::new(Ledger::default()));
        outbox.push(&packet(20, &ledger));
        outbox.close(Fault::Draining);
        outbox.close(Fault::Slow);
        assert_eq!(ledger.bytes(), 0);
        outbox.close(Fault::Draining);
        assert_eq!(drain(&outbox), (0, Some(Fault::Slow)));
    }

    #[test]
    fn a_draining_outbox_keeps_what_it_has() {
        let (outbox, ledger) = (outbox(10, 100), Arc::default());
        outbox.push(&packet(20, &ledger));
        outbox.close(Fault::Draining);
        assert_eq!(outbox.push(&packet(20, &ledger)), Pushed::Closed);
        assert_eq!(drain(&outbox), (1, Some(Fault::Draining)));
    }
}
