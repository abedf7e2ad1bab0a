//! Table: the figures for people, a line for each plan as soon as it is done.

use super::figures::{Figures, Usage};
use super::size::{brief, count, time};

/// Width of what is measured.
const TITLE: usize = 24;

/// Returns the lines above the figures.
pub(super) fn heading() -> [String; 2] {
    [
        format!(
            "{:<TITLE$} {:>9} {:>8} {:>10} {:>9} {:^40}  {:>6} {:>6} {:>8}",
            "", "", "deliver-", "per CPU s", "payload", "latency", "broker", "bench", "broker"
        ),
        format!(
            "{:<TITLE$} {:>9} {:>8} {:>10} {:>9} {:>8}{:>8}{:>8}{:>8}{:>8}  {:>6} {:>6} {:>8} {:>6}",
            "",
            "size",
            "ies/s",
            "of broker",
            "MB/s",
            "p50",
            "p90",
            "p99",
            "p99.9",
            "max",
            "CPUs",
            "CPUs",
            "memory",
            "lost"
        ),
    ]
}

/// Writes one plan's figures as a line; and a second one about what is wrong, or about idle connections.
pub(super) fn row(figures: &Figures, several_codecs: bool) -> Vec<String> {
    let title = match several_codecs {
        true => format!("{} {}", figures.title, figures.codec.name()),
        false => figures.title.clone(),
    };
    let latency = match &figures.latency_us {
        Some(spread) => [spread.p50, spread.p90, spread.p99, spread.p99_9, spread.max].map(time),
        None => std::array::from_fn(|_| "-".to_owned()),
    };
    let [p50, p90, p99, p99_9, max] = latency;
    let of = |usage: Option<Usage>, text: fn(&Usage) -> Option<String>| {
        usage.as_ref().and_then(text).unwrap_or_else(|| "-".to_owned())
    };
    let per_cpu = of(figures.broker, |broker| broker.deliveries_per_cpu_second.map(count));
    let cpus = |usage| of(usage, |usage| Some(format!("{:.2}", usage.cpus)));
    // One message to all says nothing of a rate.
    let rate = |number| if figures.idle.is_some() { "-".to_owned() } else { count(number) };
    let memory = of(figures.broker, |broker| Some(brief(usize::try_from(broker.memory_bytes).ok()?)));
    let mut lines = vec![format!(
        "{title:<TITLE$} {:>9} {:>8} {per_cpu:>10} {:>9} {p50:>8}{p90:>8}{p99:>8}{p99_9:>8}{max:>8}  {:>6} {:>6} {memory:>8} {:>6}",
        brief(figures.size),
        rate(figures.deliveries_per_second),
        rate(figures.megabytes_per_second),
        cpus(figures.broker),
        cpus(figures.bench),
        figures.lost,
    )];
    lines.extend(idle(figures));
    if figures.out_of_order > 0 {
        lines.push(format!("  {} deliveries came out of order or twice", figures.out_of_order));
    }
    lines
}

fn idle(figures: &Figures) -> Option<String> {
    let idle = figures.idle?;
    let each = |bytes: Option<f64>| match bytes {
        Some(bytes) => format!("{:.1} KiB", bytes / 1024.0),
        None => "unknown".to_owned(),
    };
    Some(format!(
        "  the broker's memory for each connection: {} at rest, {} after one message to all; connected in {:.1} s",
        each(idle.bytes_at_rest),
        each(idle.bytes_after_broadcast),
        idle.connect_seconds,
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::drill::Span;
    use super::super::figures::Accounts;
    use super::super::latency::Percentiles;
    use super::super::plan::{Pace, Plan, Shape, Spelling, Until};
    use super::super::process::Used;
    use super::*;

    fn figures() -> Figures {
        let plan = Plan {
            shape: Shape::Stream { name: "fan-out", rooms: 1, members: 100 },
            codec: Spelling::Json,
            size: 4096,
            warm_up: Duration::ZERO,
            until: Until::Messages(1000),
            pace: Pace::Window(512),
        };
        let span = Span { sent: 1000, heard: 99_900, took: Duration::from_millis(500), late: None };
        let used = |cpu: f64| Some(Used { cpu: Duration::from_secs_f64(cpu), memory: 8 << 20 });
        let before = Accounts { broker: used(1.0), bench: used(2.0) };
        let after = Accounts { broker: used(1.25), bench: used(2.5) };
        let latency = Percentiles { p50: 41.2, p90: 55.0, p99: 175.0, p99_9: 1750.0, max: 2500.0 };
        Figures { lost: 100, latency_us: Some(latency), ..Figures::of(&plan, &span, before, after) }
    }

    #[test]
    fn a_line_holds_what_a_reader_plans_with() {
        let lines = row(&figures(), true);
        let words: Vec<&str> = lines[0].split_whitespace().collect();
        let wanted =
            "fan-out 1→100 json 4 KiB 200k 400k 818 41.2µs 55µs 175µs 1.75ms 2.50ms 0.50 1.00 8 MiB 100";
        assert_eq!(words, wanted.split_whitespace().collect::<Vec<_>>());
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn columns_stand_below_their_headings() {
        let width = |line: &str| line.chars().count();
        assert_eq!(width(&row(&figures(), false)[0]), width(&heading()[1]));
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        let unknown = Figures { broker: None, latency_us: None, ..figures() };
        let line = row(&unknown, false).remove(0);
        assert_eq!(line.split_whitespace().filter(|word| *word == "-").count(), 8);
    }

    #[test]
    fn disorder_is_told() {
        let lines = row(&Figures { out_of_order: 3, ..figures() }, false);
        assert_eq!(lines[1], "  3 deliveries came out of order or twice");
    }
}
