//! Life: what a served component does when its link breaks, its code is slow or panics, and when it ends.

use std::sync::mpsc;
use std::time::Duration;

use swergio_client::{Bounds, Codec, Kind};
use swergio_toolbox::{BoxError, Component, Differentiable, Pass, ServingEvent, Tensor, component};

use crate::rooms::{Rooms, row, soon};

/// y = w x; tells when it is dropped.
struct Gain {
    weight: f64,
    dropped: mpsc::SyncSender<()>,
}

impl Gain {
    fn new() -> (Self, mpsc::Receiver<()>) {
        let (dropped, gone) = mpsc::sync_channel(1);
        (Self { weight: 2.0, dropped }, gone)
    }
}

impl Drop for Gain {
    fn drop(&mut self) {
        let _ = self.dropped.send(());
    }
}

impl Differentiable for Gain {
    type Input = Tensor;
    type Output = Tensor;
    type Saved = ();

    fn forward(&mut self, x: Tensor, _: &Pass) -> Result<(Tensor, ()), BoxError> {
        Ok((self.weight * x, ()))
    }

    fn vjp(&mut self, (): (), g: Tensor, _: &Pass) -> Result<Tensor, BoxError> {
        Ok(self.weight * g)
    }
}

/// What is on the tape when the link breaks waits for its gradient there.
#[tokio::test]
async fn a_gradient_comes_after_the_link_broke() {
    let rooms = Rooms::open().await;
    let mut cable = rooms.cable().await;
    let (client, ()) = tokio::join!(cable.options("gain").connect(), cable.plug_in());
    let client = client.unwrap();
    let serving =
        Component::of("gain", Gain::new().0).input("in").output("out").serve(&client).await.unwrap();
    let mut caller = rooms.caller(Codec::MsgPack, &["in", "out"]).await;
    caller.forward("in", "i", row(&[3.0])).await;
    let output = caller.hears().await;
    assert_eq!((output.kind.clone(), serving.tally().tape.kept), (Kind::FORWARD, 1));

    cable.cut();
    cable.plug_in().await;
    // R91: it announces itself again, so its seats are taken.
    while caller.hears_any().await.to_room.as_ref().unwrap().as_str() != "out" {}
    caller.gradient("out", output.id.as_ref().unwrap(), row(&[5.0])).await;
    let gradient = caller.hears().await;
    assert_eq!((gradient.kind.clone(), gradient.tensor().unwrap()), (Kind::GRADIENT, row(&[10.0])));
    assert_eq!(serving.tally().tape.kept, 0);
}

#[tokio::test]
async fn its_weights_are_read_and_changed_between_two_messages() {
    let rooms = Rooms::open().await;
    let client = rooms.client("gain", Codec::MsgPack).await;
    let serving =
        Component::of("gain", Gain::new().0).input("in").output("out").serve(&client).await.unwrap();
    let mut caller = rooms.caller(Codec::MsgPack, &["out"]).await;
    let before = serving.with(|gain| std::mem::replace(&mut gain.weight, 10.0)).await;
    assert_eq!(before, Some(2.0));
    let panicked = serving.with(|_| panic!("a careless caller")).await;
    assert_eq!(panicked, None::<()>);
    caller.forward("in", "i", row(&[3.0])).await;
    assert_eq!(caller.hears().await.tensor().unwrap(), row(&[30.0]));
    serving.stop().await;
    assert_eq!(serving.with(|gain| gain.weight).await, None);
}

#[tokio::test]
async fn it_ends_when_it_is_stopped_and_when_its_client_closes() {
    let rooms = Rooms::open().await;
    for stopped in [true, false] {
        let client = rooms.client("gain", Codec::MsgPack).await;
        let (gain, gone) = Gain::new();
        let serving = Component::of("gain", gain).input("in").output("out").serve(&client).await.unwrap();
        match stopped {
            true => soon(serving.stop()).await,
            false => client.close().await.unwrap(),
        }
        soon(serving.closed()).await;
        assert!(gone.recv_timeout(Duration::from_secs(30)).is_ok(), "what computes is gone");
    }
}

#[test]
fn it_ends_with_its_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (gain, gone) = Gain::new();
    runtime.block_on(async {
        let rooms = Rooms::open().await;
        let client = rooms.client("gain", Codec::MsgPack).await;
        Component::of("gain", gain).input("in").output("out").serve(&client).await.unwrap();
        // Nobody keeps the handle or the client: it goes on all the same.
        drop(client);
        let mut caller = rooms.caller(Codec::MsgPack, &["out"]).await;
        caller.forward("in", "i", row(&[3.0])).await;
        assert_eq!(caller.hears().await.tensor().unwrap(), row(&[6.0]));
    });
    drop(runtime);
    assert!(gone.recv_timeout(Duration::from_secs(30)).is_ok(), "what computes is gone");
}

/// What comes while the inbox is full is left out, counted and told; nobody else waits.
#[tokio::test]
async fn a_component_that_falls_behind_says_so() {
    let rooms = Rooms::open().await;
    let options = rooms.options("slow").bounds(Bounds { inbox: 2, ..Bounds::default() });
    let client = options.connect().await.unwrap();
    let (begun, begins) = mpsc::sync_channel(16);
    let (release, released) = mpsc::sync_channel::<()>(16);
    let slow = component("slow").forward(move |x: Tensor| {
        begun.send(())?;
        released.recv()?;
        Ok((x, ()))
    });
    let serving = slow.input("in").output("out").serve(&client).await.unwrap();
    let mut events = serving.events();
    let mut caller = rooms.caller(Codec::MsgPack, &["out"]).await;
    caller.forward("in", "1", row(&[1.0])).await;
    let begins =
        soon(tokio::task::spawn_blocking(move || begins.recv().map(|()| begins))).await.unwrap().unwrap();
    for id in ["2", "3", "4", "5"] {
        caller.forward("in", id, row(&[1.0])).await;
    }
    caller.client.settle().await.unwrap();
    client.settle().await.unwrap();
    (0..4).for_each(|_| release.send(()).unwrap());
    for _ in 0..3 {
        assert_eq!(caller.hears().await.kind, Kind::FORWARD);
    }
    caller.forward("in", "6", row(&[1.0])).await;
    assert_eq!(caller.hears().await.kind, Kind::FORWARD);
    while soon(events.next()).await.unwrap() != ServingEvent::FellBehind {}
    assert_eq!(soon(events.next()).await, Some(ServingEvent::CaughtUp { missed: 2 }));
    assert_eq!((serving.tally().missed, begins.try_iter().count()), (2, 3));
}
