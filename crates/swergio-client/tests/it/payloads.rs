//! Payloads: types of one's own, and tensors that are not copied.

use serde::{Deserialize, Serialize};
use serde_json::json;
use swergio_client::{Body, Codec, Dtype, Envelope, ErrorKind, Kind, Options, Tensor};

use crate::stage::{self, opened};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Shot {
    angle: f64,
    hit: Option<bool>,
}

#[tokio::test(start_paused = true)]
async fn a_type_of_ones_own_goes_out_and_comes_in() {
    for codec in [Codec::Json, Codec::MsgPack] {
        let (client, mut broker) = stage::open(Options::default().name("w").codec(codec)).await;
        broker.hears_opening(&["_command"]).await;
        let shot = Shot { angle: 0.1, hit: None };
        client.send(Envelope::new(Kind::FORWARD).with_data(&shot).unwrap()).await.unwrap();
        let heard = broker.hears().await;
        assert_eq!(heard["DATA"], json!({"angle": 0.1, "hit": null}));
        let mut messages = client.messages();
        broker.says(json!({"TYPE": "DATA/FORWARD", "DATA": heard["DATA"], "NOTE": 7})).await;
        let message = messages.next().await.unwrap();
        assert_eq!(message.data::<Shot>().unwrap(), shot);
        assert_eq!(message.field::<u8>("NOTE").unwrap(), Some(7));
        assert_eq!(message.field::<u8>("MISSING").unwrap(), None);
        let error = message.field::<String>("NOTE").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.to_string().starts_with("NOTE is not of the wanted type: "), "{error}");
        assert!(!error.to_string().contains("DATA"), "{error}");
        assert_eq!(message.data::<Vec<String>>().unwrap_err().kind(), ErrorKind::Unreadable);
        assert_eq!(message.tensor().unwrap_err().kind(), ErrorKind::Unreadable);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_without_data_says_so() {
    let (client, mut broker) = opened().await;
    let mut messages = client.messages();
    broker.says(json!({"TYPE": "DATA/CUSTOM"})).await;
    let error = messages.next().await.unwrap().data::<u8>().unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Unreadable, "the message has no DATA")
    );
}

#[tokio::test(start_paused = true)]
async fn a_received_tensor_shares_the_bytes_of_its_frame() {
    let (client, mut broker) = stage::open(Options::default().name("w")).await;
    broker.hears_opening(&["_command"]).await;
    let mut messages = client.messages();
    let tensor = Tensor::from_f32([2, 2], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    let sent = Envelope::new(Kind::FORWARD).with_tensor(tensor.clone()).encode(Codec::MsgPack).unwrap();
    broker.says_frame(sent).await;
    let message = messages.next().await.unwrap();
    let received = message.tensor().unwrap();
    assert_eq!((received.shape(), received.dtype()), (&[2, 2][..], Dtype::F32));
    assert_eq!(received.to_f32_vec(), [1.0, 2.0, 3.0, 4.0]);
    let frame = message.frame().bytes().as_ptr_range();
    assert!(frame.contains(&received.data().as_ptr()), "the tensor was copied");
}

#[tokio::test(start_paused = true)]
async fn nested_lists_are_a_tensor_too() {
    let (client, mut broker) = opened().await;
    let mut messages = client.messages();
    broker.says(json!({"TYPE": "DATA/FORWARD", "DATA": [[1.5, 2.0], [3.0, 4.0]]})).await;
    let tensor = messages.next().await.unwrap().tensor().unwrap();
    assert_eq!((tensor.shape(), tensor.to_f64_vec()), (&[2, 2][..], vec![1.5, 2.0, 3.0, 4.0]));
}

#[tokio::test(start_paused = true)]
async fn a_payload_can_be_passed_on_unread() {
    let (client, mut broker) = stage::open(Options::default().name("w")).await;
    broker.hears_opening(&["_command"]).await;
    let mut messages = client.messages();
    broker.says(json!({"TYPE": "DATA/FORWARD", "DATA": {"deep": [1, {"er": null}]}})).await;
    let body: Body = messages.next().await.unwrap().data.clone().unwrap();
    client.send(Envelope { data: Some(body), ..Envelope::new(Kind::FORWARD) }).await.unwrap();
    assert_eq!(broker.hears().await["DATA"], json!({"deep": [1, {"er": null}]}));
}
