//! Transcode: a message from one codec into the other, for a room where both are spoken.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use swergio_proto::{Codec, Frame, transcode};
use swergio_testkit::sample;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Bytes of the payloads.
const SIZES: [usize; 4] = [100, 4 << 10, 256 << 10, 1 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn text_to_msgpack(bencher: Bencher<'_, '_>, bytes: usize) {
    respell(bencher, &sample::text(Codec::Json, bytes), Codec::MsgPack);
}

#[divan::bench(args = SIZES)]
fn text_to_json(bencher: Bencher<'_, '_>, bytes: usize) {
    respell(bencher, &sample::text(Codec::MsgPack, bytes), Codec::Json);
}

#[divan::bench(args = SIZES)]
fn lists_to_msgpack(bencher: Bencher<'_, '_>, bytes: usize) {
    respell(bencher, &sample::tensor(Codec::Json, bytes), Codec::MsgPack);
}

#[divan::bench(args = SIZES)]
fn tensor_to_json(bencher: Bencher<'_, '_>, bytes: usize) {
    respell(bencher, &sample::tensor(Codec::MsgPack, bytes), Codec::Json);
}

fn respell(bencher: Bencher<'_, '_>, frame: &Frame, to: Codec) {
    bencher.counter(BytesCount::new(frame.len())).bench_local(|| {
        black_box(transcode(black_box(frame), to, 64).expect("a sample is well formed"));
    });
}
