//! Asking: messages that somebody waits to have answered, by the broker or by a component.

use swergio_proto::{Envelope, Kind, RoomName};
use tokio::time::timeout;

use super::shared::locked;
use super::{Client, with_id};
use crate::pending::{Ticket, Want};
use crate::{Error, ErrorKind, Message};

impl Client {
    /// Sends a message, and waits until the broker says how many connections it was handed to.
    ///
    /// # Errors
    /// As [`send`](Self::send); `Rejected` with what the broker found wrong, `Lost` or `Timeout`.
    pub async fn send_acked(&self, envelope: Envelope) -> Result<usize, Error> {
        let envelope = envelope.with_field("ACK", &true)?;
        let receipt = self.ask(envelope, Want::Receipt).await?;
        Ok(receipt.field("RECEIVERS")?.unwrap_or_default())
    }

    /// Waits until the broker has acted on everything sent so far: the name, joins and messages.
    ///
    /// # Errors
    /// `Rejected` with the first thing that the broker found wrong since the last time that somebody settled, if no
    /// call was told of it; otherwise as [`send_acked`](Self::send_acked).
    pub async fn settle(&self) -> Result<(), Error> {
        // Addressed to nobody: only the receipt comes, and it comes after all that was sent before.
        let receipt = self.send_acked(Envelope::new(Kind::COMMAND_CUSTOM)).await;
        match receipt {
            Err(error) if error.kind() != ErrorKind::Rejected => Err(error),
            // A name that was refused comes before a receipt that is refused to somebody without a name.
            receipt => match locked(&self.inner.shared.objection).take() {
                Some(rejection) => Err(Error::rejected(rejection)),
                None => receipt.map(drop),
            },
        }
    }

    /// Sends a message, and waits for the answer to it. Who asks a room joins it first: answers are said there.
    ///
    /// The answer is the first message that carries this one's ID: as its own ID (so a gradient or reward answers
    /// a forward message), as REF, or as ROOT_ID. So that upstream's handlers answer, which pass on nothing but
    /// ROOT_ID, this message's ROOT_ID is set to its ID unless it has one. The component's own message coming back
    /// (sent by its name, same kind, same ID) is no answer. The answer goes to this call alone; whatever else
    /// carries the ID later goes to handlers and streams.
    ///
    /// Dropping the call stops waiting; a message that is still in the outbox is then not sent.
    ///
    /// ```no_run
    /// use swergio_client::{Client, Envelope, Kind, RoomName, Tensor};
    ///
    /// # async fn run(client: Client) -> Result<(), swergio_client::Error> {
    /// client.join("lab").await?;
    /// let x = Tensor::from_f32([2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
    /// let forward = Envelope::new(Kind::FORWARD).with_to_room(RoomName::parse("lab")?).with_tensor(x);
    /// let gradient = client.request(forward).await?.tensor()?;
    /// assert_eq!(gradient.shape(), [2, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`send`](Self::send); `Rejected` with what the broker found wrong; `Lost` when the link broke after the
    /// message had gone out; `Timeout` after [`Options::deadline`](crate::Options::deadline), the time in the
    /// outbox included, and with the room's name where this component has no seat to hear an answer from.
    pub async fn request(&self, envelope: Envelope) -> Result<Message, Error> {
        let kind = envelope.kind.clone();
        let (mut envelope, id) = with_id(envelope);
        let room = envelope.to_room.clone();
        if envelope.root_id.is_none() && envelope.field("ROOT_ID").is_none() {
            envelope.root_id = Some(id.as_str().to_owned());
        }
        self.ask(envelope, Want::Answer(kind)).await.map_err(|error| self.deaf(error, room.as_ref()))
    }

    /// Says of an answer that did not come when it could not have been heard.
    fn deaf(&self, error: Error, room: Option<&RoomName>) -> Error {
        match room
            .filter(|room| error.kind() == ErrorKind::Timeout && !self.inner.shared.rooms().contains(room))
        {
            Some(room) => Error::new(
                ErrorKind::Timeout,
                format!("{error}; join {:?} to hear what is answered there", room.as_str()),
            ),
            None => error,
        }
    }

    async fn ask(&self, envelope: Envelope, want: Want) -> Result<Message, Error> {
        let inner = &self.inner;
        let (envelope, id) = with_id(envelope);
        let asking = async {
            let _turn = inner.requests.acquire().await.map_err(|_| Error::closed())?;
            let ticket: Ticket = inner.shared.pending.open(id.clone(), want)?;
            inner.transmit_frame(envelope.encode(inner.shared.codec)?, Some(id)).await?;
            ticket.answer().await
        };
        timeout(inner.deadline, asking).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Timeout, format!("no answer within {:?}", inner.deadline)))
        })
    }
}
