//! Passes: forward through a room, and back.

use swergio_client::{Codec, Kind};
use swergio_toolbox::{ModelStatus, Tensor, component};

use crate::rooms::{Rooms, row};

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
