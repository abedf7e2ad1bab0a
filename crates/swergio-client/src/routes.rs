//! Routes: who in this component wants which messages.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream;
use swergio_proto::Head;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{Bounds, Event, Message, Trigger};

/// Keeps the inboxes of all handlers and streams, in the order in which they were installed.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    inboxes: Mutex<Vec<Inbox>>,
}

#[derive(Debug)]
struct Inbox {
    trigger: Trigger,
    sender: mpsc::Sender<Message>,
    bytes: Arc<AtomicUsize>,
    most_bytes: usize,
    /// Messages left out since it was last known to keep up.
    missed: u64,
}

/// Says what became of one message at one inbox.
enum Fate {
    Taken,
    Missed,
    Gone,
}

impl Routes {
    /// Installs an inbox, and returns its reading end.
    pub(crate) fn open(&self, trigger: Trigger, bounds: &Bounds) -> Messages {
        let (sender, receiver) = mpsc::channel(bounds.inbox.max(1));
        let bytes = Arc::new(AtomicUsize::new(0));
        let (most_bytes, counted) = (bounds.inbox_bytes, Arc::clone(&bytes));
        self.inboxes().push(Inbox { trigger, sender, bytes, most_bytes, missed: 0 });
        Messages { receiver, bytes: counted }
    }

    /// Hands the message with this head to everybody who wants it. `read` is called once at most.
    pub(crate) fn deliver(
        &self,
        head: &Head<'_>,
        read: impl FnOnce() -> Option<Message>,
        mut tell: impl FnMut(Event),
    ) {
        let mut inboxes = self.inboxes();
        if !inboxes.iter().any(|inbox| inbox.trigger.matches(head)) {
            return;
        }
        let Some(message) = read() else { return };
        inboxes.retain_mut(|inbox| !inbox.trigger.matches(head) || inbox.offer(&message, &mut tell));
    }

    /// Closes every inbox: their readers come to the end after what they hold.
    pub(crate) fn close(&self) {
        self.inboxes().clear();
    }

    fn inboxes(&self) -> MutexGuard<'_, Vec<Inbox>> {
        // A panic between two deliveries leaves a list that is still a list.
        self.inboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inbox {
    /// Offers the message without waiting. False when nobody reads here any more.
    fn offer(&mut self, message: &Message, tell: &mut impl FnMut(Event)) -> bool {
        match (self.put(message), self.missed) {
            (Fate::Gone, _) => return false,
            (Fate::Taken, missed) if missed > 0 && self.keeps_up() => {
                self.missed = 0;
                tell(Event::CaughtUp { handler: self.trigger.to_string(), missed });
            }
            (Fate::Taken, _) => {}
            (Fate::Missed, before) => {
                self.missed = before + 1;
                if before == 0 {
                    tell(Event::FellBehind { handler: self.trigger.to_string() });
                }
            }
        }
        true
    }

    /// Tells whether an overrun is over: half empty, so that a reader on the edge is not told at each message.
    fn keeps_up(&self) -> bool {
        2 * self.sender.capacity() >= self.sender.max_capacity()
            && self.bytes.load(Ordering::Relaxed) <= self.most_bytes / 2
    }

    fn put(&self, message: &Message) -> Fate {
        let size = message.frame().len();
        let waiting = self.bytes.load(Ordering::Relaxed);
        if waiting > 0 && waiting.saturating_add(size) > self.most_bytes {
            return if self.sender.is_closed() { Fate::Gone } else { Fate::Missed };
        }
        // Counted before it is put, as it may be taken out the moment it is in.
        self.bytes.fetch_add(size, Ordering::Relaxed);
        match self.sender.try_send(message.clone()) {
            Ok(()) => Fate::Taken,
            Err(refused) => {
                self.bytes.fetch_sub(size, Ordering::Relaxed);
                if matches!(refused, TrySendError::Closed(_)) { Fate::Gone } else { Fate::Missed }
            }
        }
    }
}

/// Yields the messages that a trigger lets through, in the order in which they came. Dropping it stops listening.
///
/// It is also a [`Stream`].
#[derive(Debug)]
pub struct Messages {
    receiver: mpsc::Receiver<Message>,
    bytes: Arc<AtomicUsize>,
}

impl Messages {
    /// Waits for the next message. Nothing when the client has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Message> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        let polled = self.receiver.poll_recv(cx);
        if let Poll::Ready(Some(message)) = &polled {
            self.bytes.fetch_sub(message.frame().len(), Ordering::Relaxed);
        }
        polled
    }
}

impl Stream for Messages {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.poll(cx)
    }
}
