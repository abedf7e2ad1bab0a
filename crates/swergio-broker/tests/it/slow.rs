//! Slow: one who does not read holds up nobody, and is closed when its outbox is full.

use serde_json::json;
use swergio_proto::Limits;

use crate::stage::{Member, Stage, Via, settle, within};

/// Bytes that the stream of a stopped reader holds.
const PIPE: usize = 1024;

/// Connects somebody who registers, joins, and reads nothing.
async fn stopped(stage: &Stage, via: Via, room: &str) -> Member {
    let mut member = stage.stalled(via, PIPE);
    member.enter("stopped", &[room]).await;
    settle().await;
    member
}

/// R43, R44: 50 in a room, one of them stopped: the others hear everything in order, it is closed with 4000.
#[tokio::test(start_paused = true)]
async fn one_stopped_reader_among_fifty_is_closed_and_the_others_lose_nothing() {
    for via in [Via::Json, Via::Tcp] {
        let stage = Stage::with(within(Limits { outbox_frames: 100, ..Limits::default() }));
        let mut ada = stage.member(Via::Json, "ada", &[]).await;
        let mut stopped = stopped(&stage, via, "lab").await;
        let mut others = Vec::new();
        for _ in 0..49 {
            others.push(stage.member(Via::Json, "other", &["lab"]).await);
        }
        let mut sent = Vec::new();
        for number in 0..400 {
            sent.push(number.to_string());
            ada.tell_room("lab", &sent[number]).await;
            // Everybody has a turn before as many as an outbox holds are under way.
            if number % 50 == 0 {
                settle().await;
            }
        }
        for other in &mut others {
            assert_eq!(other.heard().await, sent);
        }
        assert!(ada.heard().await.is_empty());

        stopped.wire.resume();
        let heard: Vec<_> =
            stopped.heard().await.into_iter().filter(|label| label != "COMMAND/WELCOME").collect();
        assert!(!heard.is_empty() && heard.len() < 100, "{}", heard.len());
        assert_eq!(heard, sent[..heard.len()], "what it did hear came whole and in order");
        assert!(stopped.wire.has_ended());
        if via == Via::Json {
            assert_eq!(stopped.close_code().await, Some(4000));
        }
        drop(stopped);
        settle().await;
        assert_eq!(stage.broker.connections(), 50);
    }
}

/// R43: within its bound a reader may be as slow as it likes: it loses nothing.
#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_loses_nothing() {
    let stage = Stage::with(within(Limits { outbox_frames: 100, ..Limits::default() }));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut slow = stopped(&stage, Via::Json, "lab").await;
    let sent: Vec<String> = (0..99).map(|number| number.to_string()).collect();
    for id in &sent {
        ada.tell_room("lab", id).await;
    }
    settle().await;
    slow.wire.resume();
    assert_eq!(slow.heard().await[1..], sent);
    ada.tell_room("lab", "and more").await;
    assert_eq!(slow.heard().await, ["and more"]);
}

/// R43: an outbox has a bound in bytes too; one message may always wait, whatever its size.
#[tokio::test(start_paused = true)]
async fn an_outbox_is_bounded_in_bytes() {
    let stage = Stage::with(within(Limits { outbox_bytes: 100_000, ..Limits::default() }));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut bob = stage.member(Via::Json, "bob", &["lab"]).await;
    ada.say(load("lab", "large", 500_000)).await;
    assert_eq!(bob.heard().await, ["large"]);

    let mut stopped = stopped(&stage, Via::Json, "lab").await;
    for number in 0..20 {
        ada.say(load("lab", &number.to_string(), 10_000)).await;
    }
    settle().await;
    assert_eq!(bob.heard().await.len(), 20);
    stopped.wire.resume();
    assert_eq!(stopped.close_code().await, Some(4000));
}

/// R44: a stopped reader holds up neither newcomers, nor direct messages, nor itself as a sender.
#[tokio::test(start_paused = true)]
async fn a_stopped_reader_is_in_nobodys_way() {
    let stage = Stage::new();
    let mut stopped = stopped(&stage, Via::Json, "lab").await;
    let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
    for number in 0..1000 {
        ada.tell_room("lab", &number.to_string()).await;
        ada.tell_member("stopped", &number.to_string()).await;
    }
    let mut bob = stage.member(Via::Tcp, "bob", &["lab"]).await;
    ada.tell_room("lab", "hi").await;
    assert_eq!(bob.heard().await, ["hi"]);
    for number in 0..1000 {
        stopped.tell_member("stopped", &number.to_string()).await;
    }
    stopped.tell_room("lab", "I can speak").await;
    assert_eq!(bob.heard().await, ["I can speak"]);
    assert_eq!(ada.heard().await, ["I can speak"]);
}

/// R43: when all outboxes together are over their bound, the one with the most waiting is closed, and only that.
#[tokio::test(start_paused = true)]
async fn when_all_together_is_too_much_the_one_with_the_most_is_closed() {
    let stage = Stage::with(within(Limits { outboxes_bytes: 200_000, ..Limits::default() }));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let mut most = stopped(&stage, Via::Json, "most").await;
    let mut some = stopped(&stage, Via::Json, "some").await;
    let mut little = stopped(&stage, Via::Json, "little").await;
    for (room, messages) in [("most", 100), ("some", 60), ("little", 20)] {
        for number in 0..messages {
            ada.say(load(room, &number.to_string(), 1000)).await;
            settle().await;
        }
    }
    ada.say(load("little", "one too many", 30_000)).await;
    settle().await;
    for member in [&mut most, &mut some, &mut little] {
        member.wire.resume();
    }
    assert_eq!(most.close_code().await, Some(4000));
    assert_eq!(some.heard().await.len(), 61);
    assert_eq!(little.heard().await.len(), 22);
    assert!(!some.wire.has_ended() && !little.wire.has_ended());
}

fn load(room: &str, id: &str, bytes: usize) -> serde_json::Value {
    json!({"ID": id, "TYPE": "X", "TO_ROOM": room, "DATA": "x".repeat(bytes)})
}

/// R43: a closed reader may come back, under the same name, to the same room.
#[tokio::test(start_paused = true)]
async fn who_was_closed_may_come_back() {
    let stage = Stage::with(within(Limits { outbox_frames: 10, ..Limits::default() }));
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    let gone = stopped(&stage, Via::Json, "lab").await;
    for number in 0..50 {
        ada.tell_room("lab", &number.to_string()).await;
    }
    settle().await;
    let mut back = stage.member(Via::Json, "stopped", &["lab"]).await;
    ada.say(json!({"ID": "m", "TYPE": "X", "TO_ROOM": "lab", "TO": "stopped", "ACK": true})).await;
    assert_eq!(back.heard().await, ["m", "m"]);
    assert_eq!(ada.hear().await[0]["RECEIVERS"], 2, "the one that was closed is no member any more");
    drop(gone);
}

/// R44: a sender that never pauses leaves its readers their turn, however large its messages.
#[tokio::test(start_paused = true)]
async fn a_burst_of_large_messages_closes_nobody_who_reads() {
    let stage = Stage::with(within(Limits { outbox_bytes: 4_000_000, ..Limits::default() }));
    for via in [Via::Tcp, Via::Json] {
        let (wire, far) = crate::stage::Wire::stalled_pair(64 << 20);
        stage.seat(via, swergio_proto::Grant::open(), far);
        let mut ada = Member::new(wire, via, 10);
        let (wire, far) = crate::stage::Wire::pair_holding(64 << 20);
        stage.seat(Via::Json, swergio_proto::Grant::open(), far);
        let mut bob = Member::new(wire, Via::Json, 10);
        bob.enter("bob", &["lab"]).await;
        assert_eq!(bob.heard().await, ["COMMAND/WELCOME"]);
        ada.enter("ada", &[]).await;
        for number in 0..100 {
            ada.say(load("lab", &number.to_string(), 200_000)).await;
        }
        assert_eq!(bob.heard().await.len(), 100, "{via:?}");
    }
}
