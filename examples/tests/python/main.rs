//! The published Python package and a Rust component in one room: each hears the other, tensors included.
//!
//! `cargo xtask ci python` installs the package and names its interpreter in `SWERGIO_PYTHON`.

#![expect(clippy::unwrap_used, reason = "a test may")]

mod cartpole;
mod trebuchet;

use std::process::{Child, Command};
use std::time::Duration;

use swergio_broker::{Broker, Config, serve};
use swergio_client::{
    Client, Codec, Envelope, Kind, Message, MessageId, Messages, ModelStatus, Options, RoomName, Tensor,
    Trigger,
};
use tokio::net::TcpListener;

const PATIENCE: Duration = Duration::from_secs(20);

/// The Python component; it ends with the test.
struct Ada(Child);

impl Ada {
    fn start(port: u16) -> Self {
        let python = std::env::var_os("SWERGIO_PYTHON").expect("cargo xtask ci python sets SWERGIO_PYTHON");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/ada.py");
        Self(Command::new(python).arg(script).arg(port.to_string()).spawn().expect("Python starts"))
    }
}

impl Drop for Ada {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Opens a broker on a free port and seats bob, who speaks MessagePack, in its lab.
async fn lab() -> (u16, Client, Messages) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(serve(Broker::new(Config::default()).unwrap(), listener));
    let url = format!("ws://127.0.0.1:{port}");
    let bob = Options::new(url).name("bob").codec(Codec::MsgPack).connect().await.unwrap();
    let heard = bob.subscribe(Trigger::any().rooms(["lab"])).await.unwrap();
    bob.settle().await.unwrap();
    (port, bob, heard)
}

async fn next(heard: &mut Messages) -> Message {
    tokio::time::timeout(PATIENCE, heard.next()).await.expect("a message in time").expect("the link holds")
}

#[tokio::test]
async fn python_and_rust_hear_each_other() {
    let (port, bob, mut heard) = lab().await;
    let _ada = Ada::start(port);

    // Python speaks: nested lists arrive as a tensor, all else as it was.
    let said = next(&mut heard).await;
    assert_eq!(said.frame().codec(), Codec::MsgPack);
    assert_eq!((said.kind.as_str(), said.sender()), ("DATA/FORWARD", Some("ada")));
    assert_eq!(said.field::<String>("NOTE").unwrap().unwrap(), "Grüße");
    let tensor = said.tensor().unwrap();
    assert_eq!((tensor.shape(), tensor.to_f64_vec()), (&[1, 3][..], vec![0.5, -1.0, 1e-3]));

    // Rust speaks: a tensor arrives as nested lists, what is not a number included.
    let sent = Tensor::from_f32([2, 3], &[1.0, 2.5, -3.0, f32::NAN, f32::INFINITY, 0.125]).unwrap();
    let forward = Envelope::new(Kind::FORWARD)
        .with_id(MessageId::new("from rust"))
        .with_to_room(RoomName::parse("lab").unwrap())
        .with_root_id("pass 1")
        .with_model_status(ModelStatus::TRAIN)
        .with_tensor(sent);
    bob.send(forward).await.unwrap();

    // Python answers under the same ID, in the same pass.
    let answer = next(&mut heard).await;
    assert_eq!((answer.kind.as_str(), answer.sender()), ("DATA/GRADIENT", Some("ada")));
    assert_eq!(answer.id.as_ref().map(MessageId::as_str), Some("from rust"));
    assert_eq!(answer.root_id.as_deref(), Some("pass 1"));
    assert_eq!(answer.model_status, Some(ModelStatus::TRAIN));
    assert_eq!(answer.field::<String>("FROM").unwrap().unwrap(), "bob");
    let saw = answer.field::<String>("SAW").unwrap().unwrap();
    assert_eq!(saw, "[[1.0, 2.5, -3.0], [NaN, Infinity, 0.125]]");
    let doubled = answer.tensor().unwrap();
    assert_eq!(doubled.shape(), [2, 3]);
    let values = doubled.to_f64_vec();
    assert_eq!(values[..3], [2.0, 5.0, -6.0]);
    assert!(values[3].is_nan());
    assert_eq!(values[4..], [f64::INFINITY, 0.25]);
}
