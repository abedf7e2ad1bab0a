//! Listen: the task that hears for all passes of a chain.

use std::sync::{Arc, Mutex, PoisonError};

use swergio_client::{Event, Events, Messages};

use super::passes::Passes;

/// Hands what comes to the pass that waits for it, until the client or the chain ends.
pub(super) async fn listen(mut messages: Messages, mut events: Events, passes: Arc<Mutex<Passes>>) {
    let passes = || passes.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        tokio::select! {
            biased;
            message = messages.next() => match message {
                Some(message) => passes().hear(message),
                None => return passes().lose(),
            },
            event = events.next() => match event {
                // What was on its way over that link is lost; what waits in the outbox cannot be told from it.
                Some(Event::Disconnected { .. }) => passes().lose(),
                Some(_) => {}
                None => return passes().lose(),
            },
        }
    }
}
