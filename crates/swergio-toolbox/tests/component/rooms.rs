//! Rooms: a broker, and somebody who speaks and listens in a chain's rooms.

use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_client::{
    Client, Codec, Envelope, Kind, Message, MessageId, Messages, Options, RoomName, Trigger,
};
use swergio_toolbox::{ModelStatus, PassFault, Tensor};
use tokio::net::TcpListener;
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
        let url = format!("ws://127.0.0.1:{}", self.port);
        Options::new(url).name(name).codec(codec).connect().await.unwrap()
    }

    pub(crate) async fn caller(&self, codec: Codec, rooms: &[&str]) -> Caller {
        let client = self.client("caller", codec).await;
        let kinds = [Kind::FORWARD, Kind::GRADIENT, Kind::FAULT, Kind::PORTS, Kind::MISMATCH];
        let heard = client.subscribe(Trigger::kinds(kinds).rooms(rooms)).await.unwrap();
        client.settle().await.unwrap();
        Caller { client, heard }
    }
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
        timeout(PATIENCE, self.heard.next()).await.expect("a message in time").expect("the link holds")
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
