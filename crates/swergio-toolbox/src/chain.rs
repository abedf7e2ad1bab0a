//! Chain: a row of running components, used by its caller like a local function.

mod error;
mod hit;
mod limits;
mod listen;
mod open;
mod passes;
mod payload;

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use swergio_client::{Body, Client, Envelope, Kind, Message, MessageId, ModelStatus, RoomName, Tensor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::Value;

pub use error::ChainError;
pub use hit::Hit;
pub use limits::ChainLimits;
pub use open::Opening;
pub use passes::ChainTally;
use passes::Passes;

/// Calls a row of components that stands between two rooms as if it were a function.
///
/// [`forward`](Self::forward) sends `DATA/FORWARD` into the input room and waits for what comes out of the output room;
/// the [`Hit`] that it returns holds the output, and takes the gradient by it back to the gradient by the input. What
/// stands between the rooms (one component or ten, in which language) is of no concern here.
///
/// A chain is a cheap handle: clones share its passes and their bounds. [`train`](Self::train), [`validate`](Self::validate),
/// [`probe`](Self::probe) and [`within`](Self::within) make one that differs in what a pass is for or how long it may take,
/// so that they serve for a single call as well. Many passes may be under way at once.
///
/// ```no_run
/// use swergio_toolbox::{Chain, Client, Tensor};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let chain = Chain::new(&client).input("model").output("output").open().await?;
/// let x = Tensor::from_f64([2], &[3.0, -1.0])?;
/// let hit = chain.forward(&x).await?;
/// let off_target = hit.value().to_f64_vec()[0] - 100.0;
/// let by_output = Tensor::from_f64(hit.value().shape(), &[2.0 * off_target])?;
/// let by_input = hit.backward(by_output).await?;
/// assert_eq!(by_input.shape(), [2]);
/// # Ok(()) }
/// ```
pub struct Chain<X = Tensor, Y = Tensor> {
    shared: Arc<Shared>,
    status: ModelStatus,
    deadline: Duration,
    cotangents: usize,
    types: PhantomData<fn(X) -> Y>,
}

/// What the handles of a chain share with its hits and with the task that listens.
struct Shared {
    client: Client,
    input: RoomName,
    output: RoomName,
    passes: Arc<Mutex<Passes>>,
    /// Passes that may begin.
    places: Arc<Semaphore>,
    limits: ChainLimits,
    listener: AbortHandle,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Chain {
    /// Begins to open a chain of tensors. [`Opening::of`] makes it one of other types.
    #[expect(clippy::new_ret_no_self, reason = "a chain is there when its rooms are joined")]
    pub fn new(client: &Client) -> Opening {
        Opening::new(client.clone())
    }
}

impl<X, Y> Chain<X, Y> {
    /// Makes a handle whose passes the components learn from: `TRAIN`.
    #[must_use]
    pub fn train(&self) -> Self {
        self.with_status(ModelStatus::TRAIN)
    }

    /// Makes a handle whose passes are answered only, and leave nothing behind: `VALIDATE`.
    #[must_use]
    pub fn validate(&self) -> Self {
        self.with_status(ModelStatus::VALIDATE)
    }

    /// Makes a handle whose passes bring gradients back that nobody learns from: `PROBE`.
    ///
    /// Components of the Python package know `TRAIN` and `VALIDATE` only; most keep what a gradient needs for `TRAIN` alone.
    #[must_use]
    pub fn probe(&self) -> Self {
        self.with_status(ModelStatus::PROBE)
    }

    /// Makes a handle whose passes carry this `MODEL_STATUS`.
    #[must_use]
    pub fn with_status(&self, status: ModelStatus) -> Self {
        Self { status, ..self.clone() }
    }

    /// Makes a handle whose calls wait so long at most, each way.
    #[must_use]
    pub fn within(&self, deadline: Duration) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// Makes a handle through which [`jacobian`](crate::jacobian) and its like send so many cotangents in one message, at most.
    ///
    /// Every component of the chain must take them, as those of this package do that are served
    /// [`batched`](crate::Component::batched), and the handle must be one that probes. One at a time, each in a pass of its own, unless said.
    #[must_use]
    pub fn with_cotangents(&self, at_once: usize) -> Self {
        Self { cotangents: at_once.max(1), ..self.clone() }
    }

    /// Returns how many cotangents go in one message, at most.
    pub fn cotangents(&self) -> usize {
        self.cotangents
    }

    /// Returns what its passes are for.
    pub fn status(&self) -> ModelStatus {
        self.status
    }

    /// Returns the room that inputs go into.
    pub fn input(&self) -> &RoomName {
        &self.shared.input
    }

    /// Returns the room that outputs come from.
    pub fn output(&self) -> &RoomName {
        &self.shared.output
    }

    /// Returns the bounds.
    pub fn limits(&self) -> &ChainLimits {
        &self.shared.limits
    }

    /// Counts what has happened to the passes of all handles so far.
    pub fn tally(&self) -> ChainTally {
        self.shared.passes().tally()
    }
}

impl<X: Value + Clone, Y: Value> Chain<X, Y> {
    /// Sends an input through the components, and waits for what comes out.
    ///
    /// While [`ChainLimits::in_flight`] passes are under way (hits that are still held count) it waits for one to end.
    /// Dropping the call gives the pass up.
    ///
    /// # Errors
    /// [`ChainError::Fault`] when a component could not do with it, [`ChainError::Timeout`] when nothing came out in time,
    /// [`ChainError::Full`] when no pass ended in time, [`ChainError::Unreadable`] when `input` or the output is not of its
    /// type, [`ChainError::Lost`] and [`ChainError::Client`] when there is no link.
    pub async fn forward(&self, input: &X) -> Result<Hit<X, Y>, ChainError> {
        let data = payload::body(input.clone())?;
        self.forward_in(self.place().await?, data).await
    }

    /// Waits for a place among the passes under way.
    async fn place(&self) -> Result<OwnedSemaphorePermit, ChainError> {
        let place = Arc::clone(&self.shared.places).acquire_owned();
        match timeout(self.deadline, place).await {
            Ok(place) => place.map_err(|_| ChainError::Lost),
            Err(_) => {
                let in_flight = self.shared.limits.in_flight;
                Err(ChainError::Full { in_flight, after: self.deadline })
            }
        }
    }

    /// Waits for one place, and takes as many more as are free, up to `most` in all.
    ///
    /// Who needs several passes under way at once takes their places before the first of them begins, and waits for no more while it holds them. If each call held
    /// some and waited for others, two such calls would wait for each other.
    pub(crate) async fn places(&self, most: usize) -> Result<Vec<OwnedSemaphorePermit>, ChainError> {
        let mut places = vec![self.place().await?];
        let free = || Arc::clone(&self.shared.places).try_acquire_owned().ok();
        places.extend(std::iter::from_fn(free).take(most.saturating_sub(1)));
        Ok(places)
    }

    /// Sends an input through the components in a place of its own, and waits for what comes out.
    pub(crate) async fn forward_at(
        &self,
        place: OwnedSemaphorePermit,
        input: X,
    ) -> Result<Hit<X, Y>, ChainError> {
        self.forward_in(place, payload::body(input)?).await
    }

    async fn forward_in(&self, place: OwnedSemaphorePermit, data: Body) -> Result<Hit<X, Y>, ChainError> {
        let (number, answer) = self.shared.passes().begin();
        // From here on the pass ends with `open`, however this call ends.
        let open = hit::Open::new(Arc::clone(&self.shared), number, place);
        let envelope = Envelope {
            data: Some(data),
            root_id: Some(open.id().as_str().to_owned()),
            ..self.envelope(Kind::FORWARD, open.id(), &self.shared.input)
        };
        let message =
            self.shared.ask(envelope, answer, self.deadline, &self.shared.output, Kind::FORWARD).await?;
        let value = payload::value(&message)?;
        Ok(Hit::new(self.clone(), open, value, &message))
    }

    fn envelope(&self, kind: Kind<'static>, id: MessageId, room: &RoomName) -> Envelope {
        Envelope::new(kind).with_id(id).with_to_room(room.clone()).with_model_status(self.status)
    }
}

impl Shared {
    fn passes(&self) -> MutexGuard<'_, Passes> {
        // Nothing panics while it is locked, and it is whole between any two of its steps.
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a message, and waits for what the listener hears in return.
    async fn ask(
        &self,
        envelope: Envelope,
        answer: oneshot::Receiver<Result<Message, ChainError>>,
        deadline: Duration,
        room: &RoomName,
        kind: Kind<'static>,
    ) -> Result<Message, ChainError> {
        let asking = async {
            self.client.send(envelope).await?;
            answer.await.unwrap_or(Err(ChainError::Lost))
        };
        timeout(deadline, asking).await.unwrap_or_else(|_| {
            self.passes().count_timeout();
            Err(ChainError::Timeout { kind, room: room.clone(), after: deadline })
        })
    }
}

impl<X, Y> Clone for Chain<X, Y> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        let (status, deadline, cotangents) = (self.status, self.deadline, self.cotangents);
        Self { shared, status, deadline, cotangents, types: PhantomData }
    }
}

impl<X, Y> fmt::Debug for Chain<X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("input", &self.shared.input)
            .field("output", &self.shared.output)
            .field("status", &self.status)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
