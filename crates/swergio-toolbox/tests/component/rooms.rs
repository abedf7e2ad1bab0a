//! Rooms: a broker, and somebody who speaks and listens in a chain's rooms.

use std::future::Future;
use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_client::{
    Client, Codec, Envelope, Kind, Message, MessageId, Messages, Options, RoomName, Trigger,
};
use swergio_toolbox::{ModelStatus, PassFault, Tensor};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds a broker on a free port, and connects to it.
pub(crate) struct Rooms {
    port: u16,
}

/// Speaks and listens in some rooms, as a caller does.
pub(crate) struct Caller {
    pub(crate) client: Client,
    heard: Messages,
}

impl Rooms {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(serve(Broker::new(Config::default()).unwrap(), listener));
        Self { port }
    }

    pub(crate) async fn client(&self, name: &str, codec: Codec) -> Client {
        self.options(name).codec(codec).connect().await.unwrap()
    }

    pub(crate) fn options(&self, name: &str) -> Options {
        Options::new(format!("ws://127.0.0.1:{}", self.port)).name(name)
    }

    /// Lays a cable to the broker that can be cut, and plugged in again.
    pub(crate) async fn cable(&self) -> Cable {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Cable { port, broker: self.port, listener, carrying: None }
    }

    pub(crate) async fn caller(&self, codec: Codec, rooms: &[&str]) -> Caller {
        let client = self.client("caller", codec).await;
        let kinds = [Kind::FORWARD, Kind::GRADIENT, Kind::FAULT, Kind::PORTS, Kind::MISMATCH];
        let heard = client.subscribe(Trigger::kinds(kinds).rooms(rooms)).await.unwrap();
        client.settle().await.unwrap();
        Caller { client, heard }
    }
}

/// Carries bytes between one component and the broker.
pub(crate) struct Cable {
    port: u16,
    broker: u16,
    listener: TcpListener,
    carrying: Option<AbortHandle>,
}

impl Cable {
    /// Connects through it, as long as it is plugged in.
    pub(crate) fn options(&self, name: &str) -> Options {
        Options::new(format!("ws://127.0.0.1:{}", self.port)).name(name)
    }

    /// Takes the next connection.
    pub(crate) async fn plug_in(&mut self) {
        let (mut here, _) = soon(self.listener.accept()).await.unwrap();
        let mut there = TcpStream::connect(("127.0.0.1", self.broker)).await.unwrap();
        let carrying = tokio::spawn(async move {
            let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
        });
        self.carrying = Some(carrying.abort_handle());
    }

    pub(crate) fn cut(&mut self) {
        self.carrying.take().expect("it is plugged in").abort();
    }
}

/// Waits for what will surely happen.
pub(crate) async fn soon<F: Future>(what: F) -> F::Output {
    timeout(PATIENCE, what).await.expect("it happens in time")
}

impl Caller {
    /// Sends a FORWARD, in the pass `root`, to be learned from.
    pub(crate) async fn forward(&self, room: &str, id: &str, x: Tensor) {
        self.say(in_pass(Kind::FORWARD, room, id).with_tensor(x)).await;
    }

    /// Sends a GRADIENT.
    pub(crate) async fn gradient(&self, room: &str, id: &MessageId, g: Tensor) {
        self.say(in_pass(Kind::GRADIENT, room, id.as_str()).with_tensor(g)).await;
    }

    pub(crate) async fn say(&self, envelope: Envelope) {
        self.client.send(envelope).await.unwrap();
    }

    /// Hears the next message that is not about ports.
    pub(crate) async fn hears(&mut self) -> Message {
        loop {
            let message = self.hears_any().await;
            if message.kind != Kind::PORTS {
                return message;
            }
        }
    }

    pub(crate) async fn hears_any(&mut self) -> Message {
        soon(self.heard.next()).await.expect("the link holds")
    }

    /// Hears a fault: the ID that it is about, and what it says.
    pub(crate) async fn hears_fault(&mut self) -> (String, PassFault) {
        let message = self.hears().await;
        let (id, fault) = PassFault::read(&message).unwrap_or_else(|| panic!("a fault, not {message:?}"));
        (id.as_str().to_owned(), fault)
    }
}

/// Begins a message of the pass `root`.
pub(crate) fn in_pass(kind: Kind<'static>, room: &str, id: &str) -> Envelope {
    Envelope::new(kind)
        .with_id(MessageId::new(id))
        .with_to_room(RoomName::parse(room).unwrap())
        .with_root_id("root")
        .with_model_status(ModelStatus::TRAIN)
}

pub(crate) fn row(numbers: &[f64]) -> Tensor {
    Tensor::from_f64([numbers.len()], numbers).unwrap()
}
