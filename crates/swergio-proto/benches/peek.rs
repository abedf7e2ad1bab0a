//! Peek: one scan of a message for what routing reads; the rest is checked, and a tensor in MessagePack skipped.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use swergio_proto::{Codec, Head};
use swergio_testkit::sample;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Bytes of the payloads.
const SIZES: [usize; 4] = [100, 4 << 10, 256 << 10, 4 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn json_text(bencher: Bencher<'_, '_>, bytes: usize) {
    peek(bencher, &sample::text(Codec::Json, bytes));
}

#[divan::bench(args = SIZES)]
fn json_tensor(bencher: Bencher<'_, '_>, bytes: usize) {
    peek(bencher, &sample::tensor(Codec::Json, bytes));
}

#[divan::bench(args = SIZES)]
fn msgpack_text(bencher: Bencher<'_, '_>, bytes: usize) {
    peek(bencher, &sample::text(Codec::MsgPack, bytes));
}

#[divan::bench(args = SIZES)]
fn msgpack_tensor(bencher: Bencher<'_, '_>, bytes: usize) {
    peek(bencher, &sample::tensor(Codec::MsgPack, bytes));
}

fn peek(bencher: Bencher<'_, '_>, frame: &swergio_proto::Frame) {
    let bencher = bencher.counter(BytesCount::new(frame.len()));
    bencher.bench_local(|| {
        black_box(Head::peek(black_box(frame), 64).expect("a sample is well formed"));
    });
}
