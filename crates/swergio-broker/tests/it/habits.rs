//! Habits: messages that are like one another, which the broker does not read anew; nobody can tell but by the time it
//! takes.

use serde_json::{Value, json};

use crate::stage::{ALL, Stage, Via};

fn text(id: &str, to: &str, name: &str) -> Value {
    json!({"ID": id, "TYPE": "DATA/TEXT", to: name, "DATA": "hello"})
}

/// R40: a habit of one room is none of another, though all else is the same.
#[tokio::test(start_paused = true)]
async fn who_changes_rooms_is_heard_in_the_right_one() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &[]).await;
        let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
        let mut cyd = stage.member(Via::MsgPack, "cyd", &["pub"]).await;
        let rooms = ["lab", "lab", "lab", "pub", "lab", "pub", "pub", "pub", "pub", "lab", "lab"];
        for (at, room) in rooms.iter().enumerate() {
            ada.say(text(&format!("{at:02}"), "TO_ROOM", room)).await;
        }
        for at in 11..14 {
            ada.say(text(&at.to_string(), "TO", "bob")).await;
        }
        assert_eq!(bob.heard().await, ["00", "01", "02", "04", "09", "10", "11", "12", "13"], "from {via:?}");
        assert_eq!(cyd.heard().await, ["03", "05", "06", "07", "08"], "from {via:?}");
    }
}

/// R11, R40: a habit does not outlive the name under which it was taken up, and leaves alone who signs for itself.
#[tokio::test(start_paused = true)]
async fn a_message_is_signed_with_the_name_of_now() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &[]).await;
        let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
        for _ in 0..3 {
            ada.tell_room("lab", "1").await;
        }
        ada.say(json!({"TYPE": "COMMAND/REGISTER", "NAME": "eve"})).await;
        ada.tell_room("lab", "2").await;
        for _ in 0..3 {
            let mut signed = text("3", "TO_ROOM", "lab");
            signed["SENT_BY"] = json!("zoe");
            ada.say(signed).await;
        }
        let signers: Vec<Value> = bob.hear().await.iter().map(|message| message["SENT_BY"].clone()).collect();
        assert_eq!(signers, ["ada", "ada", "ada", "eve", "zoe", "zoe", "zoe"], "from {via:?}");
    }
}

/// R51: who begins to log hears of the very next message, and a bad one amid many good ones is told to its sender.
#[tokio::test(start_paused = true)]
async fn what_begins_in_between_is_noticed() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let forward = |id: &str| json!({"ID": id, "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": "x"});
    for id in ["1", "2", "3"] {
        ada.say(forward(id)).await;
    }
    ada.say_text(r#"{"ID":"4","TYPE":"DATA/FORWARD","TO_ROOM":"_la","DATA":"x"}"#).await;
    let mut eve = stage.member(Via::Json, "eve", &["_logging"]).await;
    ada.say(forward("5")).await;
    assert_eq!(bob.heard().await, ["1", "2", "3", "5"]);
    assert_eq!(eve.hear().await[0]["MESSAGE"]["ID"], "5");
    let told = ada.hear().await;
    assert_eq!((&told[0]["REF"], &told[0]["CODE"]), (&json!("4"), &json!("BAD_NAME")));
}
