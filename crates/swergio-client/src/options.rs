//! Options: what you may choose, and what happens if you do not.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use swergio_proto::{Codec, MemberName, RoomName};

use crate::link::ws::Dialer;
use crate::link::{Farewell, Link, Url};
use crate::{Bounds, Client, Error, Reconnect, id};

/// Chooses how a client connects and behaves. Every field has a default.
///
/// ```no_run
/// use swergio_client::{Codec, Options};
///
/// # async fn run() -> Result<(), swergio_client::Error> {
/// let ada = Options::new("ws://127.0.0.1:8080").name("ada").rooms(["lab"]).codec(Codec::Json).connect().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Options {
    /// Where the broker listens: `ws://host:port/path`, `wss://…` (with the feature `tls`) or `host:port`. The
    /// path is `/ws` where there is none. `ws://127.0.0.1:8080`.
    pub url: String,
    /// The component's name: 128 bytes at most, no control characters, no leading `_`. Others may have the same.
    /// A random readable one.
    pub name: String,
    /// The rooms to join from the start, besides `_command`. None.
    pub rooms: Vec<String>,
    /// How messages are spelt. MessagePack, which carries tensors as they lie in memory.
    pub codec: Codec,
    /// Sent as `Authorization: Bearer …` at the handshake. None.
    pub token: Option<String>,
    /// Whether and when to come back after the link broke. For ever, with full jitter.
    pub reconnect: Reconnect,
    /// How long `request`, `send_acked` and `settle` wait for an answer, the time in the queue included. 30 s.
    pub deadline: Duration,
    /// Every queue, size and time.
    pub bounds: Bounds,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "ws://127.0.0.1:8080".to_owned(),
            name: id::readable_name(),
            rooms: Vec::new(),
            codec: Codec::MsgPack,
            token: None,
            reconnect: Reconnect::default(),
            deadline: Duration::from_secs(30),
            bounds: Bounds::default(),
        }
    }
}

impl Options {
    /// Begins with the defaults and a broker's address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// Sets [`name`](Self#structfield.name).
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Sets [`rooms`](Self#structfield.rooms).
    pub fn rooms<R: Into<String>>(self, rooms: impl IntoIterator<Item = R>) -> Self {
        Self { rooms: rooms.into_iter().map(Into::into).collect(), ..self }
    }

    /// Sets [`codec`](Self#structfield.codec).
    pub fn codec(self, codec: Codec) -> Self {
        Self { codec, ..self }
    }

    /// Sets [`token`](Self#structfield.token).
    pub fn token(self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Sets [`reconnect`](Self#structfield.reconnect).
    pub fn reconnect(self, reconnect: Reconnect) -> Self {
        Self { reconnect, ..self }
    }

    /// Sets [`deadline`](Self#structfield.deadline).
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets [`bounds`](Self#structfield.bounds).
    pub fn bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Connects, registers, and joins `_command` and the rooms.
    ///
    /// Returns as soon as all that has been handed to the network. [`Client::settle`] waits for the broker to have
    /// acted on it.
    ///
    /// # Errors
    /// `Invalid` for a bad URL, name, room or token; `Unreachable` and `Refused` when the first connection fails
    /// (with [`Reconnect::initially`] only what makes further attempts useless).
    pub async fn connect(self) -> Result<Client, Error> {
        let url = Url::parse(&self.url)?;
        let dialer = Dialer::new(url, self.codec, self.token.as_deref(), &self.bounds)?;
        self.connect_over(move || dialer.clone().dial()).await
    }

    /// Connects over links that `dial` makes, one for each connection: for tests, and for other transports.
    ///
    /// The URL and the token are not looked at.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_over<L, D, F>(self, dial: D) -> Result<Client, Error>
    where
        L: Link,
        D: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<L, Farewell>> + Send + 'static,
    {
        let name = MemberName::parse(&self.name)?;
        let rooms = self.rooms.iter().map(|room| RoomName::parse(room)).collect::<Result<Vec<_>, _>>()?;
        Client::start(name, rooms, self, dial).await
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("url", &self.url)
            .field("name", &self.name)
            .field("rooms", &self.rooms)
            .field("codec", &self.codec)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("reconnect", &self.reconnect)
            .field("deadline", &self.deadline)
            .field("bounds", &self.bounds)
            .finish()
    }
}
