//! Scene: a client on a link in memory, and its other end, all on one thread.

use std::hint::black_box;

use futures_util::{Sink, SinkExt, Stream, StreamExt, TryStreamExt};
use swergio_client::{
    Client, Codec, Envelope, Farewell, Frame, Kind, MessageId, Messages, Options, RoomName, Tensor, Trigger,
};
use swergio_testkit::link;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

/// Frames that a link holds: more than a burst and what a client says at its beginning.
const LINK: usize = 1024;
/// Depth of lists and maps.
const NESTING: usize = 64;

/// A client that listens in the lab, and the other end of its link.
pub(crate) struct Scene {
    runtime: Runtime,
    client: Client,
    messages: Messages,
    far: link::End,
    codec: Codec,
    /// Messages that were sent: the next ID.
    sent: u128,
}

impl Scene {
    pub(crate) fn open(codec: Codec) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime of one thread can be made");
        let (near, mut far) = link::pair(LINK);
        let (client, messages) = runtime.block_on(async {
            let mut near = Some(told(near));
            let dial = move || {
                let link = near.take().ok_or_else(|| Farewell::broken("there is one link only"));
                async move { link }
            };
            let client = Options::default().name("ada").codec(codec).connect_over(dial).await;
            let client = client.expect("the link is up");
            let messages = client.subscribe(Trigger::any().rooms(["lab"])).await.expect("the link is up");
            for _ in 0..LINK {
                yield_now().await;
            }
            (client, messages)
        });
        // What a client says at its beginning is no message.
        runtime.block_on(async {
            while let Some(said) = at_once(far.next()).await {
                drop(said);
            }
        });
        Self { runtime, client, messages, far, codec, sent: 0 }
    }

    /// Sends a burst of the tensor; the other end takes it.
    pub(crate) fn send(&mut self, tensor: &Tensor, burst: usize) {
        let Self { runtime, client, far, sent, .. } = self;
        runtime.block_on(async {
            for _ in 0..burst {
                client.send(forward(tensor, sent)).await.expect("the link is up");
            }
            for _ in 0..burst {
                black_box(far.next().await.expect("the client sends").expect("the link is up"));
            }
        });
    }

    /// Hears a burst of the frame, and takes the tensor out of each message.
    pub(crate) fn receive(&mut self, frame: &Frame, burst: usize) {
        let Self { runtime, messages, far, .. } = self;
        runtime.block_on(async {
            for _ in 0..burst {
                far.feed(frame.clone()).await.expect("the link is up");
            }
            for _ in 0..burst {
                let message = messages.next().await.expect("the client hears");
                black_box(message.tensor().expect("DATA is a tensor"));
            }
        });
    }

    /// Asks with the tensor, and takes the answer: the same message back, as a gradient.
    pub(crate) fn request(&mut self, tensor: &Tensor) {
        let Self { runtime, client, far, codec, sent, .. } = self;
        runtime.block_on(async {
            let answer = async {
                let asked = far.next().await.expect("the client asks").expect("the link is up");
                let mut gradient = Envelope::decode(&asked, NESTING).expect("it is well formed");
                gradient.kind = Kind::GRADIENT;
                gradient.sent_by = Some("bob".to_owned());
                far.send(gradient.encode(*codec).expect("it has been spelt before"))
                    .await
                    .expect("the link is up");
            };
            let (answered, ()) = tokio::join!(client.request(forward(tensor, sent)), answer);
            black_box(answered.expect("it was answered"));
        });
    }
}

/// Makes a DATA/FORWARD to the lab. Its ID is no random one: the dice would decide how much is formatted.
fn forward(tensor: &Tensor, number: &mut u128) -> Envelope {
    const FIRST: u128 = 0x0123_4567_89ab_4def_8000_0000_0000_0000 << 4;
    *number += 1;
    let lab = RoomName::parse("lab").expect("lab is a room");
    let id = MessageId::from_u128(FIRST + *number);
    Envelope::new(Kind::FORWARD).with_id(id).with_to_room(lab).with_tensor(tensor.clone())
}

/// Lets the end of a link end as those of the client do.
fn told(
    end: link::End,
) -> impl Stream<Item = Result<Frame, Farewell>> + Sink<Frame, Error = Farewell> + Send + Unpin + 'static {
    let farewell = |ended: link::Ended| Farewell::broken(ended.reason);
    end.map_err(farewell).sink_map_err(farewell)
}

async fn at_once<T>(next: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        next = next => Some(next),
        () = std::future::ready(()) => None,
    }
}
