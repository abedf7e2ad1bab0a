//! Demo: the broker and the three processes as a swarm, from one command.

use std::ffi::OsString;
use std::path::absolute;
use std::time::Duration;

use anyhow::Result;
use swergio_toolbox::swarm::{BrokerPlan, Launch, Plan, Ready, Restart, Swarm};

use super::rooms::{INPUT, MODEL, OUTPUT};
use super::trainer::Course;

/// Says how the processes are run.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Staging {
    /// Run this Python, which has the package swergio and NumPy, in place of a part: control-network or trainer.
    #[arg(long, value_name = "INTERPRETER")]
    pub(crate) python: Option<OsString>,
    /// The parts that are run in Python.
    #[arg(long, default_value = "control-network", requires = "python")]
    pub(crate) python_part: Vec<String>,
    /// Seconds for which a forward is kept without its gradient.
    #[arg(long, default_value_t = 600.0)]
    pub(crate) tape_age: f64,
    /// Batches from one time that the weights are saved to the next.
    #[arg(long, default_value_t = 10)]
    pub(crate) save_every: u64,
}

/// Trains in three processes, and tells what they say.
pub(crate) async fn demo(course: &Course, staging: &Staging) -> Result<()> {
    let swarm = Swarm::of(plan(course, staging, true)?)?;
    let mut lines = swarm.lines();
    let told = tokio::spawn(async move {
        while let Some(line) = lines.next().await {
            println!("{}", String::from_utf8_lossy(&line.bytes));
        }
    });
    swarm.start().await?;
    let ended = tokio::select! {
        ended = swarm.finished() => ended,
        _ = tokio::signal::ctrl_c() => swarm.stop().await,
    };
    drop(swarm);
    told.await?;
    Ok(ended?)
}

/// Plans the swarm: whatever falls is started again. Where the trainer leads, all is over when it is done.
pub(crate) fn plan(course: &Course, staging: &Staging, leads: bool) -> Result<Plan> {
    let own: OsString = std::env::current_exe()?.into();
    let broker = BrokerPlan::new("127.0.0.1:0").command([own, "broker".into()]);
    let part = |name: &str| part(name, course, staging);
    let network = part("control-network")?.ready(Ready::Joined(vec![INPUT.into(), MODEL.into()]));
    let simulator = part("simulator")?.ready(Ready::Joined(vec![MODEL.into(), OUTPUT.into()]));
    let trainer = part("trainer")?.depends_on(["control-network", "simulator"]);
    let trainer = if leads { trainer.lead() } else { trainer };
    Ok(Plan::new().broker(broker).with(simulator).with(network).with(trainer))
}

/// Describes one of the processes: this program with a subcommand, or the Python file of that name.
fn part(name: &str, course: &Course, staging: &Staging) -> Result<Launch> {
    let restart = Restart {
        base: Duration::from_millis(50),
        cap: Duration::from_secs(1),
        attempts: 1_000,
        ..Restart::default()
    };
    let by_python = staging.python.as_ref().filter(|_| staging.python_part.iter().any(|part| part == name));
    let launch = match by_python {
        Some(python) => {
            let file = format!("{}.py", name.replace('-', "_"));
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/trebuchet/").to_owned() + &file;
            Launch::new(name, python).args([file]).env("PYTHONUNBUFFERED", "1")
        }
        None => Launch::new(name, std::env::current_exe()?).args([name]),
    };
    let mut args: Vec<OsString> = Vec::new();
    let mut say = |flag: &str, value: &dyn ToString| args.extend([flag.into(), value.to_string().into()]);
    if name != "simulator" {
        say("--seed", &course.seed);
        say("--batches", &course.batches);
    }
    if name == "trainer" {
        say("--shots", &course.shots);
        say("--deadline", &course.deadline);
    }
    if by_python.is_none() {
        say("--tape-age", &staging.tape_age);
    }
    if name == "control-network" && by_python.is_none() {
        say("--save-every", &staging.save_every);
    }
    if name != "simulator" {
        args.extend(["--out".into(), absolute(&course.out)?.into()]);
    }
    Ok(launch.args(args).restart(restart).grace(Duration::from_secs(3)))
}
