//! Route: one message handed to everybody in a room, by a router that knows many rooms.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use swergio_proto::{Address, Codec, Effects, Frame, RoomName, Router, SeatId};
use swergio_testkit::sample;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Rooms that the router knows besides the one that is spoken in.
const OTHER_ROOMS: u64 = 10_000;

fn main() {
    divan::main();
}

/// Counts deliveries, and looks at each receiver.
struct Count(u64);

impl Effects<u64> for Count {
    fn deliver(&mut self, to: &u64, _: &Frame) {
        self.0 += black_box(*to);
    }

    fn interest(&mut self, _: Address<'_>, _: bool) {}
}

#[divan::bench(args = [1, 10, 100, 1000, 10_000])]
fn to_a_room(bencher: Bencher<'_, '_>, members: u64) {
    let (mut router, mut count) = (Router::new(), Count(0));
    let lab = RoomName::parse("lab").expect("lab is a room");
    for seat in 0..=members {
        router.join(Address::room(&lab), SeatId(seat), seat, &mut count);
    }
    for number in 0..OTHER_ROOMS {
        let room = RoomName::parse(&format!("room-{number}")).expect("it is a room");
        router.join(Address::room(&room), SeatId(number), number, &mut count);
    }
    let frame = sample::text(Codec::Json, 100);
    bencher.counter(ItemsCount::new(members)).bench_local(|| {
        black_box(router.publish(Address::room(black_box(&lab)), SeatId(0), &frame, &mut count));
    });
}

#[divan::bench]
fn join_and_leave(bencher: Bencher<'_, '_>) {
    let (mut router, mut count) = (Router::new(), Count(0));
    let lab = RoomName::parse("lab").expect("lab is a room");
    bencher.bench_local(|| {
        router.join(Address::room(black_box(&lab)), SeatId(1), 1, &mut count);
        router.leave(Address::room(black_box(&lab)), SeatId(1), &mut count);
    });
}
