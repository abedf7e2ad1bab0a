//! Sending: order, bounds, rooms.

use std::time::Duration;

use serde_json::json;
use swergio_client::{Bounds, Codec, Envelope, ErrorKind, Frame, Kind, MessageId, Options};
use tokio::time::timeout;

use crate::stage::{self, opened};

fn text(id: &str) -> Envelope {
    Envelope::new(Kind::TEXT).with_id(MessageId::new(id))
}

#[tokio::test(start_paused = true)]
async fn a_message_without_an_id_gets_one_and_the_sender_learns_it() {
    let (client, mut broker) = opened().await;
    let id = client.send(Envelope::new(Kind::TEXT)).await.unwrap();
    assert_eq!(broker.hears().await, json!({"ID": id.as_str(), "TYPE": "DATA/TEXT"}));
    assert_eq!(client.send(text("mine")).await.unwrap(), "mine");
    assert_eq!(broker.hears().await["ID"], "mine");
}

#[tokio::test(start_paused = true)]
async fn rooms_of_the_options_are_joined_after_command_and_once() {
    let options = Options::default().name("w").codec(Codec::Json).rooms(["lab", "_command", "hall", "lab"]);
    let (client, mut broker) = stage::open(options).await;
    broker.hears_opening(&["_command", "lab", "hall"]).await;
    assert_eq!(client.rooms(), ["_command", "lab", "hall"]);
    client.join("hall").await.unwrap();
    client.leave("attic").await.unwrap();
    broker.hears_nothing().await;
    client.leave("lab").await.unwrap();
    let left = broker.hears().await;
    assert_eq!((&left["TYPE"], &left["ROOM"]), (&json!("COMMAND/LEAVEROOM"), &json!("lab")));
    client.join("lab").await.unwrap();
    assert_eq!(broker.hears_join().await, "lab");
    assert_eq!(client.rooms(), ["_command", "hall", "lab"]);
}

#[tokio::test(start_paused = true)]
async fn more_rooms_than_a_batch_are_all_joined_before_anything_is_said() {
    let rooms: Vec<String> = (0..200).map(|number| format!("room {number}")).collect();
    let options = Options::default().name("w").codec(Codec::Json).rooms(rooms.clone());
    let (mut broker, dial) = stage::broker(Codec::Json);
    let connecting = tokio::spawn(options.connect_over(dial));
    broker.accept().await;
    let mut expected = vec!["_command"];
    expected.extend(rooms.iter().map(String::as_str));
    broker.hears_opening(&expected).await;
    connecting.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn sending_waits_while_the_outbox_is_full_and_loses_nothing() {
    let bounds = Bounds { outbox: 2, ..Bounds::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    broker.stalls(true);
    let room = stage::LINK_FRAMES + 2;
    for number in 0..room {
        client.send(text(&number.to_string())).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert!(timeout(Duration::from_secs(60), client.send(text("given up"))).await.is_err());
    broker.stalls(false);
    let hears = async {
        for number in 0..=room {
            assert_eq!(broker.hears().await["ID"], number.to_string());
        }
        broker.hears_nothing().await;
    };
    let (sent, ()) = tokio::join!(client.send(text(&room.to_string())), hears);
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_outbox_is_bounded_in_bytes_too_but_one_message_always_fits() {
    let bounds = Bounds { outbox_bytes: 10, ..Bounds::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    broker.stalls(true);
    for number in 0..=stage::LINK_FRAMES {
        client.send(text(&number.to_string())).await.unwrap();
    }
    assert!(timeout(Duration::from_secs(60), client.send(text("given up"))).await.is_err());
    broker.stalls(false);
    assert_eq!(broker.hears_rest().await.len(), stage::LINK_FRAMES + 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_refused_before_it_is_queued() {
    let bounds = Bounds { message_bytes: 200, ..Bounds::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    let long = text("long").with_data(&"x".repeat(200)).unwrap();
    assert_eq!(client.send(long).await.unwrap_err().kind(), ErrorKind::TooLarge);
    let twice = text("a").with_field("TYPE", "b").unwrap();
    assert_eq!(client.send(twice).await.unwrap_err().kind(), ErrorKind::Invalid);
    let foreign = Frame::msgpack(vec![0x80]);
    assert_eq!(client.send_frame(foreign).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(client.join("_mine").await.unwrap_err().kind(), ErrorKind::Invalid);
    broker.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_hears_while_the_broker_does_not() {
    let (client, mut broker) = opened().await;
    let mut messages = client.messages();
    broker.stalls(true);
    for number in 0..100 {
        client.send(text(&number.to_string())).await.unwrap();
    }
    for number in 0..100 {
        broker.says(stage::in_lab(&number.to_string())).await;
    }
    for number in 0..100 {
        assert_eq!(*messages.next().await.unwrap().id.as_ref().unwrap(), number.to_string().as_str());
    }
    broker.stalls(false);
    assert_eq!(broker.hears_rest().await.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_bad_name_is_refused_before_anybody_is_dialled() {
    for options in [Options::default().name("_w"), Options::default().rooms(["a\nb"])] {
        let (mut broker, dial) = stage::broker(Codec::MsgPack);
        assert_eq!(options.connect_over(dial).await.unwrap_err().kind(), ErrorKind::Invalid);
        assert!(broker.nobody_dials());
    }
}
