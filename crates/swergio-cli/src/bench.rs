//! Bench: what a broker can do, measured with members as users have them.

mod crew;
mod drill;
mod figures;
mod files;
mod idle;
mod lane;
mod latency;
mod mark;
mod plan;
mod process;
mod progress;
mod report;
mod scenario;
mod sequence;
mod size;
mod table;
mod tally;
mod venue;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};

use crate::Verdict;
use crate::clock::Stop;
use crate::output::{self, note};
use crew::Crew;
use drill::{Span, drill};
use figures::{Accounts, Figures};
use plan::{Plan, Until};
use process::Process;
use progress::Progress;
use report::Report;
use scenario::{Load, Scenario};
use venue::{Target, Venue};

/// Measure what a broker can do: throughput, latency, loss, memory.
///
/// Every member is a connection of the Rust client, as a component has it, in this one process; so latency and
/// throughput have the client's cost inside, and on one machine members and broker share the processors. The
/// figure that depends least on that is deliveries per CPU second of the broker.
///
/// Without --rate each sender has a bounded number of messages under way (--window) and goes on when the slowest
/// receiver has heard them: that is how much gets through, and its latency is that of a full pipe. With --rate
/// messages are sent by the clock: that is how long a message takes under a given load, and waiting behind a stall
/// counts for every message that it delayed.
///
/// Each message carries its number. Each delivery is waited for and checked: what does not come within 10 silent
/// seconds is lost.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio bench all                                    the whole table, on a broker started for it
  swergio bench round-trip --size 100,4k               there and back, one message at a time
  swergio bench fan-out --members 10,100,1000          how deliveries grow with a room
  swergio bench rooms --rooms 200 --rate 20000         latency at 100 messages a second in each of 200 rooms
  swergio bench large --size 64m --codec msgpack       megabytes a second
  swergio bench idle --connections 15000               memory of connections that say nothing
  swergio bench all --url ws://10.0.0.7:8080 --token \"$TOKEN\" --json figures.json

Messages are DATA/FORWARD in rooms called bench-…, so a `swergio tap` on the same broker sees them and adds \
to its work.

Exit status: 0 when every message came, once and in order; 1 when one was lost or came out of order; 2 when it \
could not be measured.")]
pub(crate) struct Bench {
    #[command(subcommand)]
    scenario: Scenario,
    #[command(flatten)]
    load: Load,
    #[command(flatten)]
    target: Target,
    /// Write a report as JSON, too; `-` prints it, and the table goes to standard error.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Report")]
    json: Option<PathBuf>,
    /// Threads that the members share [default: one for each processor].
    #[arg(long, global = true, value_name = "N", help_heading = "Load", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Bench {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        if let Some(count) = self.threads {
            threads.worker_threads(count.into());
        }
        let runtime = threads.enable_all().build()?;
        Ok(match runtime.block_on(self.measure())? {
            Verdict::Yes => ExitCode::SUCCESS,
            Verdict::No => ExitCode::from(1),
        })
    }

    async fn measure(&self) -> Result<Verdict> {
        let plans = self.scenario.plans(&self.load);
        let connections = plans.iter().map(Plan::connections).max().unwrap_or_default();
        files::make_room(connections).map_err(|advice| anyhow!(advice))?;
        let stop = Stop::after(None)?;
        let mut report = Report::begin(self.target.url());
        tokio::select! {
            measured = self.measure_each(&plans, &mut report) => measured?,
            () = stop.wait() => bail!("interrupted"),
        }
        if let Some(path) = &self.json {
            report.write(path)?;
        }
        Ok(if report.results.iter().all(Figures::is_whole) { Verdict::Yes } else { Verdict::No })
    }

    async fn measure_each(&self, plans: &[Plan], report: &mut Report) -> Result<()> {
        note(format_args!("bench: {}", self.target));
        note(format_args!(
            "bench: {}; each member is a Rust client, and its cost is inside",
            report.machine()
        ));
        for line in table::heading() {
            self.show(&line)?;
        }
        for plan in plans {
            let venue = Arc::new(Venue::open(&self.target, plan).await?);
            let figures = measure(&venue, plan).await?;
            if let Ok(venue) = Arc::try_unwrap(venue) {
                venue.close().await;
            }
            for line in table::row(&figures, self.load.has_several_codecs()) {
                self.show(&line)?;
            }
            for told in figures.notes(report.processors) {
                self.show(&format!("  {told}"))?;
            }
            report.results.push(figures);
        }
        Ok(())
    }

    /// Shows a line of the table: to standard error where standard output is the report's.
    fn show(&self, line: &str) -> Result<()> {
        if self.json.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            note(format_args!("{line}"));
            return Ok(());
        }
        output::line(line)
    }
}

/// Measures one plan, with members that come for it and go.
async fn measure(venue: &Arc<Venue>, plan: &Plan) -> Result<Figures> {
    let progress = Progress::begin(plan);
    let accounts = || Accounts { broker: venue.used(), bench: Process::ourselves().used() };
    if plan.is_idle() {
        let (before, begin) = (accounts(), Instant::now());
        let (crew, span, idle) = idle::idle(venue, plan, &progress).await?;
        let figures = Figures::of_idle(plan, &span, idle, before, accounts(), begin.elapsed());
        return Ok(complete(figures, crew, plan).await);
    }
    let crew = Crew::gather(venue, plan, |seated| progress.seated(seated)).await?;
    if !plan.warm_up.is_zero() {
        let warm_up = Until::Time(plan.warm_up);
        let Span { sent, heard, .. } =
            drill(&crew, plan, warm_up, |_, time| progress.warming_up(time)).await?;
        if heard == 0 {
            bail!("none of {sent} messages came: {}", why_none(crew).await);
        }
    }
    crew.tally.forget_latencies();
    let before = accounts();
    let span = drill(&crew, plan, plan.until, |heard, time| progress.measuring(heard, time)).await?;
    let figures = Figures::of(plan, &span, before, accounts());
    Ok(complete(figures, crew, plan).await)
}

/// Adds what the receivers counted, and what went wrong.
async fn complete(figures: Figures, mut crew: Crew, plan: &Plan) -> Figures {
    let lost = (crew.sent() * plan.receivers() as u64).saturating_sub(crew.tally.heard());
    let out_of_order = crew.tally.out_of_order();
    let trouble = crew.trouble().await;
    Figures { lost, out_of_order, latency_us: crew.tally.percentiles(), trouble, ..figures }
}

async fn why_none(mut crew: Crew) -> String {
    crew.trouble().await.unwrap_or_else(|| "the broker does not deliver to these rooms".to_owned())
}
