//! Rooms: who hears what, the same on every framing and in both codecs.

use serde_json::json;

use crate::stage::{ALL, Member, Stage, Via};

/// R40: a room's message reaches every other member, once; who is elsewhere hears nothing.
#[tokio::test(start_paused = true)]
async fn a_room_hears_its_message_and_its_sender_does_not() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &["lab"]).await;
        let mut others = Vec::new();
        for other in ALL {
            others.push(stage.member(other, "other", &["lab"]).await);
        }
        let mut cyd = stage.member(via, "cyd", &["hall"]).await;
        ada.tell_room("lab", "hi").await;
        for other in &mut others {
            assert_eq!(other.heard().await, ["hi"]);
        }
        assert!(ada.heard().await.is_empty());
        assert!(cyd.heard().await.is_empty());
    }
}

/// R40: a sender need not be a member.
#[tokio::test(start_paused = true)]
async fn an_outsider_may_speak_into_a_room() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    ada.tell_room("lab", "hi").await;
    assert_eq!(bob.heard().await, ["hi"]);
}

/// R12, R40: a message to a name reaches every holder, the sender included, and two holders are two members.
#[tokio::test(start_paused = true)]
async fn a_name_may_be_shared_and_each_holder_hears() {
    for via in ALL {
        let stage = Stage::new();
        let mut twins = [stage.member(via, "bob", &["lab"]).await, stage.member(via, "bob", &["lab"]).await];
        twins[0].tell_member("bob", "m1").await;
        twins[1].tell_room("lab", "m2").await;
        assert_eq!(twins[0].heard().await, ["m1", "m2"]);
        assert_eq!(twins[1].heard().await, ["m1"]);
    }
}

/// R40: with both addresses it goes both ways, room first; who is reached twice gets two.
#[tokio::test(start_paused = true)]
async fn who_is_reached_both_ways_gets_two() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
    let mut bob = stage.member(Via::MsgPack, "bob", &["lab"]).await;
    let mut cyd = stage.member(Via::Tcp, "cyd", &["lab"]).await;
    ada.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": "bob"})).await;
    assert_eq!(bob.heard().await, ["m", "m"]);
    assert_eq!(cyd.heard().await, ["m"]);
}

/// R11: who registers again has a new name and its old rooms.
#[tokio::test(start_paused = true)]
async fn a_second_register_renames_and_keeps_the_rooms() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(Via::Json, "ada", &[]).await;
        let mut bob = stage.member(via, "bob", &["lab"]).await;
        bob.enter("eve", &[]).await;
        bob.heard().await;
        ada.tell_member("bob", "to bob").await;
        ada.tell_member("eve", "to eve").await;
        ada.tell_room("lab", "to lab").await;
        assert_eq!(bob.heard().await, ["to eve", "to lab"]);
        bob.tell_member("ada", "from").await;
        assert_eq!(ada.hear().await[0]["SENT_BY"], "eve");
    }
}

/// R13: joining twice is joining once; leaving where one is not changes nothing.
#[tokio::test(start_paused = true)]
async fn seats_are_taken_and_given_up_once() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(Via::Json, "ada", &[]).await;
        let mut bob = stage.member(via, "bob", &["lab", "lab"]).await;
        ada.tell_room("lab", "once").await;
        assert_eq!(bob.heard().await, ["once"]);
        leave(&mut bob, "hall").await;
        leave(&mut bob, "lab").await;
        leave(&mut bob, "lab").await;
        ada.tell_room("lab", "gone").await;
        assert!(bob.heard().await.is_empty());
        bob.say(json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "lab"})).await;
        bob.heard().await;
        ada.tell_room("lab", "back").await;
        assert_eq!(bob.heard().await, ["back"]);
    }
}

async fn leave(member: &mut Member, room: &str) {
    member.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": room})).await;
    member.heard().await;
}

/// R14: a room that nobody is in hears nothing, and its speaker stays.
#[tokio::test(start_paused = true)]
async fn an_empty_room_is_no_fault() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &[]).await;
        ada.tell_room("nowhere", "m1").await;
        ada.tell_member("nobody", "m2").await;
        assert!(ada.heard().await.is_empty());
        ada.tell_member("ada", "still here").await;
        assert_eq!(ada.heard().await, ["still here"]);
    }
}

/// R15, R50: control messages are consumed; in upstream's way `_command` hears them. Other commands it always hears.
#[tokio::test(start_paused = true)]
async fn control_messages_are_echoed_only_in_upstreams_way() {
    for (upstream_compat, echo) in [(false, vec![]), (true, vec!["reg", "join", "leave"])] {
        let stage = Stage::with(swergio_broker::Config { upstream_compat, ..Default::default() });
        let mut watcher = stage.member(Via::Json, "watcher", &["_command"]).await;
        let mut ada = stage.stranger(Via::Tcp);
        for (id, kind, field) in
            [("reg", "REGISTER", "NAME"), ("join", "JOINROOM", "ROOM"), ("leave", "LEAVEROOM", "ROOM")]
        {
            let kind = format!("COMMAND/{kind}");
            ada.say(json!({"ID": id, "TYPE": kind, field: "x", "TO_ROOM": "_command"})).await;
        }
        assert_eq!(watcher.heard().await, echo);
        ada.say(json!({"ID": "save", "TYPE": "COMMAND/SAVEMODELWEIGHTS", "TO_ROOM": "_command"})).await;
        assert_eq!(watcher.heard().await, ["save"]);
    }
}

/// R16: DISCONNECT closes and is told to nobody; whoever is gone, in whatever way, has no seat.
#[tokio::test(start_paused = true)]
async fn who_leaves_leaves_silently() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
        let mut bob = stage.member(via, "bob", &["lab"]).await;
        let cut = stage.member(via, "bob", &["lab"]).await;
        let severed = stage.member(via, "bob", &["lab"]).await;
        assert_eq!(stage.broker.connections(), 4);
        bob.say(json!({"ID": "bye", "TYPE": "COMMAND/DISCONNECT", "TO_ROOM": "lab", "TO": "ada"})).await;
        drop(cut);
        severed.wire.sever();
        assert!(bob.heard().await.is_empty());
        assert!(bob.wire.has_ended());
        assert_eq!(bob.farewell.as_ref().map(|(code, _)| *code), (via != Via::Tcp).then_some(1000));
        drop(bob);
        assert!(ada.heard().await.is_empty());
        assert_eq!(stage.broker.connections(), 1);
        ada.say(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": "bob", "ACK": true})).await;
        assert_eq!(ada.hear().await[0]["RECEIVERS"], 0);
    }
}

/// R41: messages of one sender reach each receiver in sending order, whichever way they go.
#[tokio::test(start_paused = true)]
async fn one_senders_messages_arrive_in_order() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &[]).await;
        let mut listeners = Vec::new();
        for other in ALL {
            listeners.push(stage.member(other, "bob", &["lab", "hall"]).await);
        }
        let mut sent = Vec::new();
        for number in 0..300 {
            let id = number.to_string();
            match number % 3 {
                0 => ada.tell_room("lab", &id).await,
                1 => ada.tell_member("bob", &id).await,
                _ => ada.tell_room("hall", &id).await,
            }
            sent.push(id);
        }
        for listener in &mut listeners {
            assert_eq!(listener.heard().await, sent);
        }
    }
}

/// R41: all members of one codec hear a room's messages in one order, whoever sent them.
#[tokio::test]
async fn a_room_has_one_order() {
    let stage = Stage::new();
    let mut listeners = [stage.stranger(Via::Json), stage.stranger(Via::Tcp), stage.stranger(Via::Json)];
    for listener in &mut listeners {
        listener.enter("listener", &["lab"]).await;
        listener.say(json!({"ID": "ready", "TYPE": "DATA/TEXT", "TO": "listener"})).await;
        while listener.next().await.unwrap()["ID"] != "ready" {}
    }
    let speakers: Vec<_> = ["ada", "bob", "cyd"]
        .into_iter()
        .map(|name| {
            let mut speaker = stage.stranger(Via::Json);
            tokio::spawn(async move {
                speaker.enter(name, &[]).await;
                for number in 0..100 {
                    speaker.tell_room("lab", &format!("{name}{number}")).await;
                    tokio::task::yield_now().await;
                }
                speaker
            })
        })
        .collect();
    let mut orders = Vec::new();
    for listener in &mut listeners {
        let mut order = Vec::new();
        while order.len() < 300 {
            let message = listener.next().await.unwrap();
            if message["TO_ROOM"] == "lab" {
                order.push(message["ID"].clone());
            }
        }
        orders.push(order);
    }
    assert_eq!(orders[0], orders[1]);
    assert_eq!(orders[0], orders[2]);
    for speaker in speakers {
        speaker.await.unwrap();
    }
}

/// R1, R42: a signed message is forwarded byte for byte, an unsigned one with SENT_BY as its last key.
#[tokio::test(start_paused = true)]
async fn what_is_not_ours_is_not_touched() {
    let signed = "{ \"TO_ROOM\":\"lab\", \"TYPE\" : \"DATA/TEXT\",\"SENT_BY\":\"someone\",\"x\":[1.0,1e2,{\"ü\":null}]}";
    let unsigned = "{ \"TO_ROOM\":\"lab\", \"TYPE\" : \"DATA/TEXT\",\"odd\":[1.0,1e2,{\"ü\":null}] }";
    for (from, to) in [(Via::Json, Via::Json), (Via::Tcp, Via::Json), (Via::Json, Via::Tcp)] {
        let stage = Stage::new();
        let mut ada = stage.member(from, "ada", &[]).await;
        let mut bob = stage.member(to, "bob", &["lab"]).await;
        for text in [signed, unsigned] {
            ada.say_frame(&swergio_proto::Frame::json(text)).await;
        }
        let heard = bob.frames().await;
        assert_eq!(heard[0].bytes(), signed);
        let spliced = String::from_utf8(heard[1].bytes().to_vec()).unwrap();
        assert_eq!(
            spliced.split_once(", \"SENT_BY\": \"ada\"}").unwrap().0.trim_end(),
            unsigned.trim_end_matches(" }")
        );
    }
}

/// R2, R4: any kind is forwarded, and what the components mean by ID, ROOT_ID and MODEL_STATUS is theirs.
#[tokio::test(start_paused = true)]
async fn unknown_kinds_and_odd_fields_are_forwarded() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    ada.say(json!({"ID": 7, "TYPE": "ODD/KIND", "TO_ROOM": "lab", "ROOT_ID": [1], "MODEL_STATUS": "x"}))
        .await;
    let heard = bob.hear().await;
    assert_eq!(
        heard[0],
        json!({"ID": 7, "TYPE": "ODD/KIND", "TO_ROOM": "lab", "ROOT_ID": [1], "MODEL_STATUS": "x", "SENT_BY": "ada"})
    );
}

/// R3: of a key that occurs twice the last value counts.
#[tokio::test(start_paused = true)]
async fn the_last_of_two_values_counts() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let text = r#"{"TYPE":"X","TO_ROOM":"hall","ID":"m","TYPE":"DATA/TEXT","TO_ROOM":"lab"}"#;
    ada.say_frame(&swergio_proto::Frame::json(text)).await;
    assert_eq!(bob.heard().await, ["m"]);
}
