//! Fan-out: a burst through a whole broker, on one thread, to members whose wires are in memory: what the kernel takes
//! is left out.

mod hall;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use swergio_proto::Codec;
use swergio_testkit::sample;

use hall::Hall;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const MEMBERS: [usize; 4] = [1, 10, 100, 1000];
/// Messages of 100 bytes that a socket brings at once, about.
const BURST: usize = 64;

fn main() {
    divan::main();
}

#[divan::bench(args = MEMBERS)]
fn one_message(bencher: Bencher<'_, '_>, members: usize) {
    deliver(bencher, Codec::MsgPack, 100, 1, &vec![Codec::MsgPack; members]);
}

#[divan::bench(args = MEMBERS)]
fn a_burst(bencher: Bencher<'_, '_>, members: usize) {
    deliver(bencher, Codec::MsgPack, 100, BURST, &vec![Codec::MsgPack; members]);
}

#[divan::bench(args = MEMBERS)]
fn a_burst_of_json(bencher: Bencher<'_, '_>, members: usize) {
    deliver(bencher, Codec::Json, 100, BURST, &vec![Codec::Json; members]);
}

#[divan::bench(args = MEMBERS)]
fn a_burst_of_4k(bencher: Bencher<'_, '_>, members: usize) {
    deliver(bencher, Codec::MsgPack, 4 << 10, BURST, &vec![Codec::MsgPack; members]);
}

/// Half of the members speak the other codec.
#[divan::bench(args = MEMBERS)]
fn a_burst_to_both_codecs(bencher: Bencher<'_, '_>, members: usize) {
    let codecs = [vec![Codec::MsgPack; members.div_ceil(2)], vec![Codec::Json; members / 2]].concat();
    deliver(bencher, Codec::MsgPack, 100, BURST, &codecs);
}

fn deliver(bencher: Bencher<'_, '_>, codec: Codec, bytes: usize, messages: usize, members: &[Codec]) {
    let mut hall = Hall::open(&sample::text(codec, bytes), messages, members);
    bencher.counter(ItemsCount::new(messages * members.len())).bench_local(|| hall.deliver());
}
