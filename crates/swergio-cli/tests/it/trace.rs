//! Trace shows a pass of a component that is running, and hands it to a collector.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use swergio_client::{Client, Kind, MessageId, Trigger};
use swergio_toolbox::{Tensor, component};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::stage::{Running, Stage, in_time, to};

const ROOT: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Serves y = x² from room x to room y.
async fn square(stage: &Stage) -> Client {
    let client = stage.component("squarer", "x").await;
    let square =
        component("square").forward(|x: Tensor| Ok((&x * &x, x))).vjp(|x, g: Tensor| Ok(2.0 * x * g));
    square.input("x").output("y").serve(&client).await.unwrap();
    client
}

/// Sends a sample forward, and its gradient back.
async fn pass(trainer: &Client, root: &str) {
    let mut heard =
        trainer.subscribe(Trigger::kinds([Kind::FORWARD, Kind::GRADIENT]).rooms(["x", "y"])).await.unwrap();
    let x = Tensor::from_f64([2], &[3.0, 4.0]).unwrap();
    let begun =
        to("x", Kind::FORWARD).with_id(MessageId::new(root)).with_root_id(root).with_tensor(x.clone());
    trainer.send(begun).await.unwrap();
    let y = in_time(heard.next()).await.unwrap();
    let gradient = to("y", Kind::GRADIENT).with_id(y.id.clone().unwrap()).with_root_id(root).with_tensor(x);
    trainer.send(gradient).await.unwrap();
    assert_eq!(in_time(heard.next()).await.unwrap().kind, Kind::GRADIENT);
}

async fn tracing(stage: &Stage, args: &[&str]) -> Running {
    let mut trace = stage.start(&[&["trace"], args].concat());
    trace.noted("trace: watching as").await;
    trace
}

/// Opens a collector that answers as it is told, and hands over what it was sent.
async fn collector(
    status: StatusCode,
    answer: &'static str,
) -> (String, mpsc::Receiver<(Option<String>, Value)>) {
    let (tell, told) = mpsc::channel(16);
    let take = async move |headers: axum::http::HeaderMap, body: String| {
        let kind = headers.get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        tell.send((kind, serde_json::from_str(&body).unwrap())).await.unwrap();
        (status, answer)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, told)
}

#[tokio::test]
async fn a_pass_is_shown_forward_and_back() {
    let stage = Stage::open().await;
    let _squarer = square(&stage).await;
    let trainer = stage.component("trainer", "x").await;
    let mut trace = tracing(&stage, &[]).await;
    pass(&trainer, ROOT).await;
    let head = trace.line().await;
    assert!(head.starts_with(&format!("pass {ROOT}  begun by trainer in x  4 messages  ")), "{head}");
    assert!(head.ends_with("came back"), "{head}");
    let _columns = trace.line().await;
    for (component, norms) in [
        ("squarer    forward ", "5.000e0 → 1.836e1  x → y"),
        ("trainer    turn    ", "1.836e1 → 5.000e0  y → y"),
        ("squarer    backward", "5.000e0 → 3.672e1  y → x"),
    ] {
        let line = trace.line().await;
        assert!(line.trim_start().starts_with(component) && line.ends_with(norms), "{line}");
    }
    let (code, notes) = trace.end().await;
    assert_eq!((code, notes), (Some(0), vec!["trace: 1 pass".to_owned()]));
}

#[tokio::test]
async fn passes_reach_a_collector_as_spans() {
    let (address, mut told) = collector(StatusCode::OK, "{}").await;
    let stage = Stage::open().await;
    let _squarer = square(&stage).await;
    let trainer = stage.component("trainer", "x").await;
    let trace = tracing(&stage, &["0e0e4736", "--otlp", &address]).await;
    pass(&trainer, "another").await;
    pass(&trainer, ROOT).await;
    let (kind, document) = in_time(told.recv()).await.unwrap();
    assert_eq!(kind.as_deref(), Some("application/json"));
    let services = document["resourceSpans"].as_array().unwrap();
    let names: Vec<&Value> =
        services.iter().map(|one| &one["resource"]["attributes"][0]["value"]["stringValue"]).collect();
    assert_eq!(names, ["trainer", "squarer"]);
    let forward = &services[1]["scopeSpans"][0]["spans"][0];
    assert_eq!(forward["traceId"], ROOT);
    assert_eq!(forward["parentSpanId"], services[0]["scopeSpans"][0]["spans"][0]["spanId"]);
    let keys: Vec<&str> =
        forward["attributes"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    for key in ["room", "direction", "queue_seconds", "compute_seconds", "transit_seconds", "norm"] {
        assert!(keys.contains(&format!("swergio.{key}").as_str()), "{key} of {keys:?}");
    }
    let (code, notes) = trace.end().await;
    assert_eq!(code, Some(0), "{notes:?}");
    assert_eq!(notes, [format!("trace: {address}/v1/traces took 1 of 1 pass"), "trace: 1 pass".to_owned()]);
}

#[tokio::test]
async fn a_collector_that_refuses_is_told_of_and_not_waited_for() {
    let full = r#"{"partialSuccess": {"rejectedSpans": "4", "errorMessage": "full"}}"#;
    let (busy, _hears) = collector(StatusCode::SERVICE_UNAVAILABLE, "come later").await;
    let (choosy, _hears_too) = collector(StatusCode::OK, full).await;
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let stage = Stage::open().await;
    let _squarer = square(&stage).await;
    let trainer = stage.component("trainer", "x").await;
    for (address, says) in [
        (busy, "it answered 503 Service Unavailable: come later"),
        (choosy, "it left out 4 spans: full"),
        (nobody, "nobody listens there; collectors take OTLP over HTTP on port 4318"),
    ] {
        let mut trace = tracing(&stage, &["--otlp", &address]).await;
        pass(&trainer, says).await;
        let note = trace.noted(&format!("trace: {address}/v1/traces: ")).await;
        assert!(note.contains(says), "{note}");
        let (code, notes) = trace.end().await;
        assert_eq!(code, Some(1), "{notes:?}");
    }
}

#[tokio::test]
async fn all_passes_are_counted_and_written_as_json() {
    let stage = Stage::open().await;
    let _squarer = square(&stage).await;
    let trainer = stage.component("trainer", "x").await;
    let mut trace = tracing(&stage, &["--all", "--json"]).await;
    for root in ["first", "second"] {
        pass(&trainer, root).await;
        let told: Value = serde_json::from_str(&trace.line().await).unwrap();
        let whole = &told["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(whole["attributes"][0], json!({"key": "swergio.root_id", "value": {"stringValue": root}}));
    }
    trace.signal("INT").await;
    let (code, notes) = trace.end().await;
    assert_eq!((code, notes), (Some(0), vec!["trace: 2 passes".to_owned()]));
    let ended = stage.run(&["trace", "never", "--for", "0.05"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let ended = stage.run(&["trace", "--otlp", "localhost:4318"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.contains("it begins with http://, as http://127.0.0.1:4318"), "{}", ended.notes);
}
