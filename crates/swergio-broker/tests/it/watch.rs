//! Watch: `_watch` is told who sends how much where, and shown some of it.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use swergio_proto::Limits;
use tokio::time::sleep;

use crate::stage::{Member, Stage, Via, settle, within};

/// Lets one tick go by and takes what it told.
async fn tick(viewer: &mut Member) -> Vec<Value> {
    sleep(Duration::from_millis(250)).await;
    viewer.hear().await
}

async fn viewer(stage: &Stage, via: Via) -> Member {
    let mut viewer = stage.member(via, "viewer", &["_watch"]).await;
    tick(&mut viewer).await;
    viewer
}

fn of<'h>(heard: &'h [Value], kind: &str) -> Vec<&'h Value> {
    heard.iter().filter(|message| message["TYPE"] == kind).collect()
}

/// R56, R57: what goes from whom to where is counted by kind, and the messages themselves are shown.
#[tokio::test(start_paused = true)]
async fn all_messages_are_counted_and_shown() {
    for (via, other) in [(Via::Json, Via::Tcp), (Via::MsgPack, Via::Json), (Via::Json, Via::MsgPack)] {
        let stage = Stage::new();
        let mut viewer = viewer(&stage, via).await;
        let mut ada = stage.member(other, "ada", &[]).await;
        ada.say(json!({"TYPE": "DATA/FORWARD", "ID": "i", "ROOT_ID": "i", "TO_ROOM": "lab", "DATA": [[1.0, 3.0]]})).await;
        ada.say(json!({"TYPE": "DATA/FORWARD", "ID": "j", "ROOT_ID": "i", "TO_ROOM": "lab", "DATA": [[2.0, 2.0]]})).await;
        ada.say(json!({"TYPE": "DATA/TEXT", "ID": "k", "TO": "bob", "DATA": "hi"})).await;

        let heard = tick(&mut viewer).await;
        let traffic = of(&heard, "LOG/TRAFFIC")[0];
        let flows = traffic["FLOWS"].as_array().unwrap();
        assert_eq!(flows.len(), 2);
        let lab = &flows[0];
        assert_eq!(
            [&lab["FROM"], &lab["TO_ROOM"], &lab["KIND"], &lab["MESSAGES"]],
            [&json!("ada"), &json!("lab"), &json!("DATA/FORWARD"), &json!(2)]
        );
        assert_eq!([&flows[1]["TO"], &flows[1]["MESSAGES"]], [&json!("bob"), &json!(1)]);

        let shown = of(&heard, "LOG/SAMPLE");
        let ids: Vec<&Value> = shown.iter().map(|sample| &sample["MESSAGE"]["ID"]).collect();
        assert_eq!(ids, ["i", "j", "k"]);
        assert_eq!(shown[0]["MESSAGE"]["SENT_BY"], "ada");
        assert_eq!(shown[0]["MESSAGE"]["DATA"], json!([[1.0, 3.0]]));
        assert_eq!(shown[0]["SUMMARY"][""]["mean"], 2.0);
        assert_eq!(shown[0]["SUMMARY"][""]["shape"], json!([1, 2]));
        assert!(of(&tick(&mut viewer).await, "LOG/SAMPLE").is_empty(), "each is shown once");
    }
}

/// R57: of many passes a share is shown, each of these whole; KPIs are all shown.
#[tokio::test(start_paused = true)]
async fn a_pass_is_shown_whole_or_not_at_all() {
    let stage = Stage::with(within(Limits { watch_samples: 100, ..Limits::default() }));
    let mut viewer = viewer(&stage, Via::MsgPack).await;
    let mut ada = stage.member(Via::MsgPack, "ada", &[]).await;
    let mut seen: HashMap<String, usize> = HashMap::new();
    for round in 0..20 {
        for pass in 0..40 {
            let root = format!("{round}-{pass}");
            for kind in ["DATA/FORWARD", "DATA/FORWARD", "DATA/GRADIENT"] {
                ada.say(json!({"TYPE": kind, "ID": "x", "ROOT_ID": root, "TO_ROOM": "lab", "DATA": 1.0}))
                    .await;
            }
        }
        ada.say(json!({"TYPE": "LOG/KPI", "TO_ROOM": "kpi", "KPI": "loss", "VALUE": 1.0})).await;
        let heard = tick(&mut viewer).await;
        let (kpis, passes): (Vec<_>, Vec<_>) =
            of(&heard, "LOG/SAMPLE").into_iter().partition(|sample| sample["MESSAGE"]["TYPE"] == "LOG/KPI");
        let traffic = of(&heard, "LOG/TRAFFIC")[0];
        let total: u64 =
            traffic["FLOWS"].as_array().unwrap().iter().map(|flow| flow["MESSAGES"].as_u64().unwrap()).sum();
        assert_eq!(total, 121);
        // The first tick finds out how much there is.
        if round > 0 {
            assert_eq!((kpis.len(), traffic["MISSED"].as_u64()), (1, Some(0)));
            assert!(passes.len() < 100);
            for sample in passes {
                *seen.entry(sample["MESSAGE"]["ROOT_ID"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    assert!(seen.len() > 100, "some 40 % of 760 passes are shown, not {}", seen.len());
    assert!(seen.values().all(|messages| *messages == 3), "{seen:?}");
}

/// R58: a viewer that does not read loses the oldest, is told how many, and stays.
#[tokio::test(start_paused = true)]
async fn a_viewer_that_does_not_read_loses_the_oldest() {
    let stage = Stage::with(within(Limits { watch_bytes: 20_000, ..Limits::default() }));
    let mut stopped = stage.stalled(Via::Json, 4096);
    stopped.enter("viewer", &["_watch"]).await;
    settle().await;
    let mut ada = stage.member(Via::Json, "ada", &["hall"]).await;
    let mut bob = stage.member(Via::Json, "bob", &["hall"]).await;
    let data = "x".repeat(3000);
    for number in 0..400 {
        let id = number.to_string();
        ada.say(json!({"TYPE": "DATA/TEXT", "ID": id, "TO_ROOM": "hall", "DATA": data})).await;
        assert_eq!(bob.heard().await, [id], "others notice nothing");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(stage.broker.connections(), 3, "who only watches is not closed for being slow");
    stopped.wire.resume();
    let mut heard = Vec::new();
    for _ in 0..8 {
        heard.append(&mut tick(&mut stopped).await);
    }
    let gap = of(&heard, "COMMAND/GAP")[0];
    assert_eq!(gap["ROOM"], "_watch");
    let ticks: Vec<u64> =
        of(&heard, "LOG/TRAFFIC").iter().map(|told| told["TICK"].as_u64().unwrap()).collect();
    let (from, to) = (gap["FROM"].as_u64().unwrap(), gap["TO"].as_u64().unwrap());
    assert!(
        ticks.contains(&(from - 1)) && ticks.contains(&(to + 1)),
        "{from} to {to} are missing of {ticks:?}"
    );
    assert!(gap["COUNT"].as_u64().unwrap() > to - from, "samples and counts were lost");
    let last = of(&heard, "LOG/SAMPLE").last().unwrap()["MESSAGE"]["ID"].clone();
    assert_eq!(last, "399", "the newest is kept");
}

/// R32, R58: upstream's framing is told nothing; who leaves is told no more; who comes again is.
#[tokio::test(start_paused = true)]
async fn only_who_sits_there_is_told() {
    let stage = Stage::new();
    let mut upstream = stage.member(Via::Tcp, "upstream", &["_watch"]).await;
    let mut viewer = viewer(&stage, Via::Json).await;
    assert_eq!(of(&tick(&mut viewer).await, "LOG/TRAFFIC").len(), 1);
    viewer.say(json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "_watch"})).await;
    tick(&mut viewer).await;
    assert!(tick(&mut viewer).await.is_empty());
    viewer.say(json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_watch"})).await;
    tick(&mut viewer).await;
    assert_eq!(of(&tick(&mut viewer).await, "LOG/TRAFFIC").len(), 1);
    assert!(upstream.hear().await.is_empty());
}

/// R56: who does not read is named with what waits for it.
#[tokio::test(start_paused = true)]
async fn who_falls_behind_is_named() {
    let stage = Stage::new();
    let mut viewer = viewer(&stage, Via::Json).await;
    let mut stopped = stage.stalled(Via::Json, 1024);
    stopped.enter("stopped", &["lab"]).await;
    let mut ada = stage.member(Via::Json, "ada", &[]).await;
    for number in 0..200 {
        ada.tell_room("lab", &number.to_string()).await;
    }
    let heard = tick(&mut viewer).await;
    let slow = &of(&heard, "LOG/TRAFFIC")[0]["SLOW"][0];
    assert_eq!(slow["NAME"], "stopped");
    assert!(slow["FRAMES"].as_u64().unwrap() > 150, "{slow}");
}
