//! Tensor: its way through envelopes, and between its bytes and the nested lists that JSON has.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use swergio_proto::{Body, Codec, Envelope};
use swergio_testkit::sample;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Bytes of the tensors.
const SIZES: [usize; 4] = [64, 4 << 10, 256 << 10, 1 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn to_lists(bencher: Bencher<'_, '_>, bytes: usize) {
    let body = Body::from(sample::numbers(bytes));
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        black_box(black_box(&body).to_json());
    });
}

#[divan::bench(args = SIZES)]
fn from_lists(bencher: Bencher<'_, '_>, bytes: usize) {
    let lists = Body::from(sample::numbers(bytes)).to_json();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let body = Body::from_json(black_box(&lists)).expect("they are JSON");
        black_box(body.tensor().expect("they are the rows of a tensor"));
    });
}

#[divan::bench(args = SIZES)]
fn into_msgpack(bencher: Bencher<'_, '_>, bytes: usize) {
    let envelope = Envelope::decode(&sample::tensor(Codec::MsgPack, bytes), 64).expect("it is well formed");
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        black_box(black_box(&envelope).encode(Codec::MsgPack).expect("it has been spelt before"));
    });
}

#[divan::bench(args = SIZES)]
fn out_of_msgpack(bencher: Bencher<'_, '_>, bytes: usize) {
    let frame = sample::tensor(Codec::MsgPack, bytes);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let envelope = Envelope::decode(black_box(&frame), 64).expect("it is well formed");
        black_box(envelope.data.expect("it has DATA").tensor().expect("DATA is a tensor"));
    });
}
