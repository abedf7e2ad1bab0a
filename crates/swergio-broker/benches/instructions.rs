//! Instructions: the pieces of the message path up to and in the broker, for `cargo xtask instructions` to count.

mod hall;

use std::hint::black_box;

use hall::Hall;
use swergio_proto::{
    Address, Body, Codec, Effects, Envelope, Frame, Head, RoomName, Router, SeatId, splice_sent_by, transcode,
};
use swergio_testkit::piece::{self, Piece, Work};
use swergio_testkit::sample;

const JSON: Codec = Codec::Json;
const PACK: Codec = Codec::MsgPack;
const NESTING: usize = 64;
const KIB: usize = 1 << 10;

const PIECES: &[Piece] = &[
    Piece("peek/json/100", 500, || peek(sample::text(JSON, 100))),
    Piece("peek/json/4k", 100, || peek(sample::tensor(JSON, 4 * KIB))),
    Piece("peek/json/256k", 2, || peek(sample::tensor(JSON, 256 * KIB))),
    Piece("peek/msgpack/100", 500, || peek(sample::text(PACK, 100))),
    Piece("peek/msgpack/1m", 500, || peek(sample::tensor(PACK, 1024 * KIB))),
    Piece("splice/json/4k", 500, || splice(sample::text(JSON, 4 * KIB))),
    Piece("splice/msgpack/4k", 500, || splice(sample::text(PACK, 4 * KIB))),
    Piece("route/1", 500, || route(1)),
    Piece("route/100", 50, || route(100)),
    Piece("transcode/json-to-msgpack/4k", 20, || respell(sample::tensor(JSON, 4 * KIB), PACK)),
    Piece("transcode/msgpack-to-json/4k", 20, || respell(sample::tensor(PACK, 4 * KIB), JSON)),
    Piece("tensor/from-lists/4k", 20, from_lists),
    Piece("tensor/to-lists/4k", 20, to_lists),
    Piece("envelope/encode/4k", 200, encode),
    Piece("envelope/decode/4k", 200, || decode(sample::tensor(PACK, 4 * KIB))),
    Piece("broker/one-to-one/64 messages", 10, || deliver(PACK, 64, &[PACK])),
    Piece("broker/one-to-one/64 messages, json", 10, || deliver(JSON, 64, &[JSON])),
    Piece("broker/fan-out-100/64 messages", 5, || deliver(PACK, 64, &[PACK; 100])),
    Piece("broker/fan-out-100/64 messages, json", 5, || deliver(JSON, 64, &[JSON; 100])),
    Piece("broker/fan-out-100/1 message", 20, || deliver(PACK, 1, &[PACK; 100])),
    Piece("broker/both codecs/64 messages", 5, || deliver(PACK, 64, &[PACK, JSON])),
];

fn main() {
    piece::run(PIECES);
}

fn peek(frame: Frame) -> Work {
    Box::new(move || {
        black_box(Head::peek(black_box(&frame), NESTING).expect("a sample is well formed"));
    })
}

fn splice(frame: Frame) -> Work {
    let mut out = Vec::with_capacity(2 * frame.len());
    Box::new(move || {
        out.clear();
        splice_sent_by(black_box(&frame), "a-component", &mut out);
        black_box(&out);
    })
}

fn route(members: u64) -> Work {
    struct Count(u64);
    impl Effects<u64> for Count {
        fn deliver(&mut self, to: &u64, _: &Frame) {
            self.0 += black_box(*to);
        }
        fn interest(&mut self, _: Address<'_>, _: bool) {}
    }
    let (mut router, mut count) = (Router::new(), Count(0));
    let room = RoomName::parse("lab").expect("lab is a room");
    for seat in 0..=members {
        router.join(Address::room(&room), SeatId(seat), seat, &mut count);
    }
    let frame = sample::text(JSON, 100);
    Box::new(move || {
        router.publish(Address::room(&room), SeatId(0), &frame, &mut count);
    })
}

fn respell(frame: Frame, to: Codec) -> Work {
    Box::new(move || {
        black_box(transcode(black_box(&frame), to, NESTING).expect("a sample is well formed"));
    })
}

fn from_lists() -> Work {
    let lists = Body::from(sample::numbers(4 * KIB)).to_json();
    Box::new(move || {
        let body = Body::from_json(black_box(&lists)).expect("they are JSON");
        black_box(body.tensor().expect("they are the rows of a tensor"));
    })
}

fn to_lists() -> Work {
    let body = Body::from(sample::numbers(4 * KIB));
    Box::new(move || {
        black_box(black_box(&body).to_json());
    })
}

fn encode() -> Work {
    let envelope =
        Envelope::decode(&sample::tensor(PACK, 4 * KIB), NESTING).expect("a sample is well formed");
    Box::new(move || {
        black_box(black_box(&envelope).encode(PACK).expect("it has been spelt before"));
    })
}

fn decode(frame: Frame) -> Work {
    Box::new(move || {
        black_box(Envelope::decode(black_box(&frame), NESTING).expect("a sample is well formed"));
    })
}

fn deliver(codec: Codec, messages: usize, members: &[Codec]) -> Work {
    let mut hall = Hall::open(&sample::text(codec, 100), messages, members);
    Box::new(move || hall.deliver())
}
