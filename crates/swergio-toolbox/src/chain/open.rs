//! Opening: what a chain is told before its first pass.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use swergio_client::{Client, Kind, ModelStatus, RoomName, Tensor, Trigger};
use tokio::sync::Semaphore;

use super::listen::listen;
use super::passes::Passes;
use super::{Chain, ChainError, ChainLimits, Shared};

/// Opens a [`Chain`]: its rooms, its types, what its passes are for, its bounds.
#[derive(Clone, Debug)]
pub struct Opening<X = Tensor, Y = Tensor> {
    client: Client,
    input: String,
    output: String,
    status: ModelStatus,
    limits: ChainLimits,
    types: PhantomData<fn(X) -> Y>,
}

impl Opening {
    pub(super) fn new(client: Client) -> Self {
        let (input, output) = ("input".to_owned(), "output".to_owned());
        let (status, limits) = (ModelStatus::TRAIN, ChainLimits::default());
        Self { client, input, output, status, limits, types: PhantomData }
    }
}

impl<X, Y> Opening<X, Y> {
    /// Names the room that inputs go into and gradients come back in. `input`.
    pub fn input(self, room: impl Into<String>) -> Self {
        Self { input: room.into(), ..self }
    }

    /// Names the room that outputs come into and gradients by them go into. `output`.
    pub fn output(self, room: impl Into<String>) -> Self {
        Self { output: room.into(), ..self }
    }

    /// Says what passes are for, unless a handle says otherwise. [`ModelStatus::TRAIN`].
    pub fn status(self, status: ModelStatus) -> Self {
        Self { status, ..self }
    }

    /// Sets the bounds.
    pub fn limits(self, limits: ChainLimits) -> Self {
        Self { limits, ..self }
    }

    /// Chooses the types of inputs and outputs.
    ///
    /// ```no_run
    /// # async fn run(client: swergio_toolbox::Client) -> Result<(), swergio_toolbox::ChainError> {
    /// use swergio_toolbox::Chain;
    ///
    /// let square = Chain::new(&client).of::<f64, f64>().input("x").output("y").open().await?;
    /// let hit = square.forward(&3.0).await?;
    /// let slope: f64 = hit.backward(1.0).await?;
    /// # Ok(()) }
    /// ```
    pub fn of<A, B>(self) -> Opening<A, B> {
        let Self { client, input, output, status, limits, .. } = self;
        Opening { client, input, output, status, limits, types: PhantomData }
    }

    /// Joins both rooms and begins to listen.
    ///
    /// It returns when the broker has acted on that: what the first pass brings is heard.
    ///
    /// # Errors
    /// [`ChainError::Client`] for a bad name, or when the broker refuses a room or is away.
    pub async fn open(self) -> Result<Chain<X, Y>, ChainError> {
        let name = |text: &str| RoomName::parse(text).map_err(swergio_client::Error::from);
        let (input, output) = (name(&self.input)?, name(&self.output)?);
        let trigger = Trigger::kinds([Kind::FORWARD, Kind::GRADIENT, Kind::FAULT])
            .rooms([&self.input, &self.output])
            .direct(false);
        let (events, messages) = (self.client.events(), self.client.subscribe(trigger).await?);
        let passes = Arc::new(Mutex::new(Passes::new(self.limits.remembered, input.clone(), output.clone())));
        let listener = tokio::spawn(listen(messages, events, Arc::clone(&passes))).abort_handle();
        let places = self.limits.in_flight.clamp(1, Semaphore::MAX_PERMITS);
        let shared = Shared {
            client: self.client,
            input,
            output,
            passes,
            places: Arc::new(Semaphore::new(places)),
            limits: self.limits,
            listener,
        };
        shared.client.settle().await?;
        let deadline = shared.limits.deadline;
        let (shared, status) = (Arc::new(shared), self.status);
        Ok(Chain { shared, status, deadline, cotangents: 1, types: PhantomData })
    }
}
