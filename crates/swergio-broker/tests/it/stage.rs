//! Stage: a broker and its members in memory, whose time is moved by hand.

mod member;
mod port;
mod program;
mod wire;

use std::time::Duration;

use serde_json::json;
use swergio_broker::{Broker, Config};
use swergio_proto::{Codec, Grant, Limits};

pub(crate) use member::{ALL, Member, Via, label, value};
pub(crate) use port::{Port, opening};
pub(crate) use program::{Program, run};
pub(crate) use wire::{DEADLINE, Wire};

/// Holds a broker that no port leads to.
pub(crate) struct Stage {
    pub(crate) broker: Broker,
    header: usize,
}

/// Lets everything happen that can happen now: a paused clock moves only when nothing else does.
pub(crate) async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Returns the default settings but for the bounds.
pub(crate) fn within(limits: Limits) -> Config {
    Config { limits, ..Config::default() }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let header = usize::from(config.header_length);
        Self { broker: Broker::new(config).unwrap(), header }
    }

    /// Seats the far end of `wire` at the broker.
    pub(crate) fn seat(&self, via: Via, grant: Grant, far: impl wire::Stream) {
        let broker = self.broker.clone();
        tokio::spawn(async move {
            match via {
                Via::Tcp => broker.serve_tcp(far).await,
                Via::Json => broker.serve_web_socket(far, Codec::Json, grant).await,
                Via::MsgPack => broker.serve_web_socket(far, Codec::MsgPack, grant).await,
            }
        });
    }

    /// Connects somebody who has not registered yet.
    pub(crate) fn stranger(&self, via: Via) -> Member {
        self.granted(via, Grant::open())
    }

    /// Connects somebody whom a guard has let in with this grant.
    pub(crate) fn granted(&self, via: Via, grant: Grant) -> Member {
        let (wire, far) = Wire::pair();
        self.seat(via, grant, far);
        Member::new(wire, via, self.header)
    }

    /// Connects somebody whose stream holds `bytes` and who reads nothing until the wire is resumed.
    pub(crate) fn stalled(&self, via: Via, bytes: usize) -> Member {
        let (wire, far) = Wire::stalled_pair(bytes);
        self.seat(via, Grant::open(), far);
        Member::new(wire, via, self.header)
    }

    /// Connects a member that has registered as `name`, sits in `rooms`, and has read its WELCOME.
    pub(crate) async fn member(&self, via: Via, name: &str, rooms: &[&str]) -> Member {
        let mut member = self.stranger(via);
        member.enter(name, rooms).await;
        let greetings = member.heard().await;
        assert_eq!(greetings, if via == Via::Tcp { vec![] } else { vec!["COMMAND/WELCOME"] });
        member
    }
}

impl Member {
    /// Registers and joins.
    pub(crate) async fn enter(&mut self, name: &str, rooms: &[&str]) {
        self.say(json!({"TYPE": "COMMAND/REGISTER", "NAME": name})).await;
        for room in rooms {
            self.say(json!({"TYPE": "COMMAND/JOINROOM", "ROOM": room})).await;
        }
    }

    /// Says something with an ID into a room.
    pub(crate) async fn tell_room(&mut self, room: &str, id: &str) {
        self.say(json!({"ID": id, "TYPE": "DATA/TEXT", "TO_ROOM": room, "DATA": "hello"})).await;
    }

    /// Says something with an ID to whoever has a name.
    pub(crate) async fn tell_member(&mut self, name: &str, id: &str) {
        self.say(json!({"ID": id, "TYPE": "DATA/TEXT", "TO": name, "DATA": "hello"})).await;
    }
}
