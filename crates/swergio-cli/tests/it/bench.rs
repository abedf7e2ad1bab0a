//! Bench measures a broker, and notices what is lost.

use std::collections::BTreeSet;

use serde_json::Value;
use swergio_broker::{Broker, Config, Guard, serve};
use swergio_proto::Limits;
use tokio::net::TcpListener;

use crate::stage::{Ended, Stage, in_time};

/// Runs a bench without a warm-up, and returns its end and its report.
async fn bench(stage: &Stage, words: &str) -> (Ended, Value) {
    let mut args = vec!["bench"];
    args.extend(words.split(' '));
    args.extend(["--warm-up", "0", "--json", "-"]);
    let ended = stage.run(&args).await;
    let report = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    (ended, report)
}

fn numbers(result: &Value, keys: [&str; 4]) -> [u64; 4] {
    keys.map(|key| result[key].as_u64().unwrap_or_else(|| panic!("{key} in {result}")))
}

#[tokio::test]
async fn every_delivery_is_counted() {
    let stage = Stage::open().await;
    let (ended, report) =
        bench(&stage, "rooms --rooms 3 --members 2 --messages 100 --codec json,msgpack").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let results = report["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let counts = numbers(result, ["sent", "deliveries", "lost", "out_of_order"]);
        assert_eq!(counts, [300, 600, 0, 0]);
        assert!(
            result["latency_us"]["p50"].as_f64().unwrap() <= result["latency_us"]["max"].as_f64().unwrap()
        );
    }
    assert!(ended.notes.contains("rooms 3 × 1→2 msgpack"), "the table is on standard error: {}", ended.notes);
}

#[tokio::test]
async fn a_round_trip_is_two_deliveries() {
    let stage = Stage::open().await;
    let (_, report) = bench(&stage, "round-trip --pairs 2 --messages 50 --size 4k").await;
    let result = &report["results"][0];
    assert_eq!(numbers(result, ["sent", "deliveries", "lost", "size"]), [100, 200, 0, 4096]);
    let (_, report) = bench(&stage, "round-trip --messages 50 --rate 2000").await;
    let result = &report["results"][0];
    assert_eq!(numbers(result, ["sent", "deliveries", "lost", "out_of_order"]), [50, 100, 0, 0]);
}

#[tokio::test]
async fn by_the_clock_it_tells_how_late_it_sent() {
    let stage = Stage::open().await;
    let (_, report) = bench(&stage, "fan-out --members 4 --messages 50 --rate 1000").await;
    let result = &report["results"][0];
    assert_eq!(numbers(result, ["sent", "deliveries", "lost", "receivers"]), [50, 200, 0, 4]);
    assert!(result["window"].is_null());
    assert!(result["late_us"]["p99"].as_f64().is_some());
    assert!(result["seconds"].as_f64().unwrap() >= 0.049, "50 messages at 1,000 a second take 49 ms");
}

/// A message that was sent late counts from when it was due: who waits behind a stall has waited, too.
#[tokio::test]
async fn latency_counts_from_when_a_message_was_due() {
    let stage = Stage::open().await;
    let (_, report) = bench(&stage, "one-to-one --messages 2000 --rate 1000000").await;
    let result = &report["results"][0];
    for part in ["p50", "p90", "p99", "p99_9", "max"] {
        let [latency, late] = ["latency_us", "late_us"].map(|key| result[key][part].as_f64().unwrap());
        assert!(latency >= 0.998 * late, "{part} of {result}");
    }
    assert!(result["late_us"]["max"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn idle_connections_are_reached_at_the_end() {
    let stage = Stage::open().await;
    let (_, report) = bench(&stage, "idle --connections 20 --seconds 0").await;
    let result = &report["results"][0];
    assert_eq!(numbers(result, ["sent", "deliveries", "lost", "receivers"]), [1, 20, 0, 20]);
    assert_eq!(result["idle"]["connections"], 21);
}

/// Nothing is said of the broker's process unless it is known: one that is started for the bench is.
#[tokio::test]
async fn a_broker_is_started_where_none_is_named() {
    let stage = Stage::open().await;
    let file = std::env::temp_dir().join(format!("swergio-bench-{}.json", std::process::id()));
    let path = file.to_str().unwrap();
    let mut command =
        stage.swergio(&["bench", "one-to-one", "--messages", "2000", "--warm-up", "0", "--json", path]);
    let output = in_time(command.env_remove("SWERGIO_URL").output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("one-to-one"));
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(report["url"].is_null());
    assert!(report["results"][0]["broker"]["memory_bytes"].as_u64().unwrap() > 0);
    let (_, with_url) = bench(&stage, "one-to-one --messages 5").await;
    assert_eq!(with_url["url"], stage.address);
    assert!(with_url["results"][0]["broker"].is_null());
}

/// Programs read the report: a key that goes or changes its meaning counts the schema up.
#[tokio::test]
async fn the_report_keeps_its_keys() {
    let stage = Stage::open().await;
    let (_, report) = bench(&stage, "one-to-one --messages 5").await;
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let set = |words: &str| words.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(report["schema"], 1);
    assert_eq!(keys(&report), set("schema version url system processors results"));
    let result = &report["results"][0];
    assert_eq!(
        keys(result),
        set("scenario title codec size senders receivers window rate seconds sent deliveries \
             deliveries_per_second megabytes_per_second lost out_of_order latency_us late_us broker bench \
             idle trouble")
    );
    assert_eq!(keys(&result["latency_us"]), set("p50 p90 p99 p99_9 max"));
    assert_eq!(keys(&result["bench"]), set("cpu_seconds cpus deliveries_per_cpu_second memory_bytes"));
}

/// A broker that cuts its readers off loses what they should have heard, and the exit status says so.
#[tokio::test]
async fn a_loss_is_an_answer_of_no() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    // A frame of this size never fits beside another.
    let limits = Limits { outbox_bytes: 4096, ..Limits::default() };
    let broker = Broker::new(Config { limits, ..Config::default() }).unwrap();
    tokio::spawn(serve(broker.clone(), listener));
    let stage = Stage { broker, address };
    let (ended, report) = bench(&stage, "fan-out --members 2 --messages 5000 --size 3000").await;
    let result = &report["results"][0];
    assert_eq!(ended.code, Some(1), "{result}");
    assert!(result["lost"].as_u64().unwrap() > 0);
    let trouble = result["trouble"].as_str().unwrap();
    assert!(trouble.contains("members were cut off") && trouble.contains("4000"), "{trouble}");
    assert!(ended.notes.contains(trouble), "{}", ended.notes);
}

#[tokio::test]
async fn a_bench_that_cannot_be_is_told_why() {
    let stage = Stage::guarded(r#""join": ["lab"]"#).await;
    let args = ["bench", "one-to-one", "--messages", "5", "--token", crate::stage::SECRET];
    let ended = stage.run(&args).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.contains("FORBIDDEN"), "{}", ended.notes);
    let nobody = Stage { address: "127.0.0.1:1".to_owned(), ..Stage::at("127.0.0.1:0", Guard::Open).await };
    let ended = nobody.run(&["bench", "one-to-one"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.contains("cannot connect to 127.0.0.1:1"), "{}", ended.notes);
}
