//! Closing: what still goes out, and what everybody is told.

use std::time::Duration;

use swergio_client::{Envelope, ErrorKind, Event, Kind, Options, Reconnect};

use crate::stage::{self, in_lab, opened};

fn text(id: &str) -> Envelope {
    Envelope::new(Kind::TEXT).with_id(swergio_client::MessageId::new(id))
}

#[tokio::test(start_paused = true)]
async fn closing_sends_what_is_queued_then_disconnect() {
    let (client, mut broker) = opened().await;
    broker.stalls(true);
    let sent = 3 * stage::LINK_FRAMES;
    for number in 0..sent {
        client.send(text(&number.to_string())).await.unwrap();
    }
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    broker.stalls(false);
    for number in 0..sent {
        assert_eq!(broker.hears().await["ID"], number.to_string());
    }
    let last = broker.hears().await;
    assert_eq!((&last["TYPE"], &last["TO_ROOM"]), (&"COMMAND/DISCONNECT".into(), &"_command".into()));
    assert_eq!(broker.hears_end().await, Some(1000));
    closing.await.unwrap().unwrap();
    client.closed().await.unwrap();
    assert_eq!(client.send(text("late")).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(client.join("lab").await.unwrap_err().kind(), ErrorKind::Closed);
    client.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_closes_although_handlers_are_installed() {
    let (client, mut broker) = opened().await;
    client.on(swergio_client::Trigger::any(), async |_| ()).await.unwrap();
    let clone = client.clone();
    drop(client);
    broker.hears_nothing().await;
    drop(clone);
    assert_eq!(broker.hears().await["TYPE"], "COMMAND/DISCONNECT");
    assert_eq!(broker.hears_end().await, Some(1000));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_reads_nothing_does_not_keep_a_client_from_closing() {
    let (client, broker) = opened().await;
    broker.stalls(true);
    for number in 0..100 {
        client.send(text(&number.to_string())).await.unwrap();
    }
    let began = tokio::time::Instant::now();
    assert_eq!(client.close().await.unwrap_err().kind(), ErrorKind::Lost);
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn closing_while_there_is_no_link_is_prompt_and_says_what_is_lost() {
    for queued in [false, true] {
        let (client, mut broker) = opened().await;
        broker.refuses((0..100).map(|_| swergio_client::Farewell::broken("down")));
        broker.cuts();
        let mut events = client.events();
        while !matches!(events.next().await, Some(Event::Disconnected { .. })) {}
        if queued {
            client.send(text("unsent")).await.unwrap();
        }
        let outcome = tokio::time::timeout(Duration::from_millis(1), client.close()).await.expect("prompt");
        assert_eq!(outcome.err().map(|error| error.kind()), queued.then_some(ErrorKind::Lost));
        assert!(broker.nobody_dials());
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_who_waits_is_told_of_the_end() {
    let (client, mut broker) = stage::open(Options::default().name("w").reconnect(Reconnect::never())).await;
    let mut messages = client.messages();
    let mut events = client.events();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { client.request(text("q")).await }
    });
    broker.hears_rest().await;
    broker.says(in_lab("last words")).await;
    broker.ends(4502);
    assert_eq!(asking.await.unwrap().unwrap_err().kind(), ErrorKind::Lost);
    let error = client.closed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.farewell().unwrap().code, Some(4502));
    assert_eq!(messages.next().await.unwrap().id.as_ref().unwrap().as_str(), "last words");
    assert!(messages.next().await.is_none());
    let mut told = Vec::new();
    while told.last() != Some(&Event::Closed) {
        told.push(events.next().await.unwrap());
    }
    let gone = Event::Disconnected { code: Some(4502), reason: "the play wants it".into(), retry_in: None };
    assert!(told.contains(&gone), "{told:?}");
}
