//! Passes: forward through a room, and back.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use swergio_client::{Codec, Kind, Message, Trigger};
use swergio_toolbox::{ModelStatus, Tensor, component};

use crate::rooms::{Rooms, row, soon};

/// R80, with closures as in the documentation.
#[tokio::test]
async fn a_square_goes_forward_and_its_gradient_back() {
    let rooms = Rooms::open().await;
    let client = rooms.client("square", Codec::MsgPack).await;
    let serving = component("square")
        .forward(|x: Tensor| Ok((&x * &x, x)))
        .vjp(|x, g: Tensor| Ok(2.0 * x * g))
        .input("model")
        .output("output")
        .serve(&client)
        .await
        .unwrap();
    let mut caller = rooms.caller(Codec::MsgPack, &["model", "output"]).await;

    caller.forward("model", "i", row(&[3.0, -1.0])).await;
    let output = caller.hears().await;
    assert_eq!((&output.kind, output.to_room.as_ref().unwrap().as_str()), (&Kind::FORWARD, "output"));
    assert_eq!((output.root_id.as_deref(), output.model_status), (Some("root"), Some(ModelStatus::TRAIN)));
    assert_eq!(output.tensor().unwrap(), row(&[9.0, 1.0]));
    let id = output.id.clone().unwrap();
    assert_eq!((id.as_str().len(), serving.tally().tape.kept), (32, 1));

    caller.gradient("output", &id, row(&[0.5, 10.0])).await;
    let gradient = caller.hears().await;
    assert_eq!((&gradient.kind, gradient.to_room.as_ref().unwrap().as_str()), (&Kind::GRADIENT, "model"));
    assert_eq!(gradient.id.as_ref().unwrap().as_str(), "i");
    assert_eq!(
        (gradient.root_id.as_deref(), gradient.model_status),
        (Some("root"), Some(ModelStatus::TRAIN))
    );
    assert_eq!(gradient.tensor().unwrap(), row(&[3.0, -20.0]));

    caller.gradient("output", &id, row(&[0.5, 10.0])).await;
    let (about, fault) = caller.hears_fault().await;
    assert_eq!(
        (about.as_str(), fault.code(), fault.component()),
        (id.as_str(), "GRADIENT_REPEATED", Some("square"))
    );
    let tally = serving.tally();
    assert_eq!((tally.forwards, tally.gradients, tally.refused_gradients, tally.tape.kept), (1, 1, 1, 0));
    serving.stop().await;
}

/// R94: the second of two inputs waits while the first is worked on, and what comes of each says so, with and without types on the wire.
#[tokio::test]
async fn what_goes_out_says_how_long_it_waited_and_how_long_it_took() {
    for codec in [Codec::MsgPack, Codec::Json] {
        let rooms = Rooms::open().await;
        let client = rooms.client("gate", codec).await;
        let (open, gate) = mpsc::sync_channel::<()>(4);
        let serving = component("gate")
            .forward(move |x: Tensor| Ok((x, gate.recv()?)))
            .vjp(|(), g: Tensor| Ok(g))
            .input("in")
            .output("out")
            .serve(&client)
            .await
            .unwrap();
        // Installed after the component's own inbox, so what comes out of it is in that one already.
        let mut arrivals = client.subscribe(Trigger::kinds([Kind::FORWARD]).rooms(["in"])).await.unwrap();
        let mut caller = rooms.caller(codec, &["in", "out"]).await;
        let begun = Instant::now();
        caller.forward("in", "i1", row(&[1.0])).await;
        caller.forward("in", "i2", row(&[2.0])).await;
        let first = soon(arrivals.next()).await.unwrap().received();
        let second = soon(arrivals.next()).await.unwrap().received();
        let waited = second.elapsed();
        open.send(()).unwrap();
        open.send(()).unwrap();
        let (one, two) = (caller.hears().await, caller.hears().await);
        let all = begun.elapsed();
        assert!(
            queue(&one) + compute(&one) >= waited,
            "the first was worked on, or waited, as long as the gate was shut"
        );
        assert!(queue(&two) >= waited && second >= first, "the second waited as long");
        for said in [&one, &two] {
            assert!(queue(said) + compute(said) <= all);
        }
        caller.gradient("out", two.id.as_ref().unwrap(), row(&[1.0])).await;
        let gradient = caller.hears().await;
        assert_eq!(gradient.kind, Kind::GRADIENT);
        assert!(queue(&gradient) + compute(&gradient) <= begun.elapsed());
        serving.stop().await;
    }
}

fn queue(said: &Message) -> Duration {
    Duration::from_secs_f64(said.field("QUEUE_TIME").unwrap().expect("an account of its wait"))
}

fn compute(said: &Message) -> Duration {
    Duration::from_secs_f64(said.field("COMPUTE_TIME").unwrap().expect("an account of its work"))
}
