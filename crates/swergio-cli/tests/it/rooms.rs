//! Rooms tells who sits where, and who comes and goes.

use serde_json::{Value, json};
use swergio_broker::Guard;

use crate::stage::{SECRET, Stage};

#[tokio::test]
async fn the_table_counts_shared_names() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let _bobs = (stage.component("bob", "lab").await, stage.component("bob", "lab").await);
    ada.join("hall").await.unwrap();
    ada.settle().await.unwrap();
    let ended = stage.run(&["rooms"]).await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.out, "ROOM      MEMBERS\n_command  ada, bob ×2\nhall      ada\nlab       ada, bob ×2\n");
}

#[tokio::test]
async fn in_json_it_is_one_object() {
    let stage = Stage::open().await;
    let ended = stage.run(&["rooms"]).await;
    assert_eq!(ended.out, "nobody is there\n");
    let ada = stage.component("ada", "lab").await;
    ada.leave("_command").await.unwrap();
    let bob = stage.component("bob", "_command").await;
    bob.leave("_command").await.unwrap();
    ada.settle().await.unwrap();
    bob.settle().await.unwrap();
    let ended = stage.run(&["rooms", "--json"]).await;
    let seen: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(seen, json!({"rooms": {"lab": {"ada": 1}}, "nowhere": {"bob": 1}}));
}

/// A broker with more seats than a stream of messages holds by default is told of in full.
#[tokio::test]
async fn nobody_is_left_out_of_a_full_house() {
    const ROOMS: usize = 1000;
    let stage = Stage::open().await;
    let (ada, bob) = (stage.component("ada", "lab").await, stage.component("bob", "lab").await);
    for room in 0..ROOMS {
        ada.join(format!("room {room}")).await.unwrap();
        bob.join(format!("room {room}")).await.unwrap();
    }
    ada.settle().await.unwrap();
    bob.settle().await.unwrap();
    let ended = stage.run(&["rooms"]).await;
    assert_eq!(ended.out.lines().filter(|line| line.ends_with("  ada, bob")).count(), ROOMS + 2);
}

#[tokio::test]
async fn a_watcher_is_told_who_comes_and_goes() {
    let stage = Stage::open().await;
    let ada = stage.component("ada", "lab").await;
    let mut watch = stage.start(&["rooms", "--watch"]);
    let table = [watch.line().await, watch.line().await, watch.line().await];
    assert_eq!(table, ["ROOM      MEMBERS", "_command  ada", "lab       ada"]);
    ada.leave("lab").await.unwrap();
    let moved = watch.line().await;
    assert!(moved.ends_with(" - ada left lab"), "{moved}");
    watch.signal("INT").await;
    assert_eq!(watch.end().await.0, Some(0));
}

#[tokio::test]
async fn after_the_link_broke_all_is_told_anew() {
    let stage = Stage::open().await;
    let mut watch = stage.start(&["rooms", "--watch", "--json"]);
    let empty = json!({"rooms": {}, "nowhere": {}});
    assert_eq!(serde_json::from_str::<Value>(&watch.line().await).unwrap(), empty);
    stage.broker.shutdown().await;
    watch.noted("rooms: cut off").await;

    let stage = Stage::at(&stage.address, Guard::Open).await;
    assert_eq!(serde_json::from_str::<Value>(&watch.line().await).unwrap(), empty);
    let _ada = stage.component("ada", "lab").await;
    let moved: Value = serde_json::from_str(&watch.line().await).unwrap();
    assert_eq!((&moved["NAME"], &moved["STATE"], moved.get("ROOM")), (&json!("ada"), &json!("joined"), None));
}

#[tokio::test]
async fn without_a_grant_it_says_so() {
    let stage = Stage::guarded(r#""join": ["lab"]"#).await;
    let ended = stage.run(&["rooms", "--token", SECRET]).await;
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.notes.contains("_presence"), "{}", ended.notes);
}
