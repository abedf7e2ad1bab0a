//! Client: the handle. Send, ask, join, listen, close. Clone it.

mod asking;
mod shared;

pub(crate) use shared::{Inner, Outgoing, Shared, State};

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};

use swergio_proto::{Envelope, Frame, MemberName, MessageId, RoomName};
use tokio::sync::{Semaphore, broadcast, mpsc, watch};

use crate::driver::Driver;
use crate::handler::Attendant;
use crate::link::{Farewell, Link};
use crate::routes::Routes;
use crate::{Error, Events, IntoReplies, Message, Messages, Options, Respond, Trigger, Welcome, control, id};

/// Takes part in rooms: a cheap handle to one connection that comes back by itself. Clones share it.
///
/// One task owns the link; handles put messages into its queue and wait while that is full. When the last
/// handle is dropped, the client closes as with [`close`](Self::close), but nobody waits for it.
///
/// ```no_run
/// use swergio_client::{Client, Envelope, Kind, Message, Reply, RoomName, Trigger};
///
/// # async fn run() -> Result<(), swergio_client::Error> {
/// let client = Client::connect("ws://127.0.0.1:8080").await?;
/// client
///     .on(Trigger::kinds([Kind::TEXT]).rooms(["lab"]), |message: Message| async move {
///         let text: String = message.data()?;
///         Ok::<_, swergio_client::Error>(Reply::new(Kind::TEXT).data(&format!("{text} indeed")))
///     })
///     .await?;
/// let hello = Envelope::new(Kind::TEXT).with_to_room(RoomName::parse("lab")?).with_data("hello")?;
/// client.send(hello).await?;
/// client.closed().await
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

impl Client {
    /// Connects with the default [`Options`].
    ///
    /// # Errors
    /// As [`Options::connect`].
    pub async fn connect(url: impl Into<String>) -> Result<Self, Error> {
        Options::new(url).connect().await
    }

    pub(crate) async fn start<L, D, F>(
        name: MemberName,
        rooms: Vec<RoomName>,
        options: Options,
        dial: D,
    ) -> Result<Self, Error>
    where
        L: Link,
        D: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<L, Farewell>> + Send + 'static,
    {
        let bounds = options.bounds;
        let (outbox, queue) = mpsc::channel(bounds.outbox.max(1));
        let (closing, close_asked) = mpsc::channel(1);
        let space = Arc::new(Semaphore::new(bounds.outbox_bytes.clamp(1, Semaphore::MAX_PERMITS)));
        let requests = Semaphore::new(bounds.requests.clamp(1, Semaphore::MAX_PERMITS));
        let (state, mut standing) = watch::channel(State::Apart);
        let (events, _) = broadcast::channel(bounds.events.max(1));
        let rooms = control::with_command_room(rooms);
        let shared = Arc::new(Shared {
            name,
            codec: options.codec,
            bounds,
            pending: Arc::default(),
            routes: Routes::default(),
            rooms: Mutex::new(rooms),
            state,
            welcome: Mutex::default(),
            objection: Mutex::default(),
            events,
        });
        let driver =
            Driver::new(Arc::clone(&shared), queue, close_asked, Arc::clone(&space), options.reconnect);
        tokio::spawn(driver.run(dial));
        let inner = Inner { shared, outbox, space, requests, closing, deadline: options.deadline };
        let state = standing.wait_for(|state| !matches!(state, State::Apart)).await;
        match state.as_deref() {
            Ok(State::Ended(Err(error))) => Err(error.clone()),
            Ok(State::Ended(Ok(()))) | Err(_) => Err(Error::closed()),
            Ok(_) => Ok(Self { inner: Arc::new(inner) }),
        }
    }

    /// Returns the component's name.
    pub fn name(&self) -> &MemberName {
        &self.inner.shared.name
    }

    /// Tells whether there is a link to the broker right now.
    pub fn is_connected(&self) -> bool {
        matches!(*self.inner.shared.state.borrow(), State::Connected)
    }

    /// Returns the broker's last `COMMAND/WELCOME`: the name as it has it, the connection's number, its own name.
    ///
    /// It comes a moment after connecting, and anew after each reconnect; when [`settle`](Self::settle) has returned
    /// it is there.
    pub fn welcome(&self) -> Option<Welcome> {
        shared::locked(&self.inner.shared.welcome).clone()
    }

    /// Lists the rooms that the client has joined, in that order; `_command` is the first.
    pub fn rooms(&self) -> Vec<RoomName> {
        self.inner.shared.rooms().clone()
    }

    /// Sends a message, and returns its ID: the one given, or else a fresh one.
    ///
    /// Waits while the outbox is full. Messages leave in the order of sending, also after a reconnect; at most
    /// once: one that was on its way when the link broke is not sent again.
    ///
    /// # Errors
    /// `Invalid`, `TooLarge` or `Closed`: it was not sent.
    pub async fn send(&self, envelope: Envelope) -> Result<MessageId, Error> {
        let (envelope, id) = with_id(envelope);
        self.inner.transmit(&envelope).await?;
        Ok(id)
    }

    /// Sends a frame as it is: no ID is given, nothing is checked but its codec and size.
    ///
    /// # Errors
    /// `Invalid` when it is not in the client's codec, `TooLarge` or `Closed`.
    pub async fn send_frame(&self, frame: Frame) -> Result<(), Error> {
        self.inner.transmit_frame(frame, None).await
    }

    /// Joins a room, unless the client is in it. After a reconnect it joins again by itself.
    ///
    /// # Errors
    /// `Invalid` for a bad name, `Closed`. If the broker refuses, [`settle`](Self::settle) says so, and an
    /// [`Event::Rejected`](crate::Event::Rejected).
    pub async fn join(&self, room: impl AsRef<str>) -> Result<(), Error> {
        self.join_all(&[RoomName::parse(room.as_ref())?]).await
    }

    /// Leaves a room, if the client is in it.
    ///
    /// # Errors
    /// `Invalid` for a bad name, `Closed`.
    pub async fn leave(&self, room: impl AsRef<str>) -> Result<(), Error> {
        let room = RoomName::parse(room.as_ref())?;
        let frame = control::leave(&room, self.inner.shared.codec);
        self.inner
            .transmit_if(frame, |rooms| {
                let place = rooms.iter().position(|joined| *joined == room);
                place.map(|place| rooms.remove(place)).is_some()
            })
            .await
    }

    /// Answers the messages that a trigger lets through. Replies go where they say, or back where the message
    /// came from.
    ///
    /// The handler is a function that returns a future: an `async fn`, `|message: Message| async move { … }`, or an
    /// async closure that captures nothing. It may change what it captures; what its future needs of that, it
    /// hands over by `move` or clone, as [`on_with`](Self::on_with) does by itself. It may return `()`, a
    /// [`Reply`](crate::Reply), several, none, or a `Result` with any of these: see [`IntoReplies`].
    ///
    /// Each handler is a task of its own, which takes its messages one after another in the order in which they
    /// came; different handlers run side by side. A slow handler delays nothing but itself; see
    /// [`Bounds::inbox`](crate::Bounds::inbox) for what happens when it falls too far behind. An error or a panic costs that one message
    /// and is told as [`Event::HandlerFailed`](crate::Event::HandlerFailed); nothing is sent about it.
    ///
    /// The trigger's rooms are joined first.
    ///
    /// # Errors
    /// `Invalid` for a bad room name, `Closed`.
    pub async fn on<F, R>(&self, trigger: Trigger, handler: F) -> Result<(), Error>
    where
        F: FnMut(Message) -> R + Send + 'static,
        R: Future<Output: IntoReplies> + Send + 'static,
    {
        self.respond(trigger, Respond::as_is(), handler).await
    }

    /// Answers messages as [`on`](Self::on) does, with a state that the handler is given a clone of each time.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use swergio_client::{Client, Kind, Message, Reply, Trigger};
    ///
    /// # async fn run(client: Client) -> Result<(), swergio_client::Error> {
    /// let heard = Arc::new(AtomicU64::new(0));
    /// let trigger = Trigger::kinds([Kind::TEXT]).rooms(["lab"]);
    /// client
    ///     .on_with(trigger, heard, |heard, _message: Message| async move {
    ///         Reply::new(Kind::TEXT).data(&heard.fetch_add(1, Ordering::Relaxed))
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`on`](Self::on).
    pub async fn on_with<S, F, R>(&self, trigger: Trigger, state: S, mut handler: F) -> Result<(), Error>
    where
        S: Clone + Send + 'static,
        F: FnMut(S, Message) -> R + Send + 'static,
        R: Future<Output: IntoReplies> + Send + 'static,
    {
        self.on(trigger, move |message| handler(state.clone(), message)).await
    }

    /// Answers messages as [`on`](Self::on) does, and says once for all replies what they are and where they go:
    /// the five arguments of upstream's `add_eventHandler`.
    ///
    /// The trigger's rooms are joined first, then those of `respond`.
    ///
    /// ```no_run
    /// use swergio_client::{Client, Kind, Message, Reply, Respond, Trigger};
    ///
    /// # async fn run(client: Client) -> Result<(), swergio_client::Error> {
    /// // client.add_eventHandler(chat, DATA.TEXT, responseRooms="hall", trigger=Trigger(DATA.TEXT, "lab"))
    /// let trigger = Trigger::kinds([Kind::TEXT]).rooms(["lab"]);
    /// client.respond(trigger, Respond::with(Kind::TEXT).rooms(["hall"]), chat).await?;
    ///
    /// async fn chat(message: Message) -> Reply {
    ///     Reply::of("well said")
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`on`](Self::on).
    pub async fn respond<F, R>(&self, trigger: Trigger, respond: Respond, handler: F) -> Result<(), Error>
    where
        F: FnMut(Message) -> R + Send + 'static,
        R: Future<Output: IntoReplies> + Send + 'static,
    {
        let title = trigger.to_string();
        let rooms = [trigger.joined()?, respond.joined()?].concat();
        let messages = self.listen(trigger, &rooms).await?;
        let (client, shared) = (Arc::downgrade(&self.inner), Arc::clone(&self.inner.shared));
        tokio::spawn(Attendant { client, shared, messages, respond, title }.attend(handler));
        Ok(())
    }

    /// Listens to the messages that a trigger lets through, and joins its rooms. Handlers hear them all the same.
    ///
    /// # Errors
    /// As [`on`](Self::on).
    pub async fn subscribe(&self, trigger: Trigger) -> Result<Messages, Error> {
        let rooms = trigger.joined()?.to_vec();
        self.listen(trigger, &rooms).await
    }

    /// Listens to everything that comes, but answers to [`request`](Self::request) and what the broker itself says.
    pub fn messages(&self) -> Messages {
        self.inner.shared.routes.open(Trigger::any(), &self.inner.shared.bounds)
    }

    /// Listens to what happens to the client besides messages, from now on.
    pub fn events(&self) -> Events {
        Events::new(self.inner.shared.events.subscribe())
    }

    /// Closes: sends what is queued and `COMMAND/DISCONNECT`, closes the link, and waits for all that.
    ///
    /// It takes [`Bounds::linger`](crate::Bounds::linger) at most. While there is no link, what is queued is lost. Handlers finish the
    /// message that they are at. Every clone is closed.
    ///
    /// # Errors
    /// `Lost` when what was queued could not be sent; whatever ended the client before.
    pub async fn close(&self) -> Result<(), Error> {
        // Full means that somebody has asked already, closed that the driver has ended.
        let _ = self.inner.closing.try_send(());
        self.closed().await
    }

    /// Waits until the client has ended: closed by one of its handles, or given up.
    ///
    /// # Errors
    /// `Refused` when the broker does not want the component, `Unreachable` when all attempts to come back failed,
    /// `Lost` as for [`close`](Self::close).
    pub async fn closed(&self) -> Result<(), Error> {
        let mut state = self.inner.shared.state.subscribe();
        match state.wait_for(|state| matches!(state, State::Ended(_))).await.as_deref() {
            Ok(State::Ended(how)) => how.clone(),
            _ => Ok(()),
        }
    }

    /// Opens the inbox before the rooms are joined, so that nothing is missed.
    async fn listen(&self, trigger: Trigger, rooms: &[RoomName]) -> Result<Messages, Error> {
        let messages = self.inner.shared.routes.open(trigger, &self.inner.shared.bounds);
        self.join_all(rooms).await?;
        Ok(messages)
    }

    async fn join_all(&self, rooms: &[RoomName]) -> Result<(), Error> {
        for room in rooms {
            let frame = control::join(room, self.inner.shared.codec);
            self.inner
                .transmit_if(frame, |joined| {
                    let new = !joined.contains(room);
                    if new {
                        joined.push(room.clone());
                    }
                    new
                })
                .await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", self.name())
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

fn with_id(mut envelope: Envelope) -> (Envelope, MessageId) {
    let id = envelope.id.get_or_insert_with(id::fresh).clone();
    (envelope, id)
}
