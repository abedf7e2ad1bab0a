//! Staging: the parts of the play, each a process of one swarm.

use std::ffi::OsString;
use std::io::{IsTerminal, Write as _};
use std::path::absolute;
use std::time::Duration;

use anyhow::Result;
use swergio_broker::{Broker, Config, serve};
use swergio_toolbox::swarm::{BrokerPlan, Launch, Plan, Ready, Restart, Swarm};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::breeder::member;
use crate::control::Course;
use crate::ensemble::LOGITS;
use crate::journal::PROGRESS;
use crate::orders::{CONTROL, EVOLUTION};

/// Neurons of a member's hidden layers: twenty such nets are a load for two cores.
pub(crate) const HIDDEN: usize = 32;
/// Poles side by side.
const POLES: &str = "8";

/// Says how the processes are run.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Staging {
    /// Take Gymnasium's poles, served by this Python, which has swergio, gymnasium and numpy.
    #[arg(long, value_name = "INTERPRETER")]
    pub(crate) gymnasium: Option<OsString>,
    /// How many members are slow.
    #[arg(long, default_value_t = 0)]
    pub(crate) slow: usize,
    /// How slow these are: ms for each answer. A step waits for 100.
    #[arg(long, default_value_t = 150)]
    pub(crate) slow_by: u64,
    /// How many members crash again and again.
    #[arg(long, default_value_t = 0)]
    pub(crate) crashing: usize,
    /// After how many steps these crash.
    #[arg(long, default_value_t = 100)]
    pub(crate) crash_every: u64,
}

/// Serves a broker.
pub(crate) async fn broker(listen: &str) -> Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("broker   | listening on ws://{}", listener.local_addr()?);
    Ok(serve(Broker::new(Config::default())?, listener).await?)
}

/// Plans one agent alone: broker, poles, agent.
pub(crate) fn single(seed: u64, staging: &Staging) -> Result<Plan> {
    let agent = Launch::new("agent", own()?).args(["agent", "--seed", &seed.to_string()]).lead();
    Ok(stage(seed, staging)?.with(agent.depends_on(["poles"])))
}

/// Plans the ensemble: broker, poles, members, who acts for them, who breeds them, and who controls all that.
pub(crate) fn ensemble(course: &Course, staging: &Staging) -> Result<Plan> {
    let (seed, members) = (course.seed.to_string(), course.members.to_string());
    let mut control = Launch::new("control", own()?).args(["control", "--seed", &seed]).lead();
    control = control.depends_on(["aggregation", "evolution"]);
    control = control.depends_on((0..course.members).map(member));
    control = control.args(["--members", &members, "--steps", &course.steps.to_string(), "--out"]);
    control = control.args([absolute(&course.out)?.into_os_string()]);
    if course.without_evolution {
        control = control.args(["--without-evolution"]);
    }
    if course.to_the_end {
        control = control.args(["--to-the-end"]);
    }
    Ok(uncontrolled(course, staging)?.with(control))
}

/// Plans the ensemble without control: it does nothing until somebody else orders it to.
pub(crate) fn uncontrolled(course: &Course, staging: &Staging) -> Result<Plan> {
    let (seed, members) = (course.seed.to_string(), course.members.to_string());
    let part = |name: &str| Ok::<_, anyhow::Error>(Launch::new(name, own()?).args([name, "--seed", &seed]));
    let aggregation = part("aggregation")?.depends_on(["poles"]);
    let aggregation = aggregation.ready(Ready::Joined(vec![LOGITS.into(), CONTROL.into()]));
    let evolution = part("evolution")?.args(["--members", &members]);
    let evolution = evolution.ready(Ready::Joined(vec![EVOLUTION.into()])).restart(restart());
    let mut plan = stage(course.seed, staging)?.with(aggregation).with(evolution);
    for number in 0..course.members {
        let name = member(number);
        let (seed, hidden) = (seed_of(course.seed, number).to_string(), HIDDEN.to_string());
        let mut launch = Launch::new(&name, own()?).args(["member", "--hidden", &hidden, "--seed", &seed]);
        if number < staging.slow {
            launch = launch.args(["--slow-by", &staging.slow_by.to_string()]);
        } else if number < staging.slow + staging.crashing {
            launch = launch.args(["--crash-every", &staging.crash_every.to_string()]);
        }
        let joined = Ready::Joined(vec!["observation".into()]);
        plan = plan.with(launch.ready(joined).restart(restart()).depends_on(["poles", "evolution"]));
    }
    Ok(plan)
}

/// Returns what the chance of one member comes from.
pub(crate) fn seed_of(seed: u64, member: usize) -> u64 {
    1000 * seed + member as u64
}

/// Plays it, and shows what the parts say; a line of progress replaces the one before where somebody watches. However
/// it ends, no process is left.
pub(crate) async fn play(plan: Plan) -> Result<()> {
    let swarm = Swarm::of(plan)?;
    println!("broker   | {}, and shows people what goes on at http{}", swarm.url(), &swarm.url()[2..]);
    let mut screen = Screen::default();
    play_before(swarm, move |line| screen.show(line)).await
}

/// Plays it before somebody who is shown each line that a part says.
pub(crate) async fn play_before(swarm: Swarm, mut show: impl FnMut(&str) + Send + 'static) -> Result<()> {
    let mut lines = swarm.lines();
    let told = tokio::spawn(async move {
        while let Some(line) = lines.next().await {
            show(&String::from_utf8_lossy(&line.bytes));
        }
    });
    swarm.start().await?;
    let mut terminated = signal(SignalKind::terminate())?;
    let ended = tokio::select! {
        ended = swarm.finished() => ended,
        _ = tokio::signal::ctrl_c() => swarm.stop().await,
        _ = terminated.recv() => swarm.stop().await,
    };
    drop(swarm);
    told.await?;
    Ok(ended?)
}

/// Plans broker and poles.
pub(crate) fn stage(seed: u64, staging: &Staging) -> Result<Plan> {
    let broker = BrokerPlan::new("127.0.0.1:0").command([own()?, "broker".into()]);
    let seed = seed.to_string();
    let poles = match &staging.gymnasium {
        Some(python) => {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/cartpole/gymnasium_poles.py");
            Launch::new("poles", python).args([script, "${SWERGIO_PORT}", POLES, &seed])
        }
        None => Launch::new("poles", own()?).args(["environment", "--environments", POLES, "--seed", &seed]),
    };
    let joined = Ready::Joined(vec!["observation".into(), "action".into()]);
    Ok(Plan::new().broker(broker).with(poles.ready(joined).grace(Duration::from_secs(3))))
}

fn restart() -> Restart {
    Restart {
        base: Duration::from_millis(50),
        cap: Duration::from_millis(500),
        attempts: 10_000,
        ..Restart::default()
    }
}

fn own() -> Result<OsString> {
    Ok(std::env::current_exe()?.into())
}

/// Where lines are shown.
#[derive(Default)]
struct Screen {
    /// Whether the last line only shows how far it is.
    open: bool,
}

impl Screen {
    fn show(&mut self, line: &str) {
        let mut out = std::io::stdout().lock();
        let (is_watched, is_progress) = (out.is_terminal(), line.starts_with(PROGRESS));
        let clear = if self.open { "\r\x1b[2K" } else { "" };
        // Where nobody watches, exams say how far it is.
        let written = match (is_watched, is_progress) {
            (false, true) => Ok(()),
            (true, true) => write!(out, "{clear}{line}").and_then(|()| out.flush()),
            (_, false) => writeln!(out, "{clear}{line}"),
        };
        self.open = is_watched && is_progress;
        // Whoever shut the pipe does not want to know.
        drop(written);
    }
}
