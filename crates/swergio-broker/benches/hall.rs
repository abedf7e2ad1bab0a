//! Hall: a broker with a sender and members on wires in memory, all on one thread, so that every burst costs the same.

mod wire;

use swergio_broker::{Broker, Config};
use swergio_proto::{Codec, Frame, Grant};
use swergio_testkit::sample;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

use wire::{Counter, Wire};

/// Turns of the runtime after which everything has happened that anybody asked for.
const TURNS: usize = 2000;

/// Holds the sender's burst, and knows how many bytes the members are to be sent of it.
pub(crate) struct Hall {
    runtime: Runtime,
    sender: Wire,
    written: Counter,
    burst: Vec<u8>,
    expects: usize,
}

impl Hall {
    /// Seats a sender and a member for each of `codecs` in the room `lab`. A burst is `frame`, `times` times.
    pub(crate) fn open(frame: &Frame, times: usize, codecs: &[Codec]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime of one thread can be made");
        let broker = Broker::new(Config::default()).expect("the default configuration is in its bounds");
        let written = Counter::default();
        let sender = runtime.block_on(async {
            for codec in codecs {
                seat(&broker, *codec, &written).say(*codec, r#"{"TYPE": "COMMAND/JOINROOM", "ROOM": "lab"}"#);
            }
            let sender = seat(&broker, frame.codec(), &Counter::default());
            settle().await;
            sender
        });
        let mut hall =
            Self { runtime, sender, written, burst: sample::masked(frame).repeat(times), expects: 0 };
        hall.learn();
        hall
    }

    /// Sends one burst, and waits until the broker has written all of it to each member.
    pub(crate) fn deliver(&mut self) {
        let Self { runtime, sender, written, burst, expects } = self;
        written.reset();
        sender.bring(burst);
        runtime.block_on(async {
            while written.bytes() < *expects {
                yield_now().await;
            }
        });
    }

    /// Finds out how many bytes a burst is for all members: from what is written of the first.
    fn learn(&mut self) {
        self.written.reset();
        self.sender.bring(&self.burst);
        self.runtime.block_on(settle());
        self.expects = self.written.bytes();
        assert!(self.expects > 0, "the members hear the sender");
    }
}

fn seat(broker: &Broker, codec: Codec, written: &Counter) -> Wire {
    let wire = Wire::new(written);
    let (broker, far) = (broker.clone(), wire.clone());
    tokio::spawn(async move { broker.serve_web_socket(far, codec, Grant::open()).await });
    wire.say(codec, r#"{"TYPE": "COMMAND/REGISTER", "NAME": "ada"}"#);
    wire
}

async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}
