//! Pending: the messages of ours that somebody waits to have answered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use swergio_proto::{Head, Kind, MessageId};
use tokio::sync::oneshot;

use crate::{Error, ErrorKind, Message};

/// Says what is waited for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Want {
    /// The answer of a component to our message of this kind.
    Answer(Kind<'static>),
    /// The broker's `COMMAND/ACK`.
    Receipt,
}

type Outcome = Result<Message, Error>;

#[derive(Debug)]
struct Waiting {
    want: Want,
    /// Whether the message has been handed to a link: if that one breaks, the answer is lost.
    sent: bool,
    teller: oneshot::Sender<Outcome>,
}

/// Keeps who waits for the answer to which message.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    table: Mutex<HashMap<MessageId, Waiting>>,
}

impl Pending {
    /// Begins to wait for the answer to the message `id`.
    pub(crate) fn open(self: &Arc<Self>, id: MessageId, want: Want) -> Result<Ticket, Error> {
        let (teller, answer) = oneshot::channel();
        match self.table().entry(id.clone()) {
            Entry::Occupied(_) => {
                Err(Error::new(ErrorKind::Invalid, format!("an answer to {id} is being waited for already")))
            }
            Entry::Vacant(place) => {
                place.insert(Waiting { want, sent: false, teller });
                Ok(Ticket { id, pending: Arc::clone(self), answer })
            }
        }
    }

    /// Notes that the message goes out now. False when nobody waits for its answer any more: then it need not go.
    pub(crate) fn sending(&self, id: &MessageId) -> bool {
        self.table().get_mut(id).map(|waiting| waiting.sent = true).is_some()
    }

    /// Finds who waits for the message with this head: one that carries the ID of ours as its REF, ID or ROOT_ID.
    ///
    /// `own_name` tells our own message coming back from an answer under the same ID.
    pub(crate) fn answered(&self, head: &Head<'_>, own_name: &str) -> Option<oneshot::Sender<Outcome>> {
        let mut table = self.table();
        if table.is_empty() {
            return None;
        }
        let found = [&head.reference, &head.id, &head.root_id].into_iter().find_map(|slot| {
            let (id, waiting) = table.get_key_value(slot.text()?)?;
            let Want::Answer(kind) = &waiting.want else { return None };
            let ours = head.id.text() == Some(id.as_str())
                && head.sent_by.text() == Some(own_name)
                && head.kind.text() == Some(kind.as_str());
            (!ours).then(|| id.clone())
        })?;
        table.remove(&found).map(|waiting| waiting.teller)
    }

    /// Finds who waits for a receipt of the message `id`.
    pub(crate) fn receipt(&self, id: &str) -> Option<oneshot::Sender<Outcome>> {
        let mut table = self.table();
        let wanted = table.get(id).is_some_and(|waiting| waiting.want == Want::Receipt);
        wanted.then(|| table.remove(id)).flatten().map(|waiting| waiting.teller)
    }

    /// Finds who waits for anything about the message `id`.
    pub(crate) fn rejected(&self, id: &str) -> Option<oneshot::Sender<Outcome>> {
        self.table().remove(id).map(|waiting| waiting.teller)
    }

    /// Tells everybody whose message went out over the link that broke.
    pub(crate) fn link_broke(&self, error: &Error) {
        let lost: Vec<Waiting> =
            self.table().extract_if(|_, waiting| waiting.sent).map(|(_, waiting)| waiting).collect();
        tell_all(lost, error);
    }

    /// Tells everybody that there will be no answers any more.
    pub(crate) fn end(&self, error: &Error) {
        let all: Vec<Waiting> = self.table().drain().map(|(_, waiting)| waiting).collect();
        tell_all(all, error);
    }

    fn table(&self) -> MutexGuard<'_, HashMap<MessageId, Waiting>> {
        // Nothing panics while the table is locked, and it is whole between any two of its steps.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_all(waiting: Vec<Waiting>, error: &Error) {
    for waiting in waiting {
        let _ = waiting.teller.send(Err(error.clone()));
    }
}

/// Waits for one answer. Dropping it stops waiting.
#[derive(Debug)]
pub(crate) struct Ticket {
    id: MessageId,
    pending: Arc<Pending>,
    answer: oneshot::Receiver<Outcome>,
}

impl Ticket {
    pub(crate) async fn answer(mut self) -> Outcome {
        (&mut self.answer).await.unwrap_or_else(|_| Err(Error::closed()))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // The place may be somebody else's by now: only one whose asker is gone is given up.
        self.answer.close();
        let mut table = self.pending.table();
        if table.get(&self.id).is_some_and(|waiting| waiting.teller.is_closed()) {
            table.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use swergio_proto::Frame;

    use super::*;

    #[test]
    fn an_asker_who_is_late_to_go_does_not_take_the_next_ones_place() {
        let pending = Arc::new(Pending::default());
        let (id, want) = (MessageId::new("7"), Want::Answer(Kind::TEXT));
        let frame = Frame::json(r#"{"ID": "7", "TYPE": "DATA/REWARD"}"#);
        let head = Head::peek(&frame, 64).unwrap();
        let answered = pending.open(id.clone(), want.clone()).unwrap();
        assert!(pending.answered(&head, "w").is_some());
        let _next = pending.open(id.clone(), want).unwrap();
        drop(answered);
        assert!(pending.answered(&head, "w").is_some());
        assert!(!pending.sending(&id));
    }
}
