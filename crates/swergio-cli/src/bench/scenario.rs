//! Scenario: what the command line asks for, made into plans.

use std::time::Duration;

use super::plan::{Pace, Plan, Shape, Spelling, Until};
use super::size;
use crate::clock;

/// What to measure.
#[derive(Clone, Debug, clap::Subcommand)]
pub(super) enum Scenario {
    /// Two members bounce one message: how long it takes there and back
    RoundTrip {
        /// Pairs that do so side by side, each in a room of its own.
        #[arg(long, value_name = "N", default_value = "1", value_parser = lanes())]
        pairs: u64,
    },
    /// One sender, one receiver
    OneToOne,
    /// One sender, many receivers in one room
    FanOut {
        /// Receivers; several numbers are measured one after another.
        #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100", value_parser = some())]
        members: Vec<u64>,
    },
    /// Many rooms side by side, each with a sender of its own
    Rooms {
        /// Rooms; several numbers are measured one after another.
        #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "50", value_parser = lanes())]
        rooms: Vec<u64>,
        /// Receivers in each room.
        #[arg(long, value_name = "N", default_value = "1", value_parser = some())]
        members: u64,
    },
    /// One sender, one receiver, payloads of a MiB and more
    Large,
    /// Connections that say nothing: the broker's memory for each
    Idle {
        /// Connections, in one room; several numbers are measured one after another.
        #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1000", value_parser = some())]
        connections: Vec<u64>,
    },
    /// Each of these, with a few sizes
    All,
}

/// How it is measured.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Load")]
pub(super) struct Load {
    /// Bytes of a payload, as 100, 4k or 16m; several are measured one after another
    /// [default: 100; large: 1m,16m].
    #[arg(long, short, global = true, value_name = "BYTES,…", value_delimiter = ',', value_parser = size::bytes)]
    size: Vec<usize>,
    /// How messages are spelt; several are measured one after another.
    #[arg(long, global = true, value_name = "CODEC,…", value_delimiter = ',', default_value = "msgpack")]
    codec: Vec<Spelling>,
    /// How long to measure each.
    #[arg(long, global = true, value_name = "SECONDS", default_value = "5", value_parser = clock::seconds)]
    seconds: Duration,
    /// Measure so many messages of each sender instead.
    #[arg(long, short, global = true, value_name = "N", value_parser = some())]
    messages: Option<u64>,
    /// How long to send before it is measured.
    #[arg(long, global = true, value_name = "SECONDS", default_value = "1", value_parser = clock::seconds)]
    warm_up: Duration,
    /// Send by the clock: so many messages a second, of all senders together. Latency then counts from when a
    /// message was to be sent, whether or not it could be.
    #[arg(long, global = true, value_name = "N", conflicts_with = "window", value_parser = rate)]
    rate: Option<f64>,
    /// Messages of a sender that may be under way until every receiver has heard them
    /// [default: 512, less of large ones; round-trip: 1].
    #[arg(long, short, global = true, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=16_384))]
    window: Option<u64>,
}

impl Scenario {
    /// Makes a plan for each size, number and codec that was asked for.
    pub(super) fn plans(&self, load: &Load) -> Vec<Plan> {
        let mut plans = Vec::new();
        for (shape, usual_sizes) in self.shapes() {
            let sizes = if load.size.is_empty() { usual_sizes } else { &load.size };
            // A connection at rest has no size but that of the one message at its end.
            let sizes = if matches!(shape, Shape::Idle { .. }) { &sizes[..1] } else { sizes };
            for &size in sizes {
                plans.extend(load.codec.iter().map(|&codec| load.plan(shape, size, codec)));
            }
        }
        plans
    }

    /// Lists who talks to whom, and the sizes that are usual there.
    fn shapes(&self) -> Vec<(Shape, &'static [usize])> {
        const SMALL: &[usize] = &[100];
        const LARGE: &[usize] = &[1 << 20, 16 << 20];
        let fan_out = |members: u64| (stream("fan-out", 1, members), SMALL);
        let one_to_one = stream("one-to-one", 1, 1);
        let large = stream("large", 1, 1);
        match self {
            Self::RoundTrip { pairs } => vec![(Shape::RoundTrip { pairs: number(*pairs) }, SMALL)],
            Self::OneToOne => vec![(one_to_one, SMALL)],
            Self::FanOut { members } => members.iter().copied().map(fan_out).collect(),
            Self::Rooms { rooms, members } => {
                rooms.iter().map(|&rooms| (stream("rooms", rooms, *members), SMALL)).collect()
            }
            Self::Large => vec![(large, LARGE)],
            Self::Idle { connections } => {
                connections.iter().map(|&connections| (idle(connections), SMALL)).collect()
            }
            Self::All => vec![
                (Shape::RoundTrip { pairs: 1 }, &[100, 4096]),
                (one_to_one, &[100, 4096]),
                fan_out(10),
                fan_out(100),
                fan_out(1000),
                (stream("rooms", 50, 1), SMALL),
                (large, LARGE),
                (idle(1000), SMALL),
            ],
        }
    }
}

impl Load {
    fn plan(&self, shape: Shape, size: usize, codec: Spelling) -> Plan {
        let window = self.window.unwrap_or_else(|| Plan::usual_window(shape, size));
        let is_idle = matches!(shape, Shape::Idle { .. });
        let pace = self.rate.filter(|_| !is_idle).map_or(Pace::Window(window), Pace::Rate);
        let until = self.messages.map_or(Until::Time(self.seconds), Until::Messages);
        Plan { shape, codec, size, warm_up: self.warm_up, until, pace }
    }

    /// Tells whether more than one codec is measured.
    pub(super) fn has_several_codecs(&self) -> bool {
        self.codec.len() > 1
    }
}

fn stream(name: &'static str, rooms: u64, members: u64) -> Shape {
    Shape::Stream { name, rooms: number(rooms), members: number(members) }
}

fn idle(connections: u64) -> Shape {
    // One of them is the sender of the message at the end.
    Shape::Idle { connections: number(connections) }
}

/// A number that was parsed within bounds fits.
fn number(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn some() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=MOST)
}

/// Senders have a number of 16 bits in the marks of their messages.
fn lanes() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(1..=u16::MAX.into())
}

/// Connections or messages at most: more than any one machine can hold, and than a mark can number.
const MOST: u64 = 1 << 40;

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number of messages a second".to_owned())?;
    if rate.is_finite() && (1e-3..=1e9).contains(&rate) {
        Ok(rate)
    } else {
        Err("from 0.001 to 1e9".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        scenario: Scenario,
        #[command(flatten)]
        load: Load,
    }

    fn plans(line: &str) -> Vec<Plan> {
        let line = Line::try_parse_from(std::iter::once("bench").chain(line.split(' '))).unwrap();
        line.scenario.plans(&line.load)
    }

    fn refuses(line: &str) -> bool {
        Line::try_parse_from(std::iter::once("bench").chain(line.split(' '))).is_err()
    }

    #[test]
    fn sizes_numbers_and_codecs_are_measured_each_with_each() {
        let plans = plans("fan-out --members 10,100 --size 100,4k --codec json,msgpack --messages 500");
        assert_eq!(plans.len(), 8);
        assert_eq!(plans[0].title(), "fan-out 1→10");
        assert_eq!((plans[0].size, plans[0].codec), (100, Spelling::Json));
        assert_eq!(plans[7].title(), "fan-out 1→100");
        assert_eq!((plans[7].size, plans[7].codec), (4096, Spelling::Msgpack));
        assert!(plans.iter().all(|plan| plan.until == Until::Messages(500)));
    }

    #[test]
    fn without_a_word_each_scenario_measures_what_is_usual() {
        let [one] = &plans("round-trip")[..] else { panic!("one plan") };
        assert_eq!(
            (one.size, one.pace, one.until),
            (100, Pace::Window(1), Until::Time(Duration::from_secs(5)))
        );
        assert_eq!(plans("large").iter().map(|plan| plan.size).collect::<Vec<_>>(), [1 << 20, 16 << 20]);
        assert_eq!(plans("rooms")[0].connections(), 100);
        let titles: Vec<String> = plans("all").iter().map(Plan::title).collect();
        assert_eq!(titles.len(), 11);
        assert_eq!(titles.last().unwrap(), "idle, 1000 connections");
    }

    #[test]
    fn a_rate_replaces_the_window() {
        assert_eq!(plans("one-to-one --rate 2000")[0].pace, Pace::Rate(2000.0));
        assert!(matches!(plans("idle --rate 2000")[0].pace, Pace::Window(_)));
        assert!(refuses("one-to-one --rate 2000 --window 5"));
        for bad in ["0", "-1", "nan", "inf", "fast"] {
            assert!(refuses(&format!("one-to-one --rate {bad}")), "{bad}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "fan-out --members 0",
            "rooms --rooms 65536",
            "large --size 1x",
            "rooms --codec xml",
            "idle --seconds -1",
            "march",
        ] {
            assert!(refuses(line), "{line}");
        }
    }
}
