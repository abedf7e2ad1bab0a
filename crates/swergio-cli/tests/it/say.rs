//! Say says what it is given, and its exit status what became of it.

use swergio_client::{Client, Kind, Message, Messages, Reply, Trigger};
use tokio::io::AsyncWriteExt;

use crate::stage::{SECRET, Stage, in_time};

async fn listener(stage: &Stage, name: &str) -> (Client, Messages) {
    let client = stage.component(name, "lab").await;
    let heard = client.subscribe(Trigger::any().rooms(["lab"])).await.unwrap();
    (client, heard)
}

async fn next(heard: &mut Messages) -> Message {
    in_time(heard.next()).await.unwrap()
}

#[tokio::test]
async fn what_is_said_is_heard() {
    let stage = Stage::open().await;
    let (_ada, mut heard) = listener(&stage, "ada").await;
    let args =
        ["say", "lab", "hello,", "world", "--name", "bob", "--id", "1", "--root", "0", "--field", "EPOCH=3"];
    let ended = stage.run(&args).await;
    assert_eq!((ended.code, ended.out.as_str(), ended.notes.as_str()), (Some(0), "", ""));

    let message = next(&mut heard).await;
    assert_eq!((message.kind.as_str(), message.sender()), ("DATA/TEXT", Some("bob")));
    assert_eq!(message.id.as_ref().unwrap().as_str(), "1");
    assert_eq!(message.root_id.as_deref(), Some("0"));
    assert_eq!(message.field::<u8>("EPOCH").unwrap(), Some(3));
    assert_eq!(message.data::<String>().unwrap(), "hello, world");
}

#[tokio::test]
async fn a_payload_is_json_if_it_can_be() {
    let stage = Stage::open().await;
    let (_ada, mut heard) = listener(&stage, "ada").await;
    stage.run(&["say", "lab", "[[1, 2.5]]", "--kind", "DATA/FORWARD"]).await;
    let message = next(&mut heard).await;
    assert_eq!(
        (message.kind.clone(), message.tensor().unwrap().to_f64_vec()),
        (Kind::FORWARD, vec![1.0, 2.5])
    );
    stage.run(&["say", "--to", "ada", "[1]", "--text"]).await;
    let message = next(&mut heard).await;
    assert!(message.is_direct());
    assert_eq!(message.data::<String>().unwrap(), "[1]");
    stage.run(&["say", "lab", "--kind", "COMMAND/CUSTOM"]).await;
    assert_eq!(next(&mut heard).await.data, None);
}

#[tokio::test]
async fn standard_input_is_a_message_or_one_a_line() {
    let stage = Stage::open().await;
    let (_ada, mut heard) = listener(&stage, "ada").await;
    for (args, messages) in [
        (&["say", "lab", "-"][..], &[r#""one\ntwo\n""#][..]),
        (&["say", "lab", "-", "--lines"], &[r#""one""#, r#""two""#]),
    ] {
        let mut child = stage.swergio(args).stdin(std::process::Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"one\ntwo\n").await.unwrap();
        assert!(in_time(child.wait()).await.unwrap().success());
        for expected in messages {
            let data = next(&mut heard).await.data.as_ref().unwrap().to_json();
            assert_eq!(String::from_utf8(data).unwrap(), *expected);
        }
    }
}

#[tokio::test]
async fn a_receipt_counts_the_receivers_and_none_is_a_no() {
    let stage = Stage::open().await;
    let _both = (stage.component("ada", "lab").await, stage.component("bob", "lab").await);
    let ended = stage.run(&["say", "lab", "--ack", "ping"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "2\n"));
    let ended = stage.run(&["say", "hall", "--ack", "ping"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), "0\n"));
}

#[tokio::test]
async fn an_answer_is_printed_and_none_is_a_no() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    ada.on(Trigger::kinds([Kind::TEXT]), |message: Message| async move {
        Ok::<_, swergio_client::Error>(Reply::new(Kind::TEXT).data(&message.data::<String>()?.to_uppercase()))
    })
    .await
    .unwrap();
    for place in [&["lab"][..], &["--to", "ada"]] {
        let ended = stage.run(&[&["say"], place, &["hello", "--wait", "20", "--json"]].concat()).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let answer: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
        assert_eq!((answer["SENT_BY"].as_str(), answer["DATA"].as_str()), (Some("ada"), Some("HELLO")));
    }
    let ended = stage.run(&["say", "lab", "hello", "--wait", "20"]).await;
    assert!(ended.out.contains("ada → lab") && ended.out.ends_with("\"HELLO\"\n"), "{ended:?}");
    let ended = stage.run(&["say", "hall", "hello", "--wait", "0.05"]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
}

#[tokio::test]
async fn what_the_broker_refuses_is_an_error_that_names_it() {
    let stage = Stage::guarded(r#""send": ["lab"]"#).await;
    let ended = stage.run(&["say", "lab", "hi"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.contains("--token"), "{}", ended.notes);
    let ended = stage.run(&["say", "lab", "hi", "--token", SECRET]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.notes);
    for how in [&["--text"][..], &["--ack"], &["--wait", "20"]] {
        let ended = stage.run(&[&["say", "hall", "hi", "--token", SECRET], how].concat()).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert!(ended.notes.contains("FORBIDDEN") && ended.notes.contains("grant"), "{}", ended.notes);
    }
}

#[tokio::test]
async fn an_error_says_what_to_do_next() {
    let stage = Stage::open().await;
    for (args, advice) in [
        (&["say", "lab", "hi", "--url", "ws://127.0.0.1:1"][..], "swergio serve"),
        (&["say", "lab", "hi", "--url", "http://x"], "ws://"),
        (&["say"], "Name a room"),
        (&["say", "lab"], "Give a payload"),
        (&["say", "lab", "x", "--lines"], "give `-`"),
        (&["say", "_lab", "x"], "underscore"),
        (&["say", "lab", "x", "--field", "EPOCH"], "EPOCH=3"),
        (&["say", "lab", "x", "--wait", "soon"], "seconds"),
    ] {
        let ended = stage.run(args).await;
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.notes.contains(advice), "{args:?}: {}", ended.notes);
    }
}
