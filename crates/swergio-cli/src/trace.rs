//! Trace: passes forward and back, as a picture in text or as spans for a collector.

mod export;
mod otlp;
mod passes;
mod sample;
mod span;
mod waterfall;

use std::time::Duration;

use anyhow::{Result, anyhow};
use swergio_client::{Bounds, Client, Kind, Message, Options, Trigger};
use swergio_proto::{PRESENCE, WATCH};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::Verdict;
use crate::broker::{Broker, explain};
use crate::clock::{self, Stop};
use crate::output::{self, note};
use crate::tap::gaps::Gaps;
use export::{Collector, Export, ExportLimits};
use passes::{Pass, PassLimits, Passes};
use sample::Sample;
use span::Seats;

/// Messages that wait to be read: a broker tells of many at once, four times a second.
const INBOX: usize = 1 << 16;
/// Seats that are remembered, to know who heard what.
const SEATS: usize = 1 << 17;
/// Time between two looks at what is over.
const LOOK: Duration = Duration::from_millis(100);
/// Time since it began to watch within which a pass may have begun before.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// Show what each component did in a pass, forward and back, or send it to a collector of traces.
///
/// A pass is one sample's way: all messages with its ROOT_ID. It is shown once its gradient has come back, or nothing more has come for
/// three seconds. Of each component: when it worked, how long that took, how much of it the message waited (QUEUE), was computed (COMPUTE)
/// and was under way (TRANSIT), where the component says so, and the norm of what it heard and of what it said.
///
/// It sits in _watch and _presence, as the console does, and sees what is said from now on. Of more than some 800 messages a second a share of
/// the passes is shown, each of them whole; of which share, it tells. A token must be granted to join both rooms.
///
/// With --otlp each pass is a trace of OpenTelemetry, sent as OTLP/HTTP JSON, and each component a service: Jaeger, Tempo, the Collector and others
/// take it on port 4318. The ROOT_ID is the trace's ID where it has 32 hexadecimal digits, and is hashed where not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio trace                                       the next pass
  swergio trace 4bf92f3577b34da6a3ce929d0e0e4736      that pass, when it comes
  swergio trace --all --for 60                        all of the next minute
  swergio trace --all --otlp http://127.0.0.1:4318    to a collector, until Ctrl-C
  swergio trace --json > pass.json                    the same as a file, without a collector

A span has the attributes swergio.component, .direction (forward, turn: the loss, backward), .room, .heard_in, .kind, .id, \
and where they are known .queue_seconds, .compute_seconds, .transit_seconds, .norm, .heard_norm, .not_finite and .weights_version; \
one that failed has the status ERROR. Its parent made what it heard. What a collector does not take within ten seconds is left out and counted.

Exit status: 0 when it ended as asked (Ctrl-C, --count or --for with --all); 1 when --for was over before the pass was there, or \
a collector did not take everything; 2 when it could not watch.")]
pub(crate) struct Trace {
    /// The ROOT_ID of the pass to show, or its end [default: the next pass].
    #[arg(conflicts_with_all = ["all", "count"])]
    root_id: Option<String>,
    /// Show every pass, until Ctrl-C.
    #[arg(long)]
    all: bool,
    /// Send passes to the collector at this address, instead of showing them.
    #[arg(long, value_name = "URL", value_parser = Collector::parse, conflicts_with = "json")]
    otlp: Option<Collector>,
    /// Print each pass as OTLP's JSON, one a line.
    #[arg(long)]
    json: bool,
    /// Stop after so many passes.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "all")]
    count: Option<u64>,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SECONDS", value_parser = clock::seconds)]
    time: Option<Duration>,
    #[command(flatten)]
    broker: Broker,
}

impl Trace {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let bounds = Bounds { inbox: INBOX, ..Bounds::default() };
        let client = self.broker.connect("trace", &[], Options { bounds, ..Options::default() }).await?;
        let mut gaps = Gaps::announce("trace", client.events());
        let kinds = [Kind::PRESENCE, Kind::SAMPLE, Kind::TRAFFIC, Kind::GAP];
        let mut heard = client.subscribe(Trigger::kinds(kinds).rooms([PRESENCE, WATCH])).await?;
        client.settle().await.map_err(explain)?;
        note(format_args!("trace: watching as {}", client.name()));

        let stop = Stop::after(self.time)?;
        let mut watch = Watch::new(self.root_id.clone());
        let mut export = self.otlp.clone().map(|collector| Export::begin(collector, ExportLimits::default()));
        let wanted = if self.all { u64::MAX } else { self.count.unwrap_or(1) };
        let mut shown = 0;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shown < wanted {
            tokio::select! {
                biased;
                () = stop.wait() => break,
                refusal = gaps.refusal() => return Err(refusal),
                _ = look.tick() => for pass in watch.over() {
                    if shown < wanted {
                        self.show(pass, export.as_mut())?;
                        shown += 1;
                    }
                },
                message = heard.next() => match message {
                    Some(message) => watch.take(&message),
                    None => return Err(closed(&client).await),
                },
            }
        }
        let most = usize::try_from(wanted - shown).unwrap_or(usize::MAX);
        for pass in watch.rest().into_iter().take(most) {
            self.show(pass, export.as_mut())?;
            shown += 1;
        }
        let taken = self.finish(export, shown).await;
        note(format_args!("trace: {shown} {}{}{gaps}", passes(shown), watch.missing()));
        Ok(if taken && (self.all || shown >= wanted) { Verdict::Yes } else { Verdict::No })
    }

    fn show(&self, pass: Pass, export: Option<&mut Export>) -> Result<()> {
        match export {
            Some(export) => export.give(pass),
            None if self.json => output::raw_line(otlp::document(&[pass]).to_string().as_bytes())?,
            None => output::print(&waterfall::waterfall(&pass))?,
        }
        Ok(())
    }

    /// Hands over what waits, and tells whether a collector took everything.
    async fn finish(&self, export: Option<Export>, shown: u64) -> bool {
        let (Some(export), Some(collector)) = (export, &self.otlp) else { return true };
        let tally = export.end().await;
        note(format_args!("trace: {collector} took {} of {shown} {}", tally.taken, passes(shown)));
        tally.left_out == 0
    }
}

/// Holds what was seen in `_watch` and `_presence`.
#[derive(Debug)]
struct Watch {
    root: Option<String>,
    began: Instant,
    seats: Seats,
    passes: Passes,
    /// The last share of the passes that the broker showed.
    share: f64,
    missed: u64,
}

impl Watch {
    fn new(root: Option<String>) -> Self {
        let passes = Passes::within(PassLimits::default());
        Self { root, began: Instant::now(), seats: Seats::new(), passes, share: 1.0, missed: 0 }
    }

    fn take(&mut self, message: &Message) {
        match &message.kind {
            kind if *kind == Kind::PRESENCE => self.seat(message),
            kind if *kind == Kind::SAMPLE => self.add(message),
            kind if *kind == Kind::TRAFFIC => self.traffic(message),
            _ => self.missed += message.field::<u64>("COUNT").ok().flatten().unwrap_or(0),
        }
    }

    /// Remembers a seat, also when it is left: a pass in which somebody fell is looked at afterwards.
    fn seat(&mut self, message: &Message) {
        let text = |key: &str| message.field::<String>(key).ok().flatten();
        if let (Some(name), Some(room)) = (text("NAME"), text("ROOM"))
            && self.seats.len() < SEATS
        {
            self.seats.insert((name, room));
        }
    }

    fn add(&mut self, message: &Message) {
        let Some(sample) = Sample::read(message) else { return };
        if self.root.is_none()
            || sample.root().is_some_and(|root| root.ends_with(self.root.as_deref().unwrap_or_default()))
        {
            self.passes.add(sample, self.began.elapsed());
        }
    }

    /// Takes note of what the broker does not show.
    fn traffic(&mut self, message: &Message) {
        let share = message.field::<f64>("SHARE").ok().flatten().unwrap_or(1.0);
        if share < 1.0 && self.share >= 1.0 {
            note(format_args!(
                "trace: so much is said that the broker shows {:.0} % of the passes; see --limit watch_samples of `swergio serve`",
                share * 100.0
            ));
        }
        self.share = share;
        self.missed += message.field::<u64>("MISSED").ok().flatten().unwrap_or(0);
    }

    /// Returns the passes that are over.
    fn over(&mut self) -> Vec<Pass> {
        let over = self.passes.over(self.began.elapsed(), &self.seats);
        over.into_iter().filter(|pass| self.is_whole(pass)).collect()
    }

    /// Returns those that are not over and yet worth showing: all is asked for of one, and others have come back.
    fn rest(&mut self) -> Vec<Pass> {
        let rest = self.passes.rest(&self.seats);
        rest.into_iter().filter(|pass| self.root.is_some() || pass.came_back()).collect()
    }

    /// Tells whether its beginning was seen, unless it was asked for by name.
    fn is_whole(&self, pass: &Pass) -> bool {
        let begins = pass.samples.first().is_some_and(|first| first.said.id.as_deref() == Some(&*pass.root));
        self.root.is_some() || begins || pass.heard > UNDER_WAY
    }

    fn missing(&self) -> String {
        let told =
            |count: u64, what: &str| if count == 0 { String::new() } else { format!("; {count} {what}") };
        told(self.missed, "messages were not shown by the broker")
            + &told(self.passes.lost, "passes were too many at once")
    }
}

fn passes(count: u64) -> &'static str {
    if count == 1 { "pass" } else { "passes" }
}

async fn closed(client: &Client) -> anyhow::Error {
    client.closed().await.err().map_or_else(|| anyhow!("the connection is closed"), Into::into)
}
