//! Asking: requests, receipts, rejections.

use std::time::Duration;

use serde_json::{Value, json};
use swergio_client::{
    Client, Codec, Envelope, Error, ErrorKind, Event, Kind, Message, MessageId, Options, RoomName,
};
use tokio::task::JoinHandle;

use crate::stage::{self, Broker, opened};

fn question() -> Envelope {
    Envelope::new(Kind::FORWARD).with_to_room(RoomName::parse("lab").unwrap())
}

fn ask(client: &Client, envelope: Envelope) -> JoinHandle<Result<Message, Error>> {
    let client = client.clone();
    tokio::spawn(async move { client.request(envelope).await })
}

fn id(message: &Value) -> &str {
    message["ID"].as_str().unwrap()
}

async fn answered_by(answer: impl FnOnce(&str) -> Value) -> Message {
    let (client, mut broker) = opened().await;
    let asked = ask(&client, question());
    let heard = broker.hears().await;
    broker.says(answer(id(&heard))).await;
    asked.await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_carries_the_id_as_its_own_as_ref_or_as_root() {
    let gradient = answered_by(|id| json!({"ID": id, "TYPE": "DATA/GRADIENT", "TO_ROOM": "lab"})).await;
    assert_eq!(gradient.kind, Kind::GRADIENT);
    let reference = answered_by(|id| json!({"ID": "x", "TYPE": "DATA/TEXT", "REF": id})).await;
    assert_eq!(reference.id, Some(MessageId::new("x")));
    let root =
        answered_by(|id| json!({"ID": "y", "TYPE": "DATA/TEXT", "ROOT_ID": id, "TO_ROOM": "lab"})).await;
    assert_eq!(root.id, Some(MessageId::new("y")));
}

#[tokio::test(start_paused = true)]
async fn a_question_is_the_root_of_its_pass_unless_it_is_part_of_one() {
    let (client, mut broker) = opened().await;
    let _asked = ask(&client, question());
    let heard = broker.hears().await;
    assert_eq!(heard["ROOT_ID"], heard["ID"]);
    let _asked = ask(&client, question().with_root_id("r"));
    assert_eq!(broker.hears().await["ROOT_ID"], "r");
}

#[tokio::test(start_paused = true)]
async fn each_question_gets_its_own_answer_and_streams_get_the_rest() {
    let (client, mut broker) = opened().await;
    let mut messages = client.messages();
    let (first, second) = (ask(&client, question()), ask(&client, question()));
    let (one, two) = (broker.hears().await, broker.hears().await);
    for message in [&two, &one, &one] {
        broker.says(json!({"ID": id(message), "TYPE": "DATA/GRADIENT", "TO_ROOM": "lab"})).await;
    }
    let answers = [first.await.unwrap().unwrap(), second.await.unwrap().unwrap()];
    let mut asked = [id(&one).to_owned(), id(&two).to_owned()];
    let mut got = answers.map(|answer| answer.id.clone().unwrap().as_str().to_owned());
    asked.sort();
    got.sort();
    assert_eq!(got, asked);
    let rest = messages.next().await.unwrap();
    assert_eq!(rest.id.as_ref().unwrap().as_str(), id(&one));
}

#[tokio::test(start_paused = true)]
async fn our_own_words_coming_back_are_no_answer() {
    let (client, mut broker) = opened().await;
    let asked = ask(&client, question());
    let mut heard = broker.hears().await;
    heard["SENT_BY"] = json!("w");
    broker.says(heard.clone()).await;
    broker.says(json!({"ID": id(&heard), "TYPE": "DATA/REWARD", "TO_ROOM": "lab", "SENT_BY": "w"})).await;
    assert_eq!(asked.await.unwrap().unwrap().kind, Kind::REWARD);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_ends_with_its_deadline() {
    let options = Options::default().name("w").codec(Codec::Json).deadline(Duration::from_secs(7));
    let (client, mut broker) = stage::open(options).await;
    broker.hears_opening(&["_command"]).await;
    let began = tokio::time::Instant::now();
    let error = client.request(question()).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed().as_secs()), (ErrorKind::Timeout, 7));
    // It is forgotten: a late answer is a message like any other.
    let mut messages = client.messages();
    let heard = broker.hears().await;
    broker.says(json!({"ID": id(&heard), "TYPE": "DATA/GRADIENT", "TO_ROOM": "lab"})).await;
    assert_eq!(messages.next().await.unwrap().kind, Kind::GRADIENT);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_dropped_before_it_went_out_does_not_go_out() {
    let (client, mut broker) = opened().await;
    broker.stalls(true);
    // The link takes so many; the rest waits in the queue.
    for number in 0..stage::LINK_FRAMES {
        client.send(question().with_id(MessageId::new(&number.to_string()))).await.unwrap();
    }
    let asked = ask(&client, question().with_id(MessageId::new("dropped")));
    tokio::time::sleep(Duration::from_millis(1)).await;
    asked.abort();
    let _ = asked.await;
    client.send(question().with_id(MessageId::new("last"))).await.unwrap();
    broker.stalls(false);
    let heard = broker.hears_rest().await;
    assert_eq!(heard.len(), stage::LINK_FRAMES + 1);
    assert_eq!(id(heard.last().unwrap()), "last");
}

#[tokio::test(start_paused = true)]
async fn a_second_question_under_the_same_id_is_refused() {
    let (client, mut broker) = opened().await;
    let envelope = question().with_id(MessageId::new("same"));
    let _asked = ask(&client, envelope.clone());
    broker.hears().await;
    assert_eq!(client.request(envelope).await.unwrap_err().kind(), ErrorKind::Invalid);
}

async fn receipt(broker: &mut Broker, receivers: u32) {
    let heard = broker.hears().await;
    assert_eq!(heard["ACK"], true);
    broker.says(json!({"TYPE": "COMMAND/ACK", "REF": id(&heard), "RECEIVERS": receivers})).await;
}

#[tokio::test(start_paused = true)]
async fn a_receipt_says_how_many_heard_it() {
    let (client, mut broker) = opened().await;
    let (sent, ()) = tokio::join!(client.send_acked(question()), receipt(&mut broker, 3));
    assert_eq!(sent.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn settling_asks_for_a_receipt_of_a_message_to_nobody() {
    let (client, mut broker) = opened().await;
    let (settled, ()) = tokio::join!(client.settle(), receipt(&mut broker, 0));
    settled.unwrap();
}

#[tokio::test(start_paused = true)]
async fn settling_tells_what_the_broker_rejected_first_and_once() {
    let (client, mut broker) = opened().await;
    for code in ["ROOM_LIMIT", "FORBIDDEN"] {
        broker.says(json!({"TYPE": "COMMAND/ERROR", "CODE": code, "MESSAGE": "no"})).await;
    }
    let (settled, ()) = tokio::join!(client.settle(), receipt(&mut broker, 0));
    let error = settled.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.rejection().unwrap().code, "ROOM_LIMIT");
    let (settled, ()) = tokio::join!(client.settle(), receipt(&mut broker, 0));
    settled.unwrap();
}

/// A broker that would not have the name refuses the receipt as well: the name is what to mend.
#[tokio::test(start_paused = true)]
async fn settling_under_a_name_that_was_refused_tells_of_the_name() {
    let (client, mut broker) = opened().await;
    broker.says(json!({"TYPE": "COMMAND/ERROR", "CODE": "BAD_NAME", "MESSAGE": "no"})).await;
    let refuses = async {
        let heard = broker.hears().await;
        let fault =
            json!({"TYPE": "COMMAND/ERROR", "REF": id(&heard), "CODE": "UNREGISTERED", "MESSAGE": "who?"});
        broker.says(fault).await;
    };
    let (settled, ()) = tokio::join!(client.settle(), refuses);
    assert_eq!(settled.unwrap_err().rejection().unwrap().code, "BAD_NAME");
}

#[tokio::test(start_paused = true)]
async fn who_asks_a_room_without_a_seat_in_it_is_told_why_no_answer_came() {
    let (client, _broker) = opened().await;
    let outside = client.request(question()).await.unwrap_err();
    assert_eq!(outside.kind(), ErrorKind::Timeout);
    assert_eq!(outside.to_string(), "no answer within 30s; join \"lab\" to hear what is answered there");
    client.join("lab").await.unwrap();
    let inside = client.request(question()).await.unwrap_err();
    assert_eq!(inside.to_string(), "no answer within 30s");
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_rejects_fails_the_call_that_waits_for_it() {
    let (client, mut broker) = opened().await;
    let rejects = async {
        let heard = broker.hears().await;
        broker
            .says(json!({"TYPE": "COMMAND/ERROR", "REF": id(&heard), "CODE": "FORBIDDEN", "MESSAGE": "no",
                "FIELD": "TO_ROOM", "RETRYABLE": false}))
            .await;
    };
    let (sent, ()) = tokio::join!(client.send_acked(question()), rejects);
    let error = sent.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let rejection = error.rejection().unwrap();
    assert_eq!((rejection.code.as_str(), rejection.field.as_deref()), ("FORBIDDEN", Some("TO_ROOM")));
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_rejects_is_an_event_where_nobody_waits() {
    let (client, mut broker) = opened().await;
    let mut events = client.events();
    let mut messages = client.messages();
    broker.says(json!({"TYPE": "COMMAND/ERROR", "CODE": "BAD_NAME", "MESSAGE": "no", "FIELD": null})).await;
    let Some(Event::Rejected(rejection)) = events.next().await else { panic!("not told") };
    assert_eq!((rejection.code.as_str(), rejection.reference, rejection.field), ("BAD_NAME", None, None));
    // A component that signs its words is not the broker.
    broker.says(json!({"TYPE": "COMMAND/ERROR", "CODE": "FAKE", "SENT_BY": "mallory"})).await;
    assert_eq!(messages.next().await.unwrap().sender(), Some("mallory"));
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_link_breaks_is_lost() {
    let (client, mut broker) = opened().await;
    let asked = ask(&client, question());
    broker.hears().await;
    broker.cuts();
    assert_eq!(asked.await.unwrap().unwrap_err().kind(), ErrorKind::Lost);
}

#[tokio::test(start_paused = true)]
async fn questions_wait_for_one_another_beyond_their_bound() {
    let bounds = swergio_client::Bounds { requests: 1, ..Default::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    let (first, second) = (ask(&client, question()), ask(&client, question()));
    for _ in 0..2 {
        let heard = broker.hears().await;
        broker.hears_nothing().await;
        broker.says(json!({"ID": id(&heard), "TYPE": "DATA/REWARD", "TO_ROOM": "lab"})).await;
    }
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}
