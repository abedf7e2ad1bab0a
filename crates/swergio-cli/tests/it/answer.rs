//! Answer puts what components ask before a person, or a program, and nobody does the same twice.

use std::process::Stdio;

use swergio_client::Client;
use swergio_toolbox::feedback::{
    Answers, FeedbackLimits, Form, Item, Label, Oracle, Outcome, Question, Show,
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::stage::{Stage, in_time};

/// Somebody who answers.
struct Person {
    child: Child,
    typing: ChildStdin,
    shown: Lines<BufReader<ChildStdout>>,
}

impl Person {
    /// Sits down, and waits until the question could be heard.
    async fn enter(stage: &Stage, args: &[&str]) -> Self {
        let mut command = stage.swergio(&[&["answer", "user"], args].concat());
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let (typing, shown) =
            (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
        let listening = in_time(notes.next_line()).await.unwrap().unwrap();
        assert!(listening.starts_with("answer: listening in user"), "{listening}");
        // Whoever notes needs a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = notes.next_line().await {} });
        Self { child, typing, shown }
    }

    async fn types(&mut self, lines: &str) {
        self.typing.write_all(lines.as_bytes()).await.unwrap();
    }

    /// Waits until something is shown that contains this, and returns the line.
    async fn sees(&mut self, part: &str) -> String {
        loop {
            let line = in_time(self.shown.next_line()).await.unwrap().expect("more is shown");
            if line.contains(part) {
                return line;
            }
        }
    }

    async fn leaves(mut self) -> Option<i32> {
        drop(self.typing);
        in_time(self.child.wait()).await.unwrap().code()
    }
}

async fn oracle(stage: &Stage) -> (Client, Oracle) {
    let learner = stage.component("learner", "hall").await;
    let oracle = Oracle::open(&learner, "user", FeedbackLimits::default()).await.unwrap();
    learner.settle().await.unwrap();
    (learner, oracle)
}

fn said(answers: &Answers) -> Vec<(&str, &str, Label)> {
    answers.firsts().map(|(item, given)| (item, given.by.as_str(), given.label.clone())).collect()
}

#[tokio::test]
async fn a_person_hears_sees_passes_over_and_answers() {
    let stage = Stage::open().await;
    let mut ada = Person::enter(&stage, &["--by", "ada"]).await;
    let (_learner, oracle) = oracle(&stage).await;
    let sound = Show { audio: Some("data:audio/wav;base64,UklGRg==".into()), ..Show::text("la") };
    let question = Question::new("How good?", Form::rating(0, 5))
        .about(Item::new("1", sound))
        .about(Item::new("2", Show::plot([0.0, 1.0])))
        .about(Item::new("3", Show::text("lala")));
    let asking = oracle.put(question, None).await.unwrap().unwrap();

    ada.sees("learner asks about 1").await;
    let heard = ada.sees("hear ").await;
    let file = heard.trim().strip_prefix("hear ").unwrap().to_owned();
    assert_eq!(std::fs::read(&file).unwrap(), b"RIFF");
    ada.types("9\n4\n").await;
    ada.sees("asks about 2").await;
    ada.sees("▁█").await;
    ada.types("/skip\n").await;
    ada.sees("asks about 3").await;
    ada.types("2\n").await;

    let answers = in_time(asking.answers()).await.unwrap();
    assert_eq!(said(&answers), [("1", "ada", Label::Number(4.0)), ("3", "ada", Label::Number(2.0))]);
    assert_eq!((oracle.tally().taken, oracle.tally().skipped, oracle.tally().refused), (2, 1, 0));
    assert_eq!(ada.leaves().await, Some(0));
    assert!(!std::path::Path::new(&file).exists(), "what was heard goes when the person goes");
}

/// R103: of two people who are asked at once each has an item of its own, and no answer is given twice.
#[tokio::test]
async fn two_people_who_claim_at_once_do_not_do_the_same() {
    let stage = Stage::open().await;
    let mut ada = Person::enter(&stage, &["--json", "--by", "ada"]).await;
    let mut bob = Person::enter(&stage, &["--json", "--by", "bob"]).await;
    let (_learner, oracle) = oracle(&stage).await;
    let question = Question::new("Cat or dog?", Form::choice(["cat", "dog"]))
        .about(Item::new("one", Show::text("miaow")))
        .about(Item::new("two", Show::text("woof")));
    let asking = oracle.put(question, None).await.unwrap().unwrap();

    let item = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["item"].clone();
    let (mut hers, mut his) = (item(ada.sees("item").await), item(bob.sees("item").await));
    while hers == his {
        tokio::select! {
            line = ada.sees("item") => hers = item(line),
            line = bob.sees("item") => his = item(line),
        }
    }
    ada.types(&format!("{{\"item\": {hers}, \"value\": \"cat\"}}\n")).await;
    bob.types(&format!("{{\"item\": {his}, \"value\": \"dog\"}}\n")).await;

    let answers = in_time(asking.answers()).await.unwrap();
    assert_eq!(answers.outcome, Outcome::Complete);
    let mut people: Vec<&str> = answers.firsts().map(|(_, given)| given.by.as_str()).collect();
    people.sort_unstable();
    assert_eq!(people, ["ada", "bob"]);
    let tally = oracle.tally();
    assert_eq!((tally.taken, tally.duplicate, tally.late, tally.refused), (2, 0, 0, 0));
    assert_eq!((ada.leaves().await, bob.leaves().await), (Some(0), Some(0)));
}

#[tokio::test]
async fn every_form_can_be_answered_and_enough_is_enough() {
    let stage = Stage::open().await;
    let mut ada = Person::enter(&stage, &["--by", "ada", "--count", "4"]).await;
    let (_learner, oracle) = oracle(&stage).await;
    let number = Form::Number { min: Some(0.0), max: None, unit: "m".into() };
    for (form, typed, expected) in [
        (Form::choice(["cat", "dog"]), "2\n", "dog"),
        (number, "1.5\n", "1.5"),
        (Form::Text { lines: false }, "quit it\n", "quit it"),
        (Form::Pair, "2\n", "second"),
    ] {
        let item = match form {
            Form::Pair => Item::pair("it", Show::text("x"), Show::text("y")),
            _ => Item::new("it", Show::text("x")),
        };
        let asking = oracle.put(Question::new("?", form).about(item), None).await.unwrap().unwrap();
        ada.sees("asks about it").await;
        ada.types(typed).await;
        let answers = in_time(asking.answers()).await.unwrap();
        assert_eq!(answers.of("it")[0].label.to_string(), expected);
    }
    assert_eq!(in_time(ada.child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn too_few_answers_are_a_no_and_no_broker_an_error() {
    let stage = Stage::open().await;
    let ada = Person::enter(&stage, &["--count", "1", "--for", "0.2"]).await;
    assert_eq!(ada.leaves().await, Some(1));
    let ended = stage.run(&["answer", "user", "--url", "127.0.0.1:1"]).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.notes.contains("swergio serve"), "{}", ended.notes);
}
