//! Tap shows what is said, and holds up nobody.

use serde_json::{Value, json};
use swergio_broker::Guard;
use swergio_client::{Kind, MemberName, MessageId, Tensor};

use crate::stage::{Stage, to};

fn weights() -> Tensor {
    Tensor::from_f32([2, 2], &[3.0, 0.0, 0.0, -4.0]).unwrap()
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn a_room_is_shown_a_line_a_message() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.tap(&["lab", "--name", "eve"]).await;

    ada.send(to("lab", Kind::FORWARD).with_id(MessageId::new("1")).with_tensor(weights())).await.unwrap();
    ada.send(to("lab", Kind::TEXT).with_id(MessageId::new("2")).with_data("hi\u{1b}[2J").unwrap())
        .await
        .unwrap();
    let eve = MemberName::parse("eve").unwrap();
    ada.send(swergio_client::Envelope::new(Kind::TEXT).with_id(MessageId::new("3")).with_to(eve))
        .await
        .unwrap();

    let seen = |line: String| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    assert_eq!(seen(tap.line().await), "ada → lab DATA/FORWARD 1 f32[2, 2] norm 5.00");
    assert_eq!(seen(tap.line().await), r#"ada → lab DATA/TEXT 2 "hi\u{1b}[2J""#);
    assert_eq!(seen(tap.line().await), "ada → @eve DATA/TEXT 3");
}

#[tokio::test]
async fn without_rooms_it_shows_what_is_logged_as_it_was_sent() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.start(&["tap", "--json"]);
    let note = tap.noted("tap: listening").await;
    assert!(note.contains("_logging"), "{note}");

    ada.send(to("lab", Kind::TEXT).with_data("not logged").unwrap()).await.unwrap();
    ada.send(to("lab", Kind::GRADIENT).with_id(MessageId::new("1")).with_tensor(weights())).await.unwrap();
    assert_eq!(
        json(&tap.line().await),
        json!({"ID": "1", "TYPE": "DATA/GRADIENT", "TO_ROOM": "lab", "SENT_BY": "ada", "DATA": [[3.0, 0.0], [0.0, -4.0]]})
    );
}

#[tokio::test]
async fn a_summary_has_no_numbers_but_what_they_come_to() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.tap(&["lab", "--json", "--summary"]).await;
    let message = to("lab", Kind::FORWARD).with_field("LABELS", &["a", "b"]).unwrap().with_tensor(weights());
    ada.send(message).await.unwrap();
    let seen = json(&tap.line().await);
    assert_eq!(seen["LABELS"], json!(["a", "b"]));
    assert_eq!(seen["DATA"], json!({"dtype": "<f4", "shape": [2, 2], "norm": 5.0, "min": -4.0, "max": 3.0}));
}

#[tokio::test]
async fn filters_choose_and_the_last_line_counts() {
    let stage = Stage::open().await;
    let (ada, bob) = (stage.component("ada", "lab").await, stage.component("bob", "lab").await);
    let args = ["lab", "--kind", "DATA/", "--from", "ada", "--root", "pass 1", "--count", "2", "--json"];
    let mut tap = stage.tap(&args).await;

    let said = |kind, id: &str| to("lab", kind).with_id(MessageId::new(id));
    ada.send(said(Kind::FORWARD, "pass 1")).await.unwrap();
    ada.send(said(Kind::FORWARD, "pass 2")).await.unwrap();
    ada.send(said(Kind::KPI, "3").with_root_id("pass 1")).await.unwrap();
    ada.settle().await.unwrap();
    bob.send(said(Kind::REWARD, "4").with_root_id("pass 1")).await.unwrap();
    bob.settle().await.unwrap();
    ada.send(said(Kind::REWARD, "5").with_root_id("pass 1")).await.unwrap();

    assert_eq!(json(&tap.line().await)["ID"], "pass 1");
    assert_eq!(json(&tap.line().await)["ID"], "5");
    let (code, notes) = tap.end().await;
    assert_eq!(code, Some(0));
    let last = notes.last().unwrap();
    assert!(last.starts_with("tap: 2 messages in "), "{last}");
    assert!(last.ends_with(": 1 DATA/FORWARD, 1 DATA/REWARD; 3 filtered out"), "{last}");
}

#[tokio::test]
async fn ctrl_c_ends_it_with_a_line_of_counts() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.tap(&["lab"]).await;
    ada.send(to("lab", Kind::TEXT)).await.unwrap();
    tap.line().await;
    tap.signal("INT").await;
    let (code, notes) = tap.end().await;
    assert_eq!(code, Some(0));
    assert!(notes.last().unwrap().contains("1 message in "), "{notes:?}");
}

#[tokio::test]
async fn too_few_messages_in_the_time_are_a_no() {
    let stage = Stage::open().await;
    let ended = stage.run(&["tap", "lab", "--for", "0.05", "--count", "1"]).await;
    assert_eq!(ended.code, Some(1));
    let ended = stage.run(&["tap", "lab", "--for", "0.05"]).await;
    assert_eq!(ended.code, Some(0));
}

#[tokio::test]
async fn it_ends_in_silence_when_nobody_reads_any_more() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.tap(&["lab"]).await;
    drop(tap.out.take());
    ada.send(to("lab", Kind::TEXT)).await.unwrap();
    assert_eq!(tap.end().await, (Some(0), Vec::new()));
}

#[tokio::test]
async fn it_comes_back_with_the_broker() {
    let stage = Stage::open().await;
    let mut tap = stage.tap(&["lab", "--json"]).await;
    stage.broker.shutdown().await;
    tap.noted("tap: cut off").await;

    let stage = Stage::at(&stage.address, Guard::Open).await;
    tap.noted("tap: listening again").await;
    let ada = stage.component("ada", "lab").await;
    // The tap has been welcomed, but its seat may be a moment behind.
    while ada.send_acked(to("lab", Kind::TEXT)).await.unwrap() == 0 {}
    assert_eq!(json(&tap.line().await)["SENT_BY"], "ada");
}

/// What is not read is left out and counted; the sender does not wait, and nothing is lost uncounted.
#[tokio::test]
async fn a_tap_that_nobody_reads_leaves_messages_out_and_says_how_many() {
    const FLOOD: u64 = 5000;
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut tap = stage.tap(&["lab", "--json"]).await;
    let said = || to("lab", Kind::TEXT).with_data(&"x".repeat(1000)).unwrap();
    for _ in 0..FLOOD {
        ada.send(said()).await.unwrap();
    }
    tap.noted("tap: what it prints is not read").await;

    // Now somebody reads. The next message that finds a place tells how many found none.
    let (mut read, mut sent) = (0, FLOOD);
    let told = loop {
        tokio::select! {
            biased;
            told = tap.notes.next_line() => break told.unwrap().unwrap(),
            _ = tap.out.as_mut().unwrap().next_line() => read += 1,
        }
        if read % 100 == 0 {
            ada.send(said()).await.unwrap();
            sent += 1;
        }
    };
    ada.settle().await.unwrap();
    let left_out: u64 = told.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(left_out > 0 && told.ends_with(" messages were left out"), "{told}");
    while read < sent - left_out {
        tap.line().await;
        read += 1;
    }
    tap.signal("INT").await;
    let (code, notes) = tap.end().await;
    assert_eq!(code, Some(0));
    let last = notes.last().unwrap();
    assert!(last.starts_with(&format!("tap: {read} messages in ")), "{last}");
    assert!(last.ends_with(&format!("; {left_out} left out")), "{last}");
}
