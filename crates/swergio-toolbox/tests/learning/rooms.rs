//! Rooms: a broker, and clients that join it.

use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_client::{Client, Codec, Envelope, Kind, Message, Messages, Options, RoomName, Trigger};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds a broker on a free port.
pub(crate) struct Rooms(u16);

/// Gives commands, and hears what is answered.
pub(crate) struct Operator {
    client: Client,
    answers: Messages,
}

impl Rooms {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(serve(Broker::new(Config::default()).unwrap(), listener));
        Self(port)
    }

    pub(crate) async fn client(&self, name: &str) -> Client {
        self.client_in(name, Codec::MsgPack).await
    }

    async fn client_in(&self, name: &str, codec: Codec) -> Client {
        let url = format!("ws://127.0.0.1:{}", self.0);
        Options::new(url).name(name).codec(codec).connect().await.unwrap()
    }

    /// Lets somebody in who speaks JSON, as upstream's clients do.
    pub(crate) async fn operator(&self) -> Operator {
        let client = self.client_in("operator", Codec::Json).await;
        let answers = client.subscribe(Trigger::kinds([Kind::MODELWEIGHTS, Kind::SETTINGS])).await.unwrap();
        client.settle().await.unwrap();
        Operator { client, answers }
    }
}

impl Operator {
    pub(crate) async fn command(&self, command: Envelope) -> String {
        let room = RoomName::parse("_command").unwrap();
        self.client.send(command.with_to_room(room)).await.unwrap().as_str().to_owned()
    }

    pub(crate) async fn hears(&mut self) -> Message {
        timeout(PATIENCE, self.answers.next()).await.expect("an answer in time").expect("the link holds")
    }

    /// Hears the answers of so many components, by their names.
    pub(crate) async fn hears_all(&mut self, count: usize) -> Vec<(String, Message)> {
        let mut heard = Vec::new();
        for _ in 0..count {
            let answer = self.hears().await;
            heard.push((text(&answer, "COMPONENT").unwrap(), answer));
        }
        heard.sort_by(|one, another| one.0.cmp(&another.0));
        heard
    }
}

/// Reads a field that is a text.
pub(crate) fn text(message: &Message, field: &str) -> Option<String> {
    message.field(field).unwrap()
}
