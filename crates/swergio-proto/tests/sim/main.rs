//! Simulator: many sessions around one router, by scripts drawn from seeds, with a naive model beside them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing is a test that fails")]
#![allow(clippy::print_stdout, reason = "it tells which seed found what")]

mod dice;
mod message;
mod model;
mod mutants;
mod outcome;
mod play;
mod script;
mod switch;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;

use swergio_proto::Router;

use crate::outcome::Outcome;
use crate::script::Script;

/// Seeds of one run.
const SEEDS: u64 = 1000;
/// The ID of every log entry, which a broker would draw.
const LOG_ID: &str = "entry";

/// R10 to R16, R18, R19, R40 to R42, R45, R51, R63: world and model agree on every line of every script.
///
/// `SIM_SEED=7` plays one script only, `SIM_SEEDS=100000` plays more.
#[test]
fn a_thousand_worlds_do_what_the_model_says() {
    let mut tried = BTreeMap::new();
    for seed in seeds() {
        let script = Script::of(seed);
        if play::play(&script, Router::new(), |outcome| count(&mut tried, outcome)).is_err() {
            report(seed, &script);
        }
    }
    println!("{tried:#?}");
}

/// Every fault that a session raises is raised in some script, and everything else that may happen happens.
#[test]
fn the_scripts_try_everything() {
    let mut tried = BTreeMap::new();
    for seed in 0..SEEDS / 10 {
        let played = play::play(&Script::of(seed), Router::new(), |outcome| count(&mut tried, outcome));
        played.map_err(|failure| failure.to_string()).unwrap();
    }
    let tried: Vec<&str> = tried.keys().map(String::as_str).collect();
    assert_eq!(tried, EVERYTHING);
}

const EVERYTHING: [&str; 22] = [
    "BAD_NAME NAME",
    "BAD_NAME ROOM",
    "BAD_NAME TO",
    "BAD_NAME TO_ROOM",
    "FORBIDDEN NAME",
    "FORBIDDEN ROOM",
    "FORBIDDEN TO",
    "FORBIDDEN TO_ROOM",
    "IMPOSTOR SENT_BY",
    "MALFORMED",
    "MALFORMED NAME",
    "MALFORMED ROOM",
    "MALFORMED SENT_BY",
    "MALFORMED TO",
    "MALFORMED TO_ROOM",
    "MALFORMED TYPE",
    "ROOM_LIMIT",
    "UNREGISTERED",
    "acknowledged",
    "ended",
    "heard by many",
    "heard twice",
];

fn count(tried: &mut BTreeMap<String, usize>, outcome: &Outcome) {
    let refused = outcome.refused.as_ref().map(|(code, field)| match field {
        Some(field) => format!("{code} {field}"),
        None => (*code).to_owned(),
    });
    let twice = outcome.heard.windows(2).any(|two| two[0].0 == two[1].0);
    let seen = [
        refused,
        outcome.ended.then(|| "ended".to_owned()),
        outcome.receivers.map(|_| "acknowledged".to_owned()),
        twice.then(|| "heard twice".to_owned()),
        (outcome.heard.len() > 3).then(|| "heard by many".to_owned()),
    ];
    for what in seen.into_iter().flatten() {
        *tried.entry(what).or_default() += 1;
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever looks for a failure says which seed to play")]
fn seeds() -> Range<u64> {
    let number = |variable: &str| Some(std::env::var(variable).ok()?.parse().expect("a seed is a number"));
    match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(SEEDS),
    }
}

/// Fails with the shortest script that shows what the seed has shown.
fn report(seed: u64, script: &Script) -> ! {
    let failure = |script: &Script| play::play(script, Router::new(), |_| {}).err();
    let short = play::shorten(script, |script| failure(script).is_some());
    let why = failure(&short).expect("what is made shorter fails as well");
    panic!("seed {seed} fails {why}\n{short}\nrerun: SIM_SEED={seed} cargo test -p swergio-proto --test sim");
}
