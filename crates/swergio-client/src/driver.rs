//! Driver: the one task that owns the link. Frames out, frames in; after a break, a new link and the rooms again.

mod line;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use swergio_proto::{Head, Kind};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep};

use crate::client::{Outgoing, Shared, State};
use crate::link::{Farewell, Link};
use crate::{Error, ErrorKind, Event, Message, Reconnect, Rejection, Welcome};

use line::{Line, Parting};

/// Drives one client from its first connection to its end.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Outgoing>,
    /// Yields when a handle asks to close, and ends with the last handle.
    closing: mpsc::Receiver<()>,
    space: Arc<Semaphore>,
    reconnect: Reconnect,
    /// Attempts that failed in a row.
    failures: u32,
    /// Whether there has been a link at all.
    been_connected: bool,
}

impl Driver {
    pub(crate) fn new(
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Outgoing>,
        closing: mpsc::Receiver<()>,
        space: Arc<Semaphore>,
        reconnect: Reconnect,
    ) -> Self {
        Self { shared, queue, closing, space, reconnect, failures: 0, been_connected: false }
    }

    pub(crate) async fn run<L, D, F>(mut self, mut dial: D)
    where
        L: Link,
        D: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<L, Farewell>> + Send + 'static,
    {
        let how = loop {
            let dialled = tokio::select! {
                dialled = dial() => dialled,
                _ = self.closing.recv() => break self.undelivered(),
            };
            let farewell = match dialled {
                Err(farewell) => farewell,
                Ok(link) => match self.serve(link).await {
                    Parting::Ours(how) => break how,
                    Parting::Theirs(farewell) => farewell,
                },
            };
            let Some(wait) = self.wait_after(&farewell) else { break Err(Error::parted(farewell)) };
            tokio::select! {
                () = sleep(wait) => {}
                _ = self.closing.recv() => break self.undelivered(),
            }
        };
        self.end(how);
    }

    /// Carries frames both ways until the link or the client ends.
    async fn serve<L: Link>(&mut self, link: L) -> Parting {
        let since = Instant::now();
        let parting = Line::new(self, link).carry().await;
        if matches!(*self.shared.state.borrow(), State::Connected) {
            self.shared.state.send_replace(State::Apart);
            if since.elapsed() > self.reconnect.cap {
                self.failures = 0;
            }
        }
        if let Parting::Theirs(farewell) = &parting {
            let broke = Error::caused(ErrorKind::Lost, "the link broke before the answer", farewell.clone());
            self.shared.pending.link_broke(&broke);
        }
        parting
    }

    /// Notes that the link carries: REGISTER and the rooms are on their way.
    fn connected(&mut self) {
        self.been_connected = true;
        self.shared.state.send_replace(State::Connected);
        self.shared.tell(Event::Connected);
    }

    /// Returns the wait before the next attempt, if there is to be one, and tells of the break.
    fn wait_after(&mut self, farewell: &Farewell) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        let may = farewell.may_return
            && self.reconnect.allows(self.failures)
            && (self.been_connected || self.reconnect.initially);
        let wait = may.then(|| self.reconnect.delay(self.failures, fastrand::f64()));
        self.shared.tell(Event::Disconnected {
            code: farewell.code,
            reason: farewell.reason.clone(),
            retry_in: wait,
        });
        wait
    }

    /// Takes in one frame. Nothing in here waits for anybody.
    fn receive(&self, frame: &swergio_proto::Frame) {
        let shared = &self.shared;
        let head = match Head::peek(frame, shared.bounds.nesting) {
            Ok(head) => head,
            Err(fault) => return shared.tell(Event::Malformed { reason: fault.to_string() }),
        };
        if let Err(fault) = head.kind() {
            return shared.tell(Event::Malformed { reason: fault.to_string() });
        }
        let read = || match Message::read(frame.clone(), shared.bounds.nesting) {
            Ok(message) => Some(message),
            Err(fault) => {
                shared.tell(Event::Malformed { reason: fault.to_string() });
                None
            }
        };
        if is_notice(&head) {
            if let Some(message) = read() {
                self.heed(&message);
            }
        } else if let Some(teller) = shared.pending.answered(&head, shared.name.as_str()) {
            if let Some(message) = read() {
                // Nobody takes it any more: the asker went away this very moment.
                let _ = teller.send(Ok(message));
            }
        } else {
            shared.routes.deliver(&head, read, |event| shared.tell(event));
        }
    }

    /// Heeds what the broker itself says.
    fn heed(&self, notice: &Message) {
        let shared = &self.shared;
        let reference = notice.field::<String>("REF").ok().flatten();
        match notice.kind.as_str() {
            "COMMAND/ACK" => {
                let teller = reference.and_then(|id| shared.pending.receipt(&id));
                teller.map(|teller| teller.send(Ok(notice.clone())));
            }
            "COMMAND/ERROR" => {
                let rejection = rejection(notice, reference);
                let reference = rejection.reference.as_deref();
                match reference.and_then(|id| shared.pending.rejected(id)) {
                    Some(teller) => drop(teller.send(Err(Error::rejected(rejection)))),
                    None => shared.rejected(rejection),
                }
            }
            _ => shared.welcomed(welcome(notice)),
        }
    }

    /// Says how it went when the client closes while there is no link.
    fn undelivered(&mut self) -> Result<(), Error> {
        self.queue.close();
        match self.queue.try_recv() {
            Ok(_) => Err(Error::new(ErrorKind::Lost, "closed without a link: what was queued is lost")),
            Err(_) => Ok(()),
        }
    }

    fn end(mut self, how: Result<(), Error>) {
        // Whoever waits for a place in the queue is told first, then whoever waits for an answer.
        self.queue.close();
        self.space.close();
        while self.queue.try_recv().is_ok() {}
        let error = how.clone().err().unwrap_or_else(Error::closed);
        self.shared.pending.end(&Error::new(ErrorKind::Closed, error.to_string()));
        self.shared.state.send_replace(State::Ended(how));
        self.shared.tell(Event::Closed);
        self.shared.routes.close();
    }
}

/// Tells what the broker itself says from what components say: it signs nothing and addresses nobody.
fn is_notice(head: &Head<'_>) -> bool {
    let known = [Kind::WELCOME, Kind::ACK, Kind::ERROR];
    head.sent_by.is_absent()
        && head.to.is_absent()
        && head.to_room.is_absent()
        && head.kind.text().is_some_and(|kind| known.iter().any(|known| known.as_str() == kind))
}

fn rejection(notice: &Message, reference: Option<String>) -> Rejection {
    let text = |key: &str| notice.field::<Option<String>>(key).ok().flatten().flatten();
    Rejection {
        reference,
        code: text("CODE").unwrap_or_else(|| "UNKNOWN".into()),
        message: text("MESSAGE").unwrap_or_default(),
        field: text("FIELD"),
        retryable: notice.field("RETRYABLE").ok().flatten().unwrap_or_default(),
    }
}

fn welcome(notice: &Message) -> Welcome {
    Welcome {
        name: notice.field("NAME").ok().flatten().unwrap_or_default(),
        session: notice.field("SESSION").ok().flatten().unwrap_or_default(),
        node: notice.field("NODE").ok().flatten().unwrap_or_default(),
    }
}
