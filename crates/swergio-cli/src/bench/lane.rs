//! Lane: one sender, its room, and the marks that it gives its messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use swergio_client::{Body, Client, Envelope, Error, Kind, Message, Messages, RoomName};

use super::mark::{Epoch, Mark};
use super::plan::Until;
use super::window::Window;

/// Sends the messages of one lane.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) run: u16,
    pub(super) number: u16,
    pub(super) room: RoomName,
    pub(super) sender: Client,
    pub(super) payload: Body,
    pub(super) window: Arc<Window>,
    pub(super) sent: AtomicU64,
}

impl Lane {
    /// Counts the messages that were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Sends the next message, which was to be sent at `due`.
    pub(super) async fn send(&self, due: Duration) -> Result<(), Error> {
        let sequence = self.sent();
        let mark = Mark { run: self.run, lane: self.number, sequence, due };
        let mut envelope = Envelope::new(Kind::FORWARD).with_id(mark.id()).with_to_room(self.room.clone());
        envelope.data = Some(self.payload.clone());
        self.sender.send(envelope).await?;
        // One task sends on a lane at a time.
        self.sent.store(sequence + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Sends as fast as the receivers hear.
    pub(super) async fn fill(self: Arc<Self>, until: Until, epoch: Epoch) -> Result<(), Error> {
        let (begin, mut sent) = (epoch.now(), 0);
        while !until.is_over(sent, epoch.now() - begin) {
            let part = until.of(self.window.next_part().await, sent);
            for _ in 0..part {
                self.send(epoch.now()).await?;
            }
            sent += part;
        }
        Ok(())
    }
}

/// Sends every message back as a component answers it: under the same ID, with a payload of the same size.
pub(super) async fn echo(client: Client, mut messages: Messages) {
    while let Some(message) = messages.next().await {
        if client.send(answer(&message)).await.is_err() {
            return;
        }
    }
}

fn answer(message: &Message) -> Envelope {
    let mut answer = Envelope::new(Kind::GRADIENT);
    answer.id.clone_from(&message.id);
    answer.to_room.clone_from(&message.to_room);
    answer.data.clone_from(&message.data);
    answer
}
