//! Instructions: what the client takes for a message, for `cargo xtask instructions` to count.

mod scene;

use swergio_client::Codec;
use swergio_testkit::piece::{self, Piece, Work};
use swergio_testkit::sample;

use scene::Scene;

const PIECES: &[Piece] = &[
    Piece("client/send/64 messages", 10, || send(Codec::MsgPack, 64)),
    Piece("client/send/64 messages of 4k", 10, || send(Codec::MsgPack, 4096)),
    Piece("client/send/64 messages, json", 10, || send(Codec::Json, 64)),
    Piece("client/receive/64 messages", 10, || receive(Codec::MsgPack, 64)),
    Piece("client/receive/64 messages of 4k", 10, || receive(Codec::MsgPack, 4096)),
    Piece("client/receive/64 messages, json", 10, || receive(Codec::Json, 64)),
    Piece("client/request", 50, request),
];

/// Messages that are sent, or come, at once.
const BURST: usize = 64;

fn main() {
    piece::run(PIECES);
}

fn send(codec: Codec, bytes: usize) -> Work {
    let (mut scene, tensor) = (Scene::open(codec), sample::numbers(bytes));
    Box::new(move || scene.send(&tensor, BURST))
}

fn receive(codec: Codec, bytes: usize) -> Work {
    let (mut scene, frame) = (Scene::open(codec), sample::tensor(codec, bytes));
    Box::new(move || scene.receive(&frame, BURST))
}

fn request() -> Work {
    let (mut scene, tensor) = (Scene::open(Codec::MsgPack), sample::numbers(64));
    Box::new(move || scene.request(&tensor))
}
