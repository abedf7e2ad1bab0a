//! Chains: several components between a caller and its answer, in one codec or two.

use swergio_client::{Client, Codec};
use swergio_toolbox::{
    Announcement, Chain, ChainError, Port, Serving, ServingEvent, ServingEvents, Tensor, component,
};

use crate::rooms::{Rooms, row, soon};

async fn square(client: &Client, input: &str, output: &str) -> Serving<impl swergio_toolbox::Differentiable> {
    component(format!("from {input}"))
        .forward(|x: Tensor| match x.to_f64_vec()[..] {
            [] => Err("nothing to square".into()),
            _ => Ok((&x * &x, x)),
        })
        .vjp(|x, g: Tensor| Ok(2.0 * x * g))
        .input(input)
        .output(output)
        .serve(client)
        .await
        .unwrap()
}

/// y = (x²)², whichever codec the two and their caller speak.
#[tokio::test]
async fn a_gradient_comes_through_two_components() {
    for (first, second, third) in [
        (Codec::MsgPack, Codec::MsgPack, Codec::MsgPack),
        (Codec::Json, Codec::MsgPack, Codec::MsgPack),
        (Codec::MsgPack, Codec::Json, Codec::Json),
    ] {
        let rooms = Rooms::open().await;
        let (a, b) = (rooms.client("a", first).await, rooms.client("b", second).await);
        let (one, two) = (square(&a, "in", "between").await, square(&b, "between", "out").await);
        let caller = rooms.client("caller", third).await;
        let chain: Chain = Chain::new(&caller).input("in").output("out").open().await.unwrap();
        let hit = soon(chain.forward(&row(&[2.0, -3.0]))).await.unwrap();
        assert_eq!(*hit.value(), row(&[16.0, 81.0]));
        let gradient = soon(hit.backward(row(&[1.0, 0.5]))).await.unwrap();
        assert_eq!(gradient, row(&[32.0, -54.0]));
        assert_eq!((one.tally().tape.kept, two.tally().tape.kept), (0, 0));
    }
}

/// R90: the caller hears what the last component found, as soon as it found it.
#[tokio::test]
async fn a_fault_of_the_last_component_reaches_the_caller() {
    let rooms = Rooms::open().await;
    let (a, b) = (rooms.client("a", Codec::MsgPack).await, rooms.client("b", Codec::MsgPack).await);
    let one = square(&a, "in", "between").await;
    let picky = component("picky")
        .forward(|x: Tensor| Ok((x, ())))
        .vjp(|(), g: Tensor| Ok(g))
        .input("between")
        .output("out")
        .takes(Port::f64("x").shape("n").range(0.0..=100.0));
    let _two = picky.serve(&b).await.unwrap();
    let caller = rooms.client("caller", Codec::MsgPack).await;
    let chain: Chain = Chain::new(&caller).input("in").output("out").open().await.unwrap();

    let error = soon(chain.forward(&row(&[11.0]))).await.unwrap_err();
    let ChainError::Fault(fault) = error else { panic!("{error}") };
    assert_eq!((fault.code(), fault.component(), fault.port()), ("PORT_RANGE", Some("picky"), Some("x")));
    assert_eq!((one.tally().tape.kept, one.tally().relayed), (0, 1));

    // R89: a wrong gradient is told to who sent it, and ends the pass everywhere.
    let hit = soon(chain.forward(&row(&[2.0]))).await.unwrap();
    let error = soon(hit.backward(row(&[1.0, 1.0]))).await.unwrap_err();
    let ChainError::Fault(fault) = error else { panic!("{error}") };
    assert_eq!((fault.code(), fault.component()), ("GRADIENT_SHAPE", Some("picky")));
    let again = soon(chain.forward(&row(&[2.0]))).await.unwrap();
    assert_eq!(soon(again.backward(row(&[1.0]))).await.unwrap(), row(&[4.0]));
    assert_eq!(one.tally().tape.kept, 0);
}

async fn mismatch(events: &mut ServingEvents) -> String {
    loop {
        if let ServingEvent::Mismatch(mismatch) = soon(events.next()).await.unwrap() {
            return format!("{} > {}: {}", mismatch.giver, mismatch.taker, mismatch.fault.code());
        }
    }
}

/// R91, R92: whoever comes second, both sides are told.
#[tokio::test]
async fn neighbours_that_do_not_fit_are_both_told() {
    let rooms = Rooms::open().await;
    let (a, b) = (rooms.client("a", Codec::MsgPack).await, rooms.client("b", Codec::Json).await);
    let forward = |x: Tensor| Ok((x, ()));
    let trebuchet = component("trebuchet").forward(forward).input("model").output("output");
    let trebuchet = trebuchet.takes(Port::f64("aim").shape(("batch", 3))).serve(&a).await.unwrap();
    let mut told = trebuchet.events();
    let control = component("control").forward(forward).input("input").output("model");
    let control = control.gives(Port::f64("aim").shape(("batch", 2))).serve(&b).await.unwrap();
    let mut told_too = control.events();
    assert_eq!(mismatch(&mut told).await, "control > trebuchet: PORT_SHAPE");
    assert_eq!(mismatch(&mut told_too).await, "control > trebuchet: PORT_SHAPE");

    // R91: who asks is told, in its own codec.
    let asker = rooms.client("asker", Codec::Json).await;
    let mut answers = asker.subscribe(swergio_client::Trigger::any().direct_only()).await.unwrap();
    asker.settle().await.unwrap();
    asker.send(Announcement::default().to_room(trebuchet.input().clone())).await.unwrap();
    let (one, other) = (soon(answers.next()).await.unwrap(), soon(answers.next()).await.unwrap());
    let mut known = [&one, &other].map(|answer| Announcement::read(answer).component);
    known.sort();
    assert_eq!(known, ["control", "trebuchet"]);
}
