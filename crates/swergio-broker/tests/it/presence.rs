//! Presence: `_presence` is told who comes and goes.

use serde_json::{Value, json};

use crate::stage::{ALL, Member, Stage, Via};

/// Waits for what `_presence` was told, as `STATE NAME ROOM`; a connection itself has no room.
async fn told(watcher: &mut Member) -> Vec<String> {
    let heard = watcher.hear().await;
    assert!(heard.iter().all(|message| message["TYPE"] == "COMMAND/PRESENCE"), "{heard:?}");
    heard.iter().map(shown).collect()
}

fn shown(message: &Value) -> String {
    let text = |key: &str| message[key].as_str().unwrap_or("-").to_owned();
    format!("{} {} {}", text("STATE"), text("NAME"), text("ROOM"))
}

async fn watcher(stage: &Stage, via: Via) -> Member {
    let mut watcher = stage.stranger(via);
    watcher.enter("watcher", &["_presence"]).await;
    let heard = watcher.heard().await;
    assert_eq!(heard[0], "COMMAND/WELCOME");
    watcher
}

/// R55: who comes, joins, leaves and goes is told, with a session that tells two of one name apart.
#[tokio::test(start_paused = true)]
async fn comings_and_goings_are_told() {
    for (via, other) in [(Via::Json, Via::MsgPack), (Via::MsgPack, Via::Tcp), (Via::Json, Via::Tcp)] {
        let stage = Stage::new();
        let mut watcher = watcher(&stage, via).await;
        let mut ada = stage.member(other, "ada", &["lab", "hall"]).await;
        assert_eq!(told(&mut watcher).await, ["joined ada -", "joined ada lab", "joined ada hall"]);
        ada.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "lab"})).await;
        ada.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "lab"})).await;
        assert_eq!(told(&mut watcher).await, ["left ada lab"]);
        drop(ada);
        assert_eq!(told(&mut watcher).await, ["left ada hall", "left ada -"]);
    }
}

/// R55: on joining one is first told who is there, in which rooms, oneself included.
#[tokio::test(start_paused = true)]
async fn a_newcomer_is_told_who_is_there() {
    let stage = Stage::new();
    let _ada = stage.member(Via::Tcp, "ada", &["lab"]).await;
    let _bob = stage.member(Via::MsgPack, "bob", &["lab", "hall"]).await;
    let _stranger = stage.stranger(Via::Json);
    let mut watcher = stage.stranger(Via::Json);
    watcher.enter("watcher", &[]).await;
    watcher.heard().await;
    watcher.say(json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_presence"})).await;
    let mut there = told(&mut watcher).await;
    there.sort();
    there.dedup();
    let expected = [
        "joined ada -",
        "joined ada lab",
        "joined bob -",
        "joined bob hall",
        "joined bob lab",
        "joined watcher -",
        "joined watcher _presence",
    ];
    assert_eq!(there, expected);
}

/// R11, R55: a new name is told as a leaving under the old one and a coming under the new, rooms included.
#[tokio::test(start_paused = true)]
async fn a_new_name_is_told() {
    let stage = Stage::new();
    let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
    let mut watcher = watcher(&stage, Via::Json).await;
    watcher.heard().await;
    ada.enter("eve", &[]).await;
    let expected = ["left ada lab", "left ada -", "joined eve -", "joined eve lab"];
    assert_eq!(told(&mut watcher).await, expected);
    ada.enter("eve", &[]).await;
    assert!(told(&mut watcher).await.is_empty(), "the same name again changes nothing");
}

/// R12, R55: two members of one name have two sessions; each leaves with its own.
#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_told_apart() {
    let stage = Stage::new();
    let mut watcher = watcher(&stage, Via::Json).await;
    let first = stage.member(Via::Json, "twin", &["lab"]).await;
    let _second = stage.member(Via::Json, "twin", &["lab"]).await;
    let came = watcher.hear().await;
    let sessions: Vec<&Value> = came.iter().map(|message| &message["SESSION"]).collect();
    assert!(sessions[0] == sessions[1] && sessions[2] == sessions[3] && sessions[0] != sessions[2]);
    drop(first);
    let went = watcher.hear().await;
    assert_eq!(went.len(), 2);
    assert!(went.iter().all(|message| message["SESSION"] == *sessions[0] && message["STATE"] == "left"));
}

/// R32, R55: a watcher on TCP framing is told nothing, and is a member of `_presence` all the same.
#[tokio::test(start_paused = true)]
async fn on_tcp_framing_nothing_is_told() {
    let stage = Stage::new();
    let mut watcher = stage.member(Via::Tcp, "watcher", &["_presence"]).await;
    let mut ada = stage.member(Via::Json, "ada", &["lab"]).await;
    assert!(watcher.heard().await.is_empty());
    ada.tell_room("_presence", "an ordinary message").await;
    assert_eq!(watcher.heard().await, ["an ordinary message"]);
}

/// R55: who has left `_presence` is told nothing more; nobody else ever is.
#[tokio::test(start_paused = true)]
async fn only_watchers_are_told() {
    for via in ALL {
        let stage = Stage::new();
        let mut bob = stage.member(via, "bob", &["lab", "_command"]).await;
        let mut watcher = watcher(&stage, Via::Json).await;
        watcher.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "_presence"})).await;
        watcher.heard().await;
        let _ada = stage.member(Via::Json, "ada", &["lab"]).await;
        assert!(watcher.heard().await.is_empty());
        assert!(bob.heard().await.is_empty());
    }
}
