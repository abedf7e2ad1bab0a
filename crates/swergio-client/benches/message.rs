//! Message: what the client itself takes for each message, over a link in memory; WebSocket and kernel are left out.

mod scene;

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher};
use swergio_client::Codec;
use swergio_testkit::sample;

use scene::Scene;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

/// Messages that are sent, or come, at once.
const BURST: usize = 64;
/// Codecs and bytes of the payload, which is a tensor.
const SAMPLES: [(Codec, usize); 4] =
    [(Codec::MsgPack, 64), (Codec::MsgPack, 4096), (Codec::Json, 64), (Codec::Json, 4096)];

fn main() {
    divan::main();
}

#[divan::bench(args = SAMPLES)]
fn send(bencher: Bencher<'_, '_>, (codec, bytes): (Codec, usize)) {
    let (mut scene, tensor) = (Scene::open(codec), sample::numbers(bytes));
    bencher.counter(ItemsCount::new(BURST)).bench_local(|| scene.send(&tensor, BURST));
}

#[divan::bench(args = SAMPLES)]
fn receive(bencher: Bencher<'_, '_>, (codec, bytes): (Codec, usize)) {
    let (mut scene, frame) = (Scene::open(codec), sample::tensor(codec, bytes));
    bencher.counter(ItemsCount::new(BURST)).bench_local(|| scene.receive(&frame, BURST));
}

#[divan::bench(args = SAMPLES)]
fn request(bencher: Bencher<'_, '_>, (codec, bytes): (Codec, usize)) {
    let (mut scene, tensor) = (Scene::open(codec), sample::numbers(bytes));
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| scene.request(&tensor));
}
