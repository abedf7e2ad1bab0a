//! Waterfall: a pass as text, a line for each thing that a component did, forward above and backward below.

use std::fmt::Write;

use super::passes::Pass;
use super::sample::Norm;
use super::span::Span;
use crate::line::plain;

/// Columns of the time axis.
const AXIS: usize = 32;

/// Draws a pass.
pub(super) fn waterfall(pass: &Pass) -> String {
    let (from, to) = pass.times();
    let (by, room) = pass.began();
    let back = if pass.came_back() { "came back" } else { "did not come back" };
    let mut page = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(
        page,
        "pass {}  begun by {} in {}  {} messages  {}  {back}",
        plain(&pass.root),
        plain(by),
        plain(room),
        pass.samples.len(),
        span_of_time(to - from)
    );
    let names: Vec<String> = pass.spans.iter().map(|span| plain(&span.component)).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("COMPONENT".len());
    let head = format!("  {:wide$}  {:8}  {:AXIS$}", "COMPONENT", "WAY", "");
    let _ =
        writeln!(page, "{head}  {:>8} {:>8} {:>8} {:>8}  NORM, ROOMS", "TOOK", "QUEUE", "COMPUTE", "TRANSIT");
    for (span, name) in pass.spans.iter().zip(&names) {
        let bar = bar(pass.time(span), (from, to));
        let took = pass.time(span).1 - pass.time(span).0;
        let _ = write!(page, "  {name:wide$}  {:8}  {bar}  {:>8}", span.way, span_of_time(took));
        for part in pass.parts(span) {
            let _ = write!(page, " {:>8}", part.map_or_else(|| "·".to_owned(), span_of_time));
        }
        let _ = writeln!(page, "  {}", what(pass, span));
    }
    page
}

/// Draws when something was, of the time that all took.
fn bar((from, to): (f64, f64), (begin, end): (f64, f64)) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place on the axis"
    )]
    let place = |time: f64| ((time - begin) / (end - begin).max(1e-9) * AXIS as f64).round() as usize;
    let start = place(from).min(AXIS - 1);
    let stop = place(to).clamp(start + 1, AXIS);
    let (before, after) = ("·".repeat(start), "·".repeat(AXIS - stop));
    format!("{before}{}{after}", "█".repeat(stop - start))
}

/// Says how the norm changed, between which rooms, and what was refused.
fn what(pass: &Pass, span: &Span) -> String {
    let [heard, said] = pass.norms(span);
    let (heard_in, said_in) = (pass.samples[span.heard].room(), pass.samples[span.said].room());
    let norm = |norm: Option<Norm>| match norm {
        Some(Norm { value, broken: 0 }) => format!("{value:.3e}"),
        Some(Norm { broken, .. }) => format!("{broken} NaN or infinite"),
        None => "·".to_owned(),
    };
    let rooms = format!("{} → {}", plain(heard_in), plain(said_in));
    let fault = &pass.samples[span.said];
    if fault.is_fault() {
        let said = [&fault.said.code, &fault.said.message].map(|text| plain(text.as_deref().unwrap_or("")));
        return format!("FAULT {}: {}  {rooms}", said[0], said[1]);
    }
    format!("{} → {}  {rooms}", norm(heard), norm(said))
}

/// Spells seconds with three digits and a unit.
fn span_of_time(seconds: f64) -> String {
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.2} ms", s * 1e3),
        s => format!("{:.0} µs", s * 1e6),
    }
}
