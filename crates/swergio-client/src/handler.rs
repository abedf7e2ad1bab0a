//! Handler: a task that answers the messages of one trigger, one after another.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use futures_util::FutureExt;

use crate::client::{Inner, Shared};
use crate::{Event, IntoReplies, Message, Messages, Reply, Respond};

/// Answers messages until the client ends.
///
/// It holds the client weakly: a component whose last handle is dropped closes, however many handlers it has.
pub(crate) struct Attendant {
    pub(crate) client: Weak<Inner>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) messages: Messages,
    pub(crate) respond: Respond,
    /// What it listens to, for those who are told of its failures.
    pub(crate) title: String,
}

impl Attendant {
    pub(crate) async fn attend<F, R>(mut self, mut handle: F)
    where
        F: FnMut(Message) -> R + Send,
        R: Future<Output: IntoReplies> + Send,
    {
        while let Some(message) = self.messages.next().await {
            // A panic is caught so that it costs one message, not the component.
            let told = message.clone();
            let work = AssertUnwindSafe(async { handle(told).await.into_replies() });
            match work.catch_unwind().await {
                Ok(Ok(replies)) => {
                    for reply in replies {
                        if !self.answer(reply, &message).await {
                            return;
                        }
                    }
                }
                Ok(Err(error)) => self.failed(&message, error.to_string()),
                Err(panic) => self.failed(&message, panic_text(panic.as_ref())),
            }
        }
    }

    /// Sends one reply. False when the client has ended.
    async fn answer(&self, reply: Reply, message: &Message) -> bool {
        let envelopes = match self.respond.address(reply, message, &self.shared.name) {
            Ok(envelopes) => envelopes,
            Err(fault) => {
                self.failed(message, fault.to_string());
                return true;
            }
        };
        for envelope in envelopes {
            let Some(client) = self.client.upgrade() else { return false };
            if let Err(error) = client.transmit(&envelope).await {
                if self.shared.has_ended() {
                    return false;
                }
                self.failed(message, error.to_string());
            }
        }
        true
    }

    fn failed(&self, message: &Message, error: String) {
        self.shared.tell(Event::HandlerFailed {
            handler: self.title.clone(),
            message: message.id.clone(),
            error,
        });
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
