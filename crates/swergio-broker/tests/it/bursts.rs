//! Bursts: many messages in one segment, which the broker gathers; nobody can tell but by the time it takes.

use serde_json::{Value, json};
use swergio_broker::Config;
use swergio_proto::{Frame, Limits, transcode};

use crate::stage::{ALL, Member, Stage, Via, label};

/// Sends messages so that they arrive together.
async fn say_at_once(member: &mut Member, messages: &[Value]) {
    let codec = member.codec();
    let mut bytes = Vec::new();
    for message in messages {
        let frame = transcode(&Frame::json(message.to_string()), codec, 64).unwrap();
        bytes.extend(member.spell(&frame));
    }
    member.wire.send(&bytes).await;
}

fn text(id: &str, to: &str, name: &str) -> Value {
    json!({"ID": id, "TYPE": "DATA/TEXT", to: name, "DATA": "x".repeat(id.len() * 50)})
}

/// R41: messages reach each receiver in sending order, whatever they speak and whatever comes in between.
#[tokio::test(start_paused = true)]
async fn a_burst_is_heard_in_order_by_all_whatever_comes_in_between() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &["lab"]).await;
        let mut others = Vec::new();
        for other in ALL {
            others.push(stage.member(other, "bob", &["lab", "hall"]).await);
        }
        let mut asks = text("5", "TO_ROOM", "lab");
        asks["ACK"] = json!(true);
        let mut signed = text("3333", "TO_ROOM", "lab");
        signed["SENT_BY"] = json!("somebody");
        let burst = [
            text("1", "TO_ROOM", "lab"),
            text("22", "TO_ROOM", "lab"),
            signed,
            text("4", "TO", "bob"),
            json!({"ID": "wrong", "TYPE": 7}),
            asks,
            text("6", "TO_ROOM", "hall"),
            json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "hall"}),
            text("7", "TO", "ada"),
            text("8", "TO_ROOM", "hall"),
            json!({"ID": "9", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": "bob"}),
            json!({"ID": "big", "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": "x".repeat(30_000)}),
            text("10", "TO_ROOM", "lab"),
        ];
        say_at_once(&mut ada, &burst).await;
        for other in &mut others {
            let heard = other.hear().await;
            let ids: Vec<String> = heard.iter().map(label).collect();
            assert_eq!(ids, ["1", "22", "3333", "4", "5", "6", "8", "9", "9", "big", "10"], "from {via:?}");
            let signers: Vec<&str> =
                heard.iter().map(|message| message["SENT_BY"].as_str().unwrap()).collect();
            assert_eq!((signers[1], signers[2], signers[9]), ("ada", "somebody", "ada"));
            assert_eq!(heard[9]["DATA"].as_str().unwrap().len(), 30_000);
            assert_eq!(heard[1]["DATA"].as_str().unwrap().len(), 100);
        }
        let told = if via == Via::Tcp { vec!["7"] } else { vec!["COMMAND/ERROR", "COMMAND/ACK", "7"] };
        assert_eq!(ada.heard().await, told);
    }
}

/// R16: what was said before a goodbye in the same segment is delivered.
#[tokio::test(start_paused = true)]
async fn a_burst_that_ends_with_a_goodbye_is_delivered() {
    for via in ALL {
        let stage = Stage::new();
        let mut ada = stage.member(via, "ada", &[]).await;
        let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
        let burst = [
            text("1", "TO_ROOM", "lab"),
            text("2", "TO_ROOM", "lab"),
            json!({"TYPE": "COMMAND/DISCONNECT"}),
            text("3", "TO_ROOM", "lab"),
        ];
        say_at_once(&mut ada, &burst).await;
        assert_eq!(bob.heard().await, ["1", "2"]);
    }
}

/// R33: of a burst, what fits into a receiver's header reaches it, and all of it reaches the others.
#[tokio::test(start_paused = true)]
async fn only_what_fits_a_header_of_a_burst_reaches_upstreams_clients() {
    let stage = Stage::with(Config { header_length: 2, ..Config::default() });
    let mut tcp = stage.stranger(Via::Tcp);
    tcp.enter("tcp", &["lab"]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let message = |id: &str, data: &str| json!({"ID": id, "TYPE": "X", "TO_ROOM": "lab", "D": data});
    let long = "x".repeat(200);
    let burst = [message("1", ""), message("2", &long), message("3", "")];
    for mut sender in
        [stage.member(Via::Json, "ada", &[]).await, stage.member(Via::MsgPack, "eve", &[]).await]
    {
        say_at_once(&mut sender, &burst).await;
        assert_eq!(tcp.heard().await, ["1", "3"]);
        assert_eq!(bob.heard().await, ["1", "2", "3"]);
    }
    say_at_once(&mut tcp, &[message("a", ""), message("b", &"y".repeat(20)), message("c", "")]).await;
    assert_eq!(bob.heard().await, ["a", "b", "c"]);
}

/// R43: a receiver is slow by the frames that wait, not by how they were gathered.
#[tokio::test(start_paused = true)]
async fn a_burst_counts_as_its_frames_against_a_slow_reader() {
    let limits = Limits { outbox_frames: 8, ..Limits::default() };
    let stage = Stage::with(crate::stage::within(limits));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    let burst: Vec<Value> = (1..=8).map(|id| text(&id.to_string(), "TO_ROOM", "lab")).collect();
    say_at_once(&mut ada, &burst).await;
    assert_eq!(bob.heard().await.len(), 8);
    let burst: Vec<Value> = (1..=9).map(|id| text(&id.to_string(), "TO_ROOM", "lab")).collect();
    say_at_once(&mut ada, &burst).await;
    assert_eq!(bob.close_code().await, Some(4000));
}
