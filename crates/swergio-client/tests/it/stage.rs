//! Stage: a broker that says and hears what the play wants.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::sink::SinkMapErr;
use futures_util::stream::MapErr;
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use serde_json::Value;
use swergio_client::{Client, Codec, Farewell, Frame, Options};
use swergio_proto::transcode;
use swergio_testkit::link::{self, End, Ended};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Frames that a scripted link holds each way.
pub(crate) const LINK_FRAMES: usize = 8;
/// Longer than anything in a play, with time that is wound by hand.
const FOR_EVER: Duration = Duration::from_secs(24 * 3600);

/// Plays the broker: one link at a time.
pub(crate) struct Broker {
    dials: mpsc::Receiver<End>,
    refusals: Arc<Mutex<VecDeque<Farewell>>>,
    link: End,
    codec: Codec,
}

/// Sets up a client and its broker; the opening is still to be heard.
pub(crate) async fn open(options: Options) -> (Client, Broker) {
    let (mut broker, dial) = broker(options.codec);
    let client = options.connect_over(dial).await.unwrap();
    broker.accept().await;
    (client, broker)
}

/// Sets up a client in JSON called `w`, in `_command` alone.
pub(crate) async fn opened() -> (Client, Broker) {
    let (client, mut broker) = open(Options::default().name("w").codec(Codec::Json)).await;
    broker.hears_opening(&["_command"]).await;
    (client, broker)
}

/// Makes a broker, and what dials it.
pub(crate) fn broker(codec: Codec) -> (Broker, impl FnMut() -> std::future::Ready<Result<Told, Farewell>>) {
    let (callers, dials) = mpsc::channel(16);
    let refusals: Arc<Mutex<VecDeque<Farewell>>> = Arc::default();
    let refused = Arc::clone(&refusals);
    let dial = move || {
        if let Some(farewell) = refused.lock().unwrap().pop_front() {
            return ready(Err(farewell));
        }
        let (here, there) = link::pair(LINK_FRAMES);
        callers.try_send(there).unwrap();
        ready(Ok(here
            .map_err(farewell as fn(Ended) -> Farewell)
            .sink_map_err(farewell as fn(Ended) -> Farewell)))
    };
    let nowhere = link::pair(1).0;
    (Broker { dials, refusals, link: nowhere, codec }, dial)
}

/// A link in memory whose end is told in the client's words.
pub(crate) type Told = SinkMapErr<MapErr<End, fn(Ended) -> Farewell>, fn(Ended) -> Farewell>;

fn farewell(ended: Ended) -> Farewell {
    match ended.code {
        Some(code) => Farewell::closed(code, ended.reason),
        None => Farewell::broken(ended.reason),
    }
}

impl Broker {
    /// Takes the next connection.
    pub(crate) async fn accept(&mut self) {
        self.link = timeout(FOR_EVER, self.dials.recv()).await.expect("somebody dials").unwrap();
    }

    /// Tells whether nobody has dialled since.
    pub(crate) fn nobody_dials(&mut self) -> bool {
        self.dials.try_recv().is_err()
    }

    /// Refuses the next attempts to connect.
    pub(crate) fn refuses(&self, farewells: impl IntoIterator<Item = Farewell>) {
        self.refusals.lock().unwrap().extend(farewells);
    }

    /// Hears the next message.
    pub(crate) async fn hears(&mut self) -> Value {
        let frame = timeout(FOR_EVER, self.link.next()).await.expect("the client says something");
        self.parse(&frame.expect("a frame").expect("the link holds"))
    }

    /// Hears REGISTER and the joins, in this order.
    pub(crate) async fn hears_opening(&mut self, rooms: &[&str]) {
        let register = self.hears().await;
        assert_eq!((&register["TYPE"], &register["NAME"]), (&"COMMAND/REGISTER".into(), &"w".into()));
        for room in rooms {
            assert_eq!(self.hears_join().await, *room);
        }
    }

    /// Hears a JOINROOM, and returns the room.
    pub(crate) async fn hears_join(&mut self) -> String {
        let join = self.hears().await;
        assert_eq!(join["TYPE"], "COMMAND/JOINROOM", "{join}");
        join["ROOM"].as_str().unwrap().to_owned()
    }

    /// Hears nothing more for now: everything that can happen has happened.
    pub(crate) async fn hears_nothing(&mut self) {
        assert_eq!(self.hears_rest().await, Vec::<Value>::new());
    }

    /// Hears all that the client has to say for now.
    pub(crate) async fn hears_rest(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        while let Ok(Some(Ok(frame))) = timeout(Duration::from_millis(1), self.link.next()).await {
            heard.push(self.parse(&frame));
        }
        heard
    }

    /// Hears that the client has closed the link with this code.
    pub(crate) async fn hears_end(&mut self) -> Option<u16> {
        let end = timeout(FOR_EVER, self.link.next()).await.expect("the link ends");
        end.expect("an end").expect_err("nothing is said any more").code
    }

    /// Says a message.
    pub(crate) async fn says(&mut self, message: Value) {
        let text = Frame::json(message.to_string());
        // What is no message at all cannot be spelt in the other codec, and stays as it is.
        let frame =
            transcode(&text, self.codec, 64).unwrap_or_else(|_| Frame::new(self.codec, text.bytes().clone()));
        self.says_frame(frame).await;
    }

    /// Says a frame, whatever it holds.
    pub(crate) async fn says_frame(&mut self, frame: Frame) {
        self.link.send(frame).await.unwrap();
    }

    /// Closes the link.
    pub(crate) fn ends(&self, code: u16) {
        self.link.end(code, "the play wants it");
    }

    /// Cuts the link.
    pub(crate) fn cuts(&self) {
        self.link.cut();
    }

    /// Stops reading, or goes on.
    pub(crate) fn stalls(&self, stalled: bool) {
        self.link.stall(stalled);
    }

    fn parse(&self, frame: &Frame) -> Value {
        assert_eq!(frame.codec(), self.codec);
        let text = transcode(frame, Codec::Json, 64).unwrap_or_else(|_| Frame::json(frame.bytes().clone()));
        serde_json::from_slice(text.bytes()).unwrap()
    }
}

/// A message in the room `lab` from `a`.
pub(crate) fn in_lab(id: &str) -> Value {
    serde_json::json!({"ID": id, "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": "hi", "SENT_BY": "a"})
}
