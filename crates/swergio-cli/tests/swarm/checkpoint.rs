//! Checkpoint: one command saves or restores a whole swarm, and its answers are shown.

use serde_json::Value;
use swergio_client::{Client, Error, Kind, Message, Options, Reply, Trigger};

use crate::lab::Lab;

/// A component that saves whatever it is told to, and can load nothing but `best`.
async fn keeper(url: &str, name: &'static str) -> Client {
    let client = Options::new(url).name(name).connect().await.unwrap();
    let trigger = Trigger::kinds([Kind::SAVEMODELWEIGHTS, Kind::LOADMODELWEIGHTS]).rooms(["_command"]);
    let answer = move |message: Message| async move {
        let weights: String = message.field("WEIGHTS")?.unwrap_or_default();
        let only: Option<String> = message.field("COMPONENT")?;
        if only.is_some_and(|only| only != name) {
            return Ok::<_, Error>(None);
        }
        let id = message.id.clone().expect("a command has an ID");
        let reply = Reply::new(Kind::MODELWEIGHTS).field("COMPONENT", name).field("REF", id.as_str());
        let reply = match message.kind == Kind::LOADMODELWEIGHTS && weights != "best" {
            true => reply.field("ERROR", "there is none of that name"),
            false => reply.field("FILE", &format!("{weights}/{name}.safetensors")),
        };
        Ok(Some(reply.to(message.sender().expect("somebody asks"))))
    };
    client.on(trigger, answer).await.unwrap();
    client.settle().await.unwrap();
    client
}

#[tokio::test]
async fn all_are_saved_and_restored_by_name() {
    let lab = Lab::open();
    lab.write("swarm.yaml", "broker: 127.0.0.1:0\ncomponents:\n  other: {command: sleep 1000}\n");
    assert_eq!(lab.run(&["swarm", "save"]).await.code, Some(1));
    assert_eq!(lab.run(&["swarm", "up", "-d"]).await.code, Some(0));
    let report: Value = serde_json::from_str(&lab.run(&["swarm", "ps", "--json"]).await.out).unwrap();
    let url = report["url"].as_str().unwrap();
    let _keepers = (keeper(url, "model").await, keeper(url, "goal").await);

    let saved = lab.run(&["swarm", "save", "best", "--answers", "2"]).await;
    let mut lines: Vec<&str> = saved.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        (saved.code, lines),
        (Some(0), vec!["goal: best/goal.safetensors", "model: best/model.safetensors"])
    );

    let loaded = lab.run(&["swarm", "load", "best", "--component", "goal", "--wait", "0.5"]).await;
    assert_eq!((loaded.code, loaded.out.as_str()), (Some(0), "goal: best/goal.safetensors\n"));
    let missing = lab.run(&["swarm", "load", "--component", "goal", "--answers", "1"]).await;
    assert_eq!(
        (missing.code, missing.out.as_str()),
        (Some(1), "goal: could not: there is none of that name\n")
    );
    let alone = lab.run(&["swarm", "save", "--component", "nobody", "--wait", "0.1"]).await;
    assert_eq!((alone.code, alone.out.as_str()), (Some(1), ""));
    assert_eq!(lab.run(&["swarm", "down"]).await.code, Some(0));
}
