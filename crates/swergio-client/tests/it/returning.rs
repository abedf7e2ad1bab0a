//! Returning: what happens when the link breaks.

use std::time::Duration;

use swergio_client::{
    Codec, Envelope, ErrorKind, Event, Farewell, Kind, MessageId, Options, Reconnect, Trigger,
};
use tokio::time::Instant;

use crate::stage::{self, in_lab, opened};

#[tokio::test(start_paused = true)]
async fn it_comes_back_registers_rejoins_and_sends_what_was_queued_in_order() {
    let (client, mut broker) = opened().await;
    let mut heard = client.subscribe(Trigger::any().rooms(["lab", "hall"])).await.unwrap();
    assert_eq!([broker.hears_join().await, broker.hears_join().await], ["lab", "hall"]);
    client.leave("hall").await.unwrap();
    broker.hears().await;
    broker.cuts();
    tokio::task::yield_now().await;
    for number in 0..5 {
        client.send(Envelope::new(Kind::TEXT).with_id(MessageId::new(&number.to_string()))).await.unwrap();
    }
    broker.accept().await;
    broker.hears_opening(&["_command", "lab"]).await;
    for number in 0..5 {
        assert_eq!(broker.hears().await["ID"], number.to_string());
    }
    broker.says(in_lab("again")).await;
    assert_eq!(heard.next().await.unwrap().id, Some(MessageId::new("again")));
    assert!(client.is_connected());
}

/// R61: 4000 to 4499 and 1012 invite to come back, 4500 to 4999 do not.
#[tokio::test(start_paused = true)]
async fn the_number_of_the_farewell_decides_whether_it_comes_back() {
    for (code, comes_back) in
        [(1000, true), (1012, true), (4000, true), (4499, true), (4500, false), (4999, false)]
    {
        let (client, mut broker) = opened().await;
        broker.ends(code);
        if comes_back {
            broker.accept().await;
            broker.hears_opening(&["_command"]).await;
        } else {
            assert_eq!(client.closed().await.unwrap_err().kind(), ErrorKind::Refused, "{code}");
            assert!(broker.nobody_dials(), "{code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_first_connection_fails_at_once_unless_it_is_to_wait() {
    for (reconnect, farewell, kind) in [
        (Reconnect::default(), Farewell::broken("nobody listens"), Some(ErrorKind::Unreachable)),
        (Reconnect::patiently(), Farewell::broken("nobody listens"), None),
        (Reconnect::patiently(), Farewell::refused(401, "who are you?"), Some(ErrorKind::Refused)),
        (Reconnect::patiently(), Farewell::refused(403, "not you"), Some(ErrorKind::Refused)),
        (Reconnect::patiently(), Farewell::refused(503, "full"), None),
    ] {
        let (broker, dial) = stage::broker(Codec::MsgPack);
        broker.refuses([farewell.clone()]);
        let outcome = Options::default().name("w").reconnect(reconnect).connect_over(dial).await;
        assert_eq!(outcome.err().map(|error| error.kind()), kind, "{farewell}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_longer_each_time_within_the_ceiling_and_gives_up_when_told_to() {
    let reconnect = Reconnect {
        base: Duration::from_secs(1),
        cap: Duration::from_secs(4),
        attempts: Some(4),
        initially: false,
    };
    let (client, mut broker) = stage::open(Options::default().name("w").reconnect(reconnect)).await;
    broker.hears_rest().await;
    let mut events = client.events();
    broker.refuses((0..10).map(|_| Farewell::broken("still down")));
    let began = Instant::now();
    broker.cuts();
    let mut waits = Vec::new();
    loop {
        match events.next().await.unwrap() {
            Event::Disconnected { retry_in, .. } => waits.push(retry_in),
            Event::Closed => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(waits.len(), 5);
    assert_eq!(waits.pop(), Some(None));
    for (wait, ceiling) in waits.iter().zip([1, 2, 4, 4]) {
        assert!(wait.unwrap() <= Duration::from_secs(ceiling), "{waits:?}");
    }
    let waited: Duration = waits.iter().flatten().sum();
    assert!(began.elapsed() >= waited && began.elapsed() < waited + Duration::from_millis(20));
    assert_eq!(client.closed().await.unwrap_err().kind(), ErrorKind::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_lived_long_forgives_earlier_failures() {
    let reconnect = Reconnect { attempts: Some(1), cap: Duration::from_secs(1), ..Reconnect::default() };
    let (client, mut broker) = stage::open(Options::default().name("w").reconnect(reconnect)).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        broker.cuts();
        broker.accept().await;
    }
    broker.hears_rest().await;
    // This one lived too short to count.
    broker.cuts();
    assert_eq!(client.closed().await.unwrap_err().kind(), ErrorKind::Unreachable);
}
