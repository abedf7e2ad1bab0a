//! Demo: the broker and all processes as a swarm, from one command, with a bar that tells how far it is.

use std::ffi::OsString;
use std::path::absolute;
use std::str::FromStr;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use swergio_client::{Client, Kind, Trigger};
use swergio_toolbox::kpi::Kpi;
use swergio_toolbox::swarm::{BrokerPlan, Launch, Plan, Ready, Swarm};
use tokio::net::TcpListener;

use crate::rooms::{ANSWER, At, CONTROL, EVOLUTION, FIGURES, LESSON, USER};
use crate::taste::WHIM;
use crate::teaching::Course;

/// Says who answers, and where.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Staging {
    /// Who rates the melodies: simulated (a program with a fixed taste), browser (you, in the console) or terminal (you, with `swergio answer`).
    #[arg(long, default_value = "simulated")]
    pub(crate) person: Who,
    /// Standard deviation of the simulated person's whim.
    #[arg(long, default_value_t = WHIM)]
    pub(crate) whim: f64,
    /// Where the broker listens, and shows its console to browsers; port 0 is any that is free.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// Seconds from one generation to the next, at least.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) pause: f64,
}

/// Says who rates the melodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// A program with a fixed taste.
    Simulated,
    /// Whoever opens the console.
    Browser,
    /// Whoever runs `swergio answer`.
    Terminal,
}

impl FromStr for Who {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "simulated" => Ok(Self::Simulated),
            "browser" => Ok(Self::Browser),
            "terminal" => Ok(Self::Terminal),
            _ => Err("simulated, browser or terminal is wanted".to_owned()),
        }
    }
}

/// Runs all processes until the learner is done.
pub(crate) async fn demo(course: &Course, staging: &Staging) -> Result<()> {
    let swarm = Swarm::of(plan(course, staging)?)?;
    let bar = bar(course);
    let mut lines = swarm.lines();
    let told = {
        let bar = bar.clone();
        tokio::spawn(async move {
            while let Some(line) = lines.next().await {
                bar.suspend(|| println!("{}", String::from_utf8_lossy(&line.bytes)));
            }
        })
    };
    swarm.start().await?;
    let client = At::to(swarm.url()).connect("melody").await?;
    client.settle().await?;
    invite(swarm.url(), staging);
    let watched = tokio::spawn(watch(client.clone(), bar.clone()));
    let ended = tokio::select! {
        ended = swarm.finished() => ended,
        _ = tokio::signal::ctrl_c() => swarm.stop().await,
    };
    watched.abort();
    bar.finish_and_clear();
    drop(swarm);
    told.await?;
    Ok(ended?)
}

/// Says where to answer.
fn invite(url: &str, staging: &Staging) {
    let console = url.replacen("ws://", "http://", 1);
    match staging.person {
        Who::Simulated => println!("melody | the person is simulated; watch at {console}"),
        Who::Browser => println!("melody | rate the melodies at {console}#inbox"),
        Who::Terminal => println!("melody | rate the melodies with: swergio answer {USER} --url {url}"),
    }
}

/// Keeps the bar at what the learner tells.
async fn watch(client: Client, bar: ProgressBar) -> Result<()> {
    let mut heard = client.subscribe(Trigger::kinds([Kind::KPI]).rooms([FIGURES]).direct(false)).await?;
    let (mut generation, mut known) = (0, String::new());
    while let Some(message) = heard.next().await {
        let Ok(kpi) = Kpi::read(&message) else { continue };
        match kpi.name.as_str() {
            "labels" => bar.set_position(kpi.value as u64),
            "accuracy" => known = format!(", accuracy {:.2}", kpi.value),
            "off" if known.is_empty() => known = format!(", off by {:.2}", kpi.value),
            "expected rating" => generation = kpi.step.unwrap_or(0),
            _ => {}
        }
        bar.set_message(format!("labels, generation {generation}{known}"));
    }
    Ok(())
}

/// Makes a bar of labels. It is drawn only where somebody sees it.
fn bar(course: &Course) -> ProgressBar {
    let bar = ProgressBar::new((39 + course.rounds * course.study.ask) as u64);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").expect("the template is sound");
    bar.set_style(style.progress_chars("━╸ "));
    bar
}

/// Plans the swarm: whatever falls is started again, and all is over when the learner is done.
pub(crate) fn plan(course: &Course, staging: &Staging) -> Result<Plan> {
    let own: OsString = std::env::current_exe()?.into();
    let broker = BrokerPlan::new(&staging.listen).command([own.clone(), "broker".into()]);
    let seed = course.seed.to_string();
    let out = absolute(&course.out)?.join(format!("seed-{seed}"));
    let launch = |name: &str| Launch::new(name, &own).args([name, "--seed", &seed]);
    let evolution = launch("evolution")
        .args(["--pause", &staging.pause.to_string()])
        .ready(Ready::Joined(vec![CONTROL.into(), EVOLUTION.into()]));
    let rater = launch("rater")
        .args([OsString::from("--out"), out.clone().into()])
        .ready(Ready::Joined(vec![EVOLUTION.into(), LESSON.into(), ANSWER.into()]));
    let mut learner =
        Launch::new("learner", &own).args(learner(course)).args([OsString::from("--out"), out.into()]);
    learner = learner.depends_on(["evolution", "rater"]).lead();
    let plan = Plan::new().broker(broker).with(evolution).with(rater);
    if staging.person != Who::Simulated {
        return Ok(plan.with(learner));
    }
    let person = Launch::new("simulated-person", &own)
        .args(["person", "--seed", &seed])
        .args(["--whim", &staging.whim.to_string()]);
    let person = person.ready(Ready::Joined(vec![USER.into()]));
    learner = learner.args(["--simulated", "--silent", "--begin", "ask"]).depends_on(["simulated-person"]);
    Ok(plan.with(person).with(learner))
}

/// Spells the course for the learner.
fn learner(course: &Course) -> Vec<String> {
    let study = &course.study;
    let mut args = vec!["learner".to_owned()];
    let mut say = |flag: &str, value: &dyn ToString| args.extend([flag.to_owned(), value.to_string()]);
    say("--seed", &course.seed);
    say("--strategy", &study.strategy);
    say("--collect", &study.collect);
    say("--ask", &study.ask);
    say("--epochs", &study.epochs);
    say("--batch", &study.batch);
    say("--rounds", &course.rounds);
    say("--finale", &course.finale);
    say("--patience", &course.patience);
    say("--quorum", &course.quorum);
    args
}

/// Serves a broker, with the console.
pub(crate) async fn broker(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    println!("broker | listening on ws://{}", listener.local_addr()?);
    let broker = swergio_broker::Broker::new(swergio_broker::Config::default())?;
    Ok(swergio_broker::serve(broker, listener).await?)
}
