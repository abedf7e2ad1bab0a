//! Figures: what one plan came to, as the report keeps it.

use std::time::Duration;

use serde::Serialize;

use super::drill::Span;
use super::idle::Idle;
use super::latency::Percentiles;
use super::plan::{Pace, Plan, Spelling};
use super::process::Used;

/// Holds the figures of one plan. Its fields are the keys of the JSON report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Figures {
    /// `round-trip`, `one-to-one`, `fan-out`, `rooms`, `large` or `idle`.
    pub(super) scenario: &'static str,
    /// The same for people, with the numbers that matter: `fan-out 1→100`.
    pub(super) title: String,
    pub(super) codec: Spelling,
    /// Bytes of a payload.
    pub(super) size: usize,
    /// Senders, each in a room of its own.
    pub(super) senders: usize,
    /// Members that hear each message.
    pub(super) receivers: usize,
    /// Messages of a sender that may be under way; nothing where they are sent by the clock.
    pub(super) window: Option<u64>,
    /// Messages a second that were to be sent, of all senders together.
    pub(super) rate: Option<f64>,
    /// From the first message sent to the last heard.
    pub(super) seconds: f64,
    /// Messages that were sent.
    pub(super) sent: u64,
    /// Messages that the broker delivered: one for each receiver, two for a round trip.
    pub(super) deliveries: u64,
    pub(super) deliveries_per_second: f64,
    /// Payload delivered, in 10⁶ bytes a second.
    pub(super) megabytes_per_second: f64,
    /// Deliveries that never came, the warm-up included.
    pub(super) lost: u64,
    /// Deliveries that came after a later one or twice, the warm-up included.
    pub(super) out_of_order: u64,
    /// Microseconds from sending, or from when it was to be sent, to hearing; of a round trip there and back.
    pub(super) latency_us: Option<Percentiles>,
    /// Microseconds that messages were sent too late, where they are sent by the clock.
    pub(super) late_us: Option<Percentiles>,
    pub(super) broker: Option<Usage>,
    /// The members' side: the client of each, and the bench.
    pub(super) bench: Option<Usage>,
    pub(super) idle: Option<Idle>,
    /// What went wrong, for a person to read.
    pub(super) trouble: Option<String>,
}

/// Tells what a process used meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Usage {
    pub(super) cpu_seconds: f64,
    /// Processors that it kept busy.
    pub(super) cpus: f64,
    pub(super) deliveries_per_cpu_second: Option<f64>,
    /// Resident bytes at the end.
    pub(super) memory_bytes: u64,
}

/// Holds what broker and bench had used at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accounts {
    pub(super) broker: Option<Used>,
    pub(super) bench: Option<Used>,
}

impl Figures {
    pub(super) fn of(plan: &Plan, span: &Span, before: Accounts, after: Accounts) -> Self {
        let seconds = span.took.as_secs_f64();
        let deliveries = span.heard * plan.hops();
        let a_second = |count: f64| if seconds > 0.0 { count / seconds } else { 0.0 };
        let usage = |before, after| Usage::between(before, after, seconds, Some(deliveries));
        Self {
            scenario: plan.scenario(),
            title: plan.title(),
            codec: plan.codec,
            size: plan.size,
            senders: plan.lanes(),
            receivers: plan.receivers(),
            window: matches!(plan.pace, Pace::Window(_)).then(|| plan.window()),
            rate: match plan.pace {
                Pace::Rate(rate) => Some(rate),
                Pace::Window(_) => None,
            },
            seconds,
            sent: span.sent,
            deliveries,
            deliveries_per_second: a_second(deliveries as f64),
            megabytes_per_second: a_second(deliveries as f64 * plan.size as f64 / 1e6),
            lost: 0,
            out_of_order: 0,
            latency_us: None,
            late_us: span.late.as_ref().and_then(|late| late.percentiles()),
            broker: usage(before.broker, after.broker),
            bench: usage(before.bench, after.bench),
            idle: None,
            trouble: None,
        }
    }

    /// Makes the figures of idle connections: what was used to connect them, to rest, and to reach them all.
    pub(super) fn of_idle(
        plan: &Plan,
        span: &Span,
        idle: Idle,
        before: Accounts,
        after: Accounts,
        took: Duration,
    ) -> Self {
        let usage = |before, after| Usage::between(before, after, took.as_secs_f64(), None);
        let (broker, bench) = (usage(before.broker, after.broker), usage(before.bench, after.bench));
        Self { idle: Some(idle), broker, bench, ..Self::of(plan, span, before, after) }
    }

    /// Tells whether every message came, once and in its order.
    pub(super) fn is_whole(&self) -> bool {
        self.lost == 0 && self.out_of_order == 0
    }

    /// Tells what a reader of the figures should know about them.
    pub(super) fn notes(&self, processors: usize) -> Vec<String> {
        let mut notes: Vec<String> = self.trouble.iter().cloned().collect();
        let cpus = |usage: &Option<Usage>| usage.map_or(0.0, |usage| usage.cpus);
        let (bench, both) = (cpus(&self.bench), cpus(&self.bench) + cpus(&self.broker));
        if bench > 0.45 * processors as f64 && self.scenario != "idle" && both > 0.85 * processors as f64 {
            notes.push(format!(
                "the machine was full: the members took {bench:.1} of {processors} processors; \
                 compare deliveries per CPU second of the broker"
            ));
        }
        if let (Some(rate), Some(late)) = (self.rate, self.late_us) {
            let kept = self.sent as f64 / self.seconds.max(1e-9);
            if kept < 0.98 * rate || late.p99 > 10_000.0 {
                notes.push(format!(
                    "{kept:.0} of {rate:.0} messages a second were sent, and the last 1 % more than {:.1} ms late: \
                     this rate is too high",
                    late.p99 / 1e3
                ));
            }
        }
        notes
    }
}

impl Usage {
    fn between(
        before: Option<Used>,
        after: Option<Used>,
        seconds: f64,
        deliveries: Option<u64>,
    ) -> Option<Self> {
        let (before, after) = (before?, after?);
        let cpu_seconds = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        Some(Self {
            cpu_seconds,
            cpus: if seconds > 0.0 { cpu_seconds / seconds } else { 0.0 },
            deliveries_per_cpu_second: deliveries
                .filter(|_| cpu_seconds > 0.0)
                .map(|count| count as f64 / cpu_seconds),
            memory_bytes: after.memory,
        })
    }
}
