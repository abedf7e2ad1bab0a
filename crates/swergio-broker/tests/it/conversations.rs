//! Conversations: what the published Python server was recorded doing, replayed over streams in memory.

mod replay;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use swergio_broker::Config;
use swergio_testkit::vectors::{Conversation, Verdict, read_all};

use replay::{Manner, Replay};
use table::{ROWS, Row};

use crate::stage::{Stage, Via};

const VECTORS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../swergio-proto/tests/data/conversations/server");
const NORM: &str = include_str!("../../../../docs/PROTOCOL.md");
const HEADING: &str = "## 9. Where upstream stumbles";

/// Reads the conversations that raw connections have with a server.
fn conversations() -> Vec<Conversation> {
    let mut all = read_all(Path::new(VECTORS));
    all.retain(|conversation| conversation.kind == "server");
    all
}

/// Sets a broker up as the recorded server was.
fn config(conversation: &Conversation, upstream_compat: bool) -> Config {
    Config {
        header_length: conversation.server["header_length"].as_u64().unwrap() as u8,
        log_room: conversation.server["enable_logging"].as_bool().unwrap(),
        upstream_compat,
        ..Config::default()
    }
}

fn row(conversation: &Conversation) -> &'static Row {
    let mut rows = ROWS.iter().filter(|row| row.name == conversation.scenario);
    rows.next().unwrap_or_else(|| panic!("{} has no row in the table", conversation.scenario))
}

/// R15, R40, R41, R42: what upstream does well is copied byte for byte, headers included, in upstream's way.
#[tokio::test(start_paused = true)]
async fn what_upstream_does_well_is_copied_byte_for_byte() {
    let mut played = 0;
    for conversation in conversations().iter().filter(|conversation| conversation.upstream == Verdict::Ok) {
        let replay = Replay::new(config(conversation, true), Manner::Exact).await;
        replay.play(conversation).await;
        played += 1;
    }
    assert_eq!(played, 44);
}

/// R15, R41: what two published Python clients say to each other is heard by a third, byte for byte.
#[tokio::test(start_paused = true)]
async fn hello_world_is_heard_byte_for_byte() {
    let all = read_all(Path::new(VECTORS));
    let hello = all.iter().find(|conversation| conversation.kind == "system").unwrap();
    let stage = Stage::with(Config { upstream_compat: true, ..Config::default() });
    let mut watcher = stage.member(Via::Tcp, "w", &["_command", "galactic_chat"]).await;
    let mut speakers = BTreeMap::new();
    for step in &hello.steps {
        let mut message = step["expect"].clone();
        let name = message.as_object_mut().unwrap().remove("SENT_BY").unwrap().to_string();
        let speaker = speakers.entry(name).or_insert_with(|| stage.stranger(Via::Tcp));
        speaker.say(message).await;
        let heard = watcher.frames().await;
        let body = String::from_utf8(heard[0].bytes().to_vec()).unwrap();
        assert_eq!(format!("{:<10}{body}", body.len()), step["frame"].as_str().unwrap());
        assert_eq!(heard.len(), 1);
    }
    assert_eq!(speakers.len(), 2);
}

/// R15, R42: in our own way the same is said, key by key; only the echo of control messages is left out.
#[tokio::test(start_paused = true)]
async fn in_our_own_way_the_same_is_said_without_the_echo() {
    for conversation in conversations().iter().filter(|conversation| conversation.upstream == Verdict::Ok) {
        let replay = Replay::new(config(conversation, false), Manner::WithoutEcho).await;
        replay.play(conversation).await;
    }
}

/// R5, R14, R31, R32, R44: where upstream stumbles ours does what its table says, and nobody else notices.
#[tokio::test(start_paused = true)]
async fn where_upstream_stumbles_ours_does_what_the_table_says() {
    for conversation in conversations().iter().filter(|conversation| conversation.upstream != Verdict::Ok) {
        let row = row(conversation);
        for upstream_compat in [false, true] {
            let replay = Replay::new(config(conversation, upstream_compat), Manner::Free).await;
            let outcome = replay.play(conversation).await;
            let way = if upstream_compat { "in upstream's way" } else { "in our own way" };
            assert_eq!(outcome.heard, row.heard(upstream_compat), "{}, {way}: heard", row.name);
            assert_eq!(outcome.closed, row.closed, "{}, {way}: closed", row.name);
        }
    }
}

/// The norm's table is the one that is tested: neither can be changed without the other.
#[test]
fn the_norm_shows_the_table_that_is_tested() {
    let (_, section) = NORM.split_once(HEADING).expect("the norm has the section");
    let shown: BTreeSet<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let tested: BTreeSet<String> = ROWS.iter().map(Row::markdown).collect();
    let tested: BTreeSet<&str> = tested.iter().map(String::as_str).collect();
    assert_eq!(shown, tested);
}

/// The table has a row for each conversation in which upstream stumbles, and no other.
#[test]
fn the_table_is_complete() {
    let all = conversations();
    let stumbles = all.iter().filter(|conversation| conversation.upstream != Verdict::Ok);
    let recorded: BTreeSet<&str> = stumbles.map(|conversation| conversation.scenario.as_str()).collect();
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.name).collect();
    assert_eq!(rows, recorded);
    assert_eq!(ROWS.len(), rows.len());
}
