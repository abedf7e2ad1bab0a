//! Backward: a component in the middle of a chain passes data on and gradients back, under the right IDs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use swergio_client::{Kind, Message, MessageId, Reply, Trigger};

use crate::stage::opened;

/// What went forward and whose gradient has not come back: under the ID that it left with, the ID that it came
/// with and its value.
type Kept = Arc<Mutex<HashMap<MessageId, (MessageId, f64)>>>;

/// Squares what comes, and keeps it.
async fn square(kept: Kept, message: Message) -> Reply {
    let x: f64 = message.data().unwrap();
    let mut kept = kept.lock().unwrap();
    let out = MessageId::from_u128(0xface + kept.len() as u128);
    kept.insert(out.clone(), (message.id.clone().unwrap(), x));
    Reply::new(Kind::FORWARD).id(out).rooms(["output"]).data(&(x * x))
}

/// Turns the gradient of the output into that of the input: the vector-Jacobian product of the square.
async fn vjp(kept: Kept, message: Message) -> Option<Reply> {
    let (id, x) = kept.lock().unwrap().remove(message.id.as_ref()?)?;
    let gradient = 2.0 * x * message.data::<f64>().unwrap();
    Some(Reply::new(Kind::GRADIENT).id(id).rooms(["model"]).data(&gradient))
}

/// R80: forward under a new ID, backward under the old one; ROOT_ID and MODEL_STATUS travel along.
#[tokio::test(start_paused = true)]
async fn a_gradient_goes_back_under_the_id_that_the_data_came_with() {
    let (client, mut broker) = opened().await;
    let kept = Kept::default();
    let forward = Trigger::kinds([Kind::FORWARD]).rooms(["model"]);
    client.on_with(forward, Arc::clone(&kept), square).await.unwrap();
    let backward = Trigger::kinds([Kind::GRADIENT]).rooms(["output"]);
    client.on_with(backward, Arc::clone(&kept), vjp).await.unwrap();
    broker.hears_join().await;
    broker.hears_join().await;

    broker
        .says(json!({"ID": "i", "TYPE": "DATA/FORWARD", "TO_ROOM": "model", "ROOT_ID": "r", "MODEL_STATUS": 1, "DATA": 3.0}))
        .await;
    let output = broker.hears().await;
    assert_eq!((&output["TO_ROOM"], &output["DATA"]), (&json!("output"), &json!(9.0)));
    assert_ne!(output["ID"], "i");

    let unknown = json!({"ID": "nobody's", "TYPE": "DATA/GRADIENT", "TO_ROOM": "output", "DATA": 1.0});
    broker.says(unknown).await;
    broker
        .says(json!({"ID": output["ID"], "TYPE": "DATA/GRADIENT", "TO_ROOM": "output", "ROOT_ID": "r", "MODEL_STATUS": 1, "DATA": 0.5}))
        .await;
    let gradient = broker.hears().await;
    for (key, value) in [
        ("ID", json!("i")),
        ("TYPE", json!("DATA/GRADIENT")),
        ("TO_ROOM", json!("model")),
        ("ROOT_ID", json!("r")),
        ("MODEL_STATUS", json!(1)),
        ("DATA", json!(3.0)),
    ] {
        assert_eq!(gradient[key], value, "{key}");
    }
    broker.hears_nothing().await;
    assert!(kept.lock().unwrap().is_empty());
}
