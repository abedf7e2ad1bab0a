//! Splice: SENT_BY put into a message on its way into a buffer, without decoding it.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use swergio_proto::{Codec, splice_sent_by};
use swergio_testkit::sample;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Bytes of the payloads.
const SIZES: [usize; 4] = [100, 4 << 10, 256 << 10, 4 << 20];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn json(bencher: Bencher<'_, '_>, bytes: usize) {
    splice(bencher, Codec::Json, bytes);
}

#[divan::bench(args = SIZES)]
fn msgpack(bencher: Bencher<'_, '_>, bytes: usize) {
    splice(bencher, Codec::MsgPack, bytes);
}

fn splice(bencher: Bencher<'_, '_>, codec: Codec, bytes: usize) {
    let frame = sample::text(codec, bytes);
    let mut out = Vec::with_capacity(2 * frame.len());
    bencher.counter(BytesCount::new(frame.len())).bench_local(|| {
        out.clear();
        splice_sent_by(black_box(&frame), "a-component", &mut out);
        black_box(&out);
    });
}
