//! Component: a differentiable value with a name, rooms and ports, ready to be served.

mod batched;
mod closures;

use swergio_client::{Client, Error, Fault, RoomName};

pub use batched::Batched;
pub use closures::{Closures, Forward};

use crate::serving::{Plan, Serving};
use crate::{BoxError, Differentiable, Pass, Port, ServingLimits, Value};

/// Begins a component that closures make.
///
/// ```no_run
/// use swergio_toolbox::{Client, Tensor, component};
///
/// # async fn run(client: Client) -> Result<(), swergio_client::Error> {
/// component("square")
///     .forward(|x: Tensor| Ok((&x * &x, x))) // -> (output, saved)
///     .vjp(|x, g: Tensor| Ok(2.0 * x * g))
///     .input("model")
///     .output("output")
///     .serve(&client)
///     .await?;
/// # Ok(()) }
/// ```
///
/// What is missing does not compile:
///
/// ```compile_fail
/// # use swergio_toolbox::{Client, Tensor, component};
/// # async fn run(client: Client) {
/// component("square").forward(|x: Tensor| Ok((&x * &x, x))).input("model").serve(&client).await;
/// # }
/// ```
pub fn component(name: impl Into<String>) -> Component<Undefined> {
    Component::of(name, Undefined)
}

/// Describes a component until it is [served](Self::serve): what it computes, its rooms, ports and limits.
///
/// Its type says what is still missing: the forward, the input room, the output room.
#[derive(Clone, Debug)]
pub struct Component<D, I = NoRoom, O = NoRoom> {
    name: String,
    differentiable: D,
    input: I,
    output: O,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    limits: ServingLimits,
}

/// Stands for a forward that has not been given.
#[derive(Clone, Copy, Debug)]
pub struct Undefined;

/// Stands for a room that has not been named.
#[derive(Clone, Copy, Debug)]
pub struct NoRoom;

/// Holds the name of a room, good or bad: [`serve`](Component::serve) tells.
#[derive(Clone, Debug)]
pub struct InRoom(Result<RoomName, Fault>);

impl<D> Component<D> {
    /// Begins a component that a [`Differentiable`] makes. The name is what faults and neighbours call it.
    pub fn of(name: impl Into<String>, differentiable: D) -> Self {
        Self {
            name: name.into(),
            differentiable,
            input: NoRoom,
            output: NoRoom,
            inputs: Vec::new(),
            outputs: Vec::new(),
            limits: ServingLimits::default(),
        }
    }
}

impl<D, I, O> Component<D, I, O> {
    /// Names the room that inputs come from and gradients go back into.
    pub fn input(self, room: impl AsRef<str>) -> Component<D, InRoom, O> {
        let Self { name, differentiable, output, inputs, outputs, limits, .. } = self;
        let input = InRoom(RoomName::parse(room.as_ref()));
        Component { name, differentiable, input, output, inputs, outputs, limits }
    }

    /// Names the room that outputs go into and gradients come from.
    pub fn output(self, room: impl AsRef<str>) -> Component<D, I, InRoom> {
        let Self { name, differentiable, input, inputs, outputs, limits, .. } = self;
        let output = InRoom(RoomName::parse(room.as_ref()));
        Component { name, differentiable, input, output, inputs, outputs, limits }
    }

    /// Declares what it takes. Where there are several ports, `DATA` is a map by their names.
    #[must_use]
    pub fn takes(mut self, port: Port) -> Self {
        self.inputs.push(port);
        self
    }

    /// Declares what it gives. Where there are several ports, `DATA` is a map by their names.
    #[must_use]
    pub fn gives(mut self, port: Port) -> Self {
        self.outputs.push(port);
        self
    }

    /// Sets every bound.
    #[must_use]
    pub fn limits(self, limits: ServingLimits) -> Self {
        Self { limits, ..self }
    }

    /// Returns what computes, to be used without rooms.
    pub fn into_differentiable(self) -> D {
        self.differentiable
    }

    fn computing<E>(self, change: impl FnOnce(D) -> E) -> Component<E, I, O> {
        let Self { name, differentiable, input, output, inputs, outputs, limits } = self;
        Component { name, differentiable: change(differentiable), input, output, inputs, outputs, limits }
    }
}

impl<I, O> Component<Undefined, I, O> {
    /// Gives the forward: from the input to the output and what the [`vjp`](Component::vjp) will need.
    ///
    /// Without a `vjp` the component has no gradients, and says so to whoever sends it one.
    #[expect(clippy::type_complexity, reason = "a closure has no shorter type")]
    pub fn forward<X, Y, S, F>(
        self,
        mut forward: F,
    ) -> Component<Forward<impl FnMut(X, &Pass) -> Result<(Y, S), BoxError> + Send + 'static, X, Y, S>, I, O>
    where
        X: Value,
        Y: Value,
        S: Send + 'static,
        F: FnMut(X) -> Result<(Y, S), BoxError> + Send + 'static,
    {
        self.forward_with(move |input, _: &Pass| forward(input))
    }

    /// Gives the forward as [`forward`](Self::forward) does, which is also told of the pass.
    pub fn forward_with<X, Y, S, F>(self, forward: F) -> Component<Forward<F, X, Y, S>, I, O>
    where
        X: Value,
        Y: Value,
        S: Send + 'static,
        F: FnMut(X, &Pass) -> Result<(Y, S), BoxError> + Send + 'static,
    {
        self.computing(|_| Forward::new(forward))
    }
}

impl<F, X, Y, S, I, O> Component<Forward<F, X, Y, S>, I, O> {
    /// Gives the vector-Jacobian product: from what was saved and the gradient by the output to the gradient by the input.
    #[expect(clippy::type_complexity, reason = "a closure has no shorter type")]
    pub fn vjp<G>(
        self,
        mut vjp: G,
    ) -> Component<Closures<F, impl FnMut(S, Y, &Pass) -> Result<X, BoxError> + Send + 'static, X, Y, S>, I, O>
    where
        G: FnMut(S, Y) -> Result<X, BoxError> + Send + 'static,
        X: 'static,
        Y: 'static,
        S: 'static,
    {
        self.vjp_with(move |saved, cotangent, _: &Pass| vjp(saved, cotangent))
    }

    /// Gives the vector-Jacobian product as [`vjp`](Self::vjp) does, which is also told of the pass: whether to learn, say.
    pub fn vjp_with<G>(self, vjp: G) -> Component<Closures<F, G, X, Y, S>, I, O>
    where
        G: FnMut(S, Y, &Pass) -> Result<X, BoxError> + Send + 'static,
    {
        self.computing(|forward| forward.with_vjp(vjp))
    }
}

impl<D: Differentiable<Saved: Clone>, I, O> Component<D, I, O> {
    /// Lets several cotangents come at once, as a Jacobian asks for: each is given its own copy of what was saved.
    pub fn batched(self) -> Component<Batched<D>, I, O> {
        self.computing(Batched)
    }
}

impl<D: Differentiable> Component<D, InRoom, InRoom> {
    /// Joins the rooms, tells neighbours what it takes and gives, and computes from then on, on a thread of its own.
    ///
    /// Returns when the broker has seated it. It goes on until it is [stopped](Serving::stop), the client is closed or the
    /// runtime ends, whether the handle that is returned is kept or not. As long as it goes on it keeps the client open.
    ///
    /// # Errors
    /// `Invalid` for a bad room name, `Rejected` when the broker refuses a room, `Timeout` or `Closed`.
    pub async fn serve(self, client: &Client) -> Result<Serving<D>, Error> {
        let Self { name, differentiable, input, output, inputs, outputs, limits } = self;
        let plan = Plan { name, input: input.0?, output: output.0?, inputs, outputs, limits };
        Serving::begin(plan, differentiable, client).await
    }
}
