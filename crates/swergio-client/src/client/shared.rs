//! Shared: what the handles of a client share with each other, and with its driver.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use swergio_proto::{Codec, Envelope, Frame, MemberName, MessageId, RoomName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc, watch};

use crate::pending::Pending;
use crate::routes::Routes;
use crate::{Bounds, Error, ErrorKind, Event, Rejection, Welcome};

/// What handles share with each other, and not with the driver: when it goes, the driver closes.
pub(crate) struct Inner {
    pub(crate) shared: Arc<Shared>,
    pub(super) outbox: mpsc::Sender<Outgoing>,
    /// Bytes that the outbox has room for.
    pub(super) space: Arc<Semaphore>,
    pub(super) requests: Semaphore,
    pub(super) closing: mpsc::Sender<()>,
    pub(super) deadline: Duration,
}

/// What handles and driver share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: MemberName,
    pub(crate) codec: Codec,
    pub(crate) bounds: Bounds,
    pub(crate) pending: Arc<Pending>,
    pub(crate) routes: Routes,
    /// In the order in which they were joined, `_command` first.
    pub(crate) rooms: Mutex<Vec<RoomName>>,
    pub(crate) state: watch::Sender<State>,
    /// What the broker said last about itself and us.
    pub(super) welcome: Mutex<Option<Welcome>>,
    /// What the broker found wrong first since somebody asked.
    pub(super) objection: Mutex<Option<Rejection>>,
    pub(super) events: broadcast::Sender<Event>,
}

/// Says how the client stands with its broker.
#[derive(Clone, Debug)]
pub(crate) enum State {
    Apart,
    Connected,
    Ended(Result<(), Error>),
}

/// Holds one frame in the outbox.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) frame: Frame,
    /// The message whose answer is waited for, if one is.
    pub(crate) awaited: Option<MessageId>,
    /// Gives the bytes back to the outbox when the frame leaves it.
    pub(crate) _space: OwnedSemaphorePermit,
}

impl Inner {
    pub(crate) async fn transmit(&self, envelope: &Envelope) -> Result<(), Error> {
        self.transmit_frame(envelope.encode(self.shared.codec)?, None).await
    }

    pub(super) async fn transmit_frame(&self, frame: Frame, awaited: Option<MessageId>) -> Result<(), Error> {
        self.check(&frame)?;
        let _space = self.room_for(&frame).await?;
        let outgoing = Outgoing { frame, awaited, _space };
        self.outbox.send(outgoing).await.map_err(|_| Error::closed())
    }

    /// Sends a control frame if that changes the rooms. Change and sending are one step, also when the caller
    /// stops waiting.
    pub(super) async fn transmit_if(
        &self,
        frame: Frame,
        change: impl FnOnce(&mut Vec<RoomName>) -> bool,
    ) -> Result<(), Error> {
        let _space = self.room_for(&frame).await?;
        let place = self.outbox.reserve().await.map_err(|_| Error::closed())?;
        if change(&mut self.shared.rooms()) {
            place.send(Outgoing { frame, awaited: None, _space });
        }
        Ok(())
    }

    async fn room_for(&self, frame: &Frame) -> Result<OwnedSemaphorePermit, Error> {
        let bytes = frame.len().min(self.shared.bounds.outbox_bytes.max(1));
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Arc::clone(&self.space).acquire_many_owned(bytes).await.map_err(|_| Error::closed())
    }

    fn check(&self, frame: &Frame) -> Result<(), Error> {
        let (size, limit) = (frame.len(), self.shared.bounds.message_bytes_in(frame.codec()));
        if size > limit {
            let text = format!("a message of {size} bytes is over the limit of {limit}");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        if frame.codec() != self.shared.codec {
            let text = format!("the frame is not in the client's codec, {:?}", self.shared.codec);
            return Err(Error::new(ErrorKind::Invalid, text));
        }
        Ok(())
    }
}

impl Shared {
    pub(crate) fn rooms(&self) -> MutexGuard<'_, Vec<RoomName>> {
        locked(&self.rooms)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(*self.state.borrow(), State::Ended(_))
    }

    /// Keeps the broker's welcome, and tells of it.
    pub(crate) fn welcomed(&self, welcome: Welcome) {
        *locked(&self.welcome) = Some(welcome.clone());
        self.tell(Event::Welcomed(welcome));
    }

    /// Keeps the first objection of the broker until somebody asks, and tells of each.
    pub(crate) fn rejected(&self, rejection: Rejection) {
        locked(&self.objection).get_or_insert_with(|| rejection.clone());
        self.tell(Event::Rejected(rejection));
    }

    /// Tells the log and whoever listens; never waits.
    pub(crate) fn tell(&self, event: Event) {
        match &event {
            Event::Connected | Event::Welcomed(_) | Event::Closed => {
                tracing::debug!(name = %self.name, ?event);
            }
            Event::HandlerFailed { .. } => tracing::error!(name = %self.name, ?event),
            _ => tracing::warn!(name = %self.name, ?event),
        }
        let _ = self.events.send(event);
    }
}

/// Locks what is whole between any two of its steps, whoever panicked in the meantime.
pub(super) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
