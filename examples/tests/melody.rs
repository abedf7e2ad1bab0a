//! The melodies from their command line: a run with the simulated person, and one in which a person's answer changes what the rater thinks.

#![expect(clippy::unwrap_used, reason = "a test may")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use swergio_client::{Client, Envelope, Kind, Message, Messages, Options, RoomName, Trigger};
use swergio_toolbox::feedback::Question;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(60);

fn melody(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_melody"));
    command.args(args);
    command
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("melody-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn all_processes_breed_ask_the_simulated_person_and_learn() {
    let out = folder("demo");
    let said = melody(&["--seed", "3", "--rounds", "2", "--finale", "2", "--collect", "60"])
        .args(["--epochs", "3", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let told = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{told}");
    assert!(told.contains("39 labels") && told.contains("49 labels"), "{told}");

    let folder = out.join("seed-3");
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&read("summary.json")).unwrap();
    assert_eq!((&summary["labels"], &summary["asked"]), (&49.into(), &2.into()));
    let labels = String::from_utf8(read("labels.jsonl")).unwrap();
    assert_eq!(labels.lines().count(), 49);
    assert!(labels.lines().all(|line| line.contains("simulated person")));
    assert!(read("melody.svg").starts_with(b"<svg"));
    assert!(read("best.mid").starts_with(b"MThd") && read("best.wav").starts_with(b"RIFF"));
    std::fs::remove_dir_all(out).unwrap();
}

/// The processes without a person, who is played by the test.
struct Troupe {
    child: Child,
    url: String,
}

impl Troupe {
    fn start(args: &[&str]) -> Self {
        let mut child = melody(&["--person", "browser"]).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.find_map(|line| Some(line.unwrap().split_once("at http://")?.1.to_owned())).unwrap();
        // Whoever prints needs a reader.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("ws://{}", said.trim_end_matches("#inbox"));
        Self { child, url }
    }
}

impl Drop for Troupe {
    fn drop(&mut self) {
        // What the swarm started ends with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A person at the console, and the rater as everybody sees it.
struct Person {
    client: Client,
    asked: Messages,
    heard: Messages,
}

impl Person {
    async fn enter(url: &str) -> Self {
        let client = Options::new(url).name("console").connect().await.unwrap();
        let asked = client.subscribe(Trigger::kinds([Kind::QUERY]).rooms(["user"])).await.unwrap();
        let heard = client.subscribe(Trigger::kinds([Kind::DATA_CUSTOM]).rooms(["evolution"])).await.unwrap();
        client.settle().await.unwrap();
        Self { client, asked, heard }
    }

    async fn question(&mut self) -> (Message, Vec<String>) {
        let asked = timeout(SOON, self.asked.next()).await.unwrap().unwrap();
        let question: Question = asked.data().unwrap();
        assert!(question.items[0].show.audio.as_ref().unwrap().starts_with("data:audio/wav;base64,"));
        (asked, question.items.into_iter().map(|item| item.id).collect())
    }

    /// Says what the console says when its person has pressed a key.
    async fn answer(&self, asked: &Message, item: &str, rating: u8) {
        let data = serde_json::json!({ "answers": [{ "item": item, "value": rating }], "by": "ada", "seconds": 1.5 });
        let mut said = Envelope::new(Kind::FEEDBACK).with_to_room(RoomName::parse("user").unwrap());
        (said.id, said.root_id) = (asked.id.clone(), asked.root_id.clone());
        self.client.send(said.with_data(&data).unwrap()).await.unwrap();
    }

    /// Asks the rater how likely each rating of one melody is.
    async fn prediction(&mut self, melody: &str) -> Vec<f64> {
        let bits: Vec<u8> = melody
            .chars()
            .filter_map(|digit| digit.to_digit(16))
            .flat_map(|digit| (0..4).rev().map(move |bit| (digit >> bit & 1) as u8))
            .collect();
        let asked = Envelope::new(Kind::DATA_CUSTOM).with_to_room(RoomName::parse("evolution").unwrap());
        let id = self.client.send(asked.with_field("GENOMES", &[&bits]).unwrap()).await.unwrap();
        loop {
            let message = timeout(SOON, self.heard.next()).await.unwrap().unwrap();
            if message.field::<String>("REF").unwrap().as_deref() == Some(id.as_str()) {
                return message.field::<Vec<Vec<f64>>>("PROBS").unwrap().unwrap().remove(0);
            }
        }
    }
}

#[tokio::test]
async fn what_a_person_answers_changes_what_the_rater_thinks_next() {
    let out = folder("answer");
    let args = ["--rounds", "2", "--collect", "50", "--ask", "2", "--out", out.to_str().unwrap()];
    let troupe = Troupe::start(&args);
    let mut ada = Person::enter(&troupe.url).await;

    let (asked, melodies) = ada.question().await;
    let mut before = BTreeMap::new();
    for melody in &melodies {
        before.insert(melody.clone(), ada.prediction(melody).await);
    }
    // The rater learns nothing of being asked.
    assert_eq!(ada.prediction(&melodies[0]).await, before[&melodies[0]]);

    // She says what the rater thought least likely.
    let mut said = BTreeMap::new();
    for (melody, likely) in &before {
        let rating = (0..6).min_by(|one, other| likely[*one].total_cmp(&likely[*other])).unwrap();
        ada.answer(&asked, melody, rating as u8).await;
        said.insert(melody.clone(), rating);
    }

    // The next question comes when the rater has learned.
    let mut next = ada.question().await.0;
    while next.id == asked.id {
        next = ada.question().await.0;
    }
    for (melody, rating) in said {
        let after = ada.prediction(&melody).await;
        assert!(
            after[rating] > before[&melody][rating],
            "{melody}: {rating} of {:?}, then {after:?}",
            before[&melody]
        );
    }
    let mut kept = String::new();
    std::fs::File::open(out.join("seed-0/labels.jsonl")).unwrap().read_to_string(&mut kept).unwrap();
    assert_eq!(kept.matches("\"ada\"").count(), 2, "{kept}");
    drop(troupe);
    std::fs::remove_dir_all(out).unwrap();
}
