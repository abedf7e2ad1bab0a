//! Otlp: passes as spans of OpenTelemetry, in the JSON that its collectors take.

use serde_json::{Value, json};

use super::passes::Pass;
use super::span::{Span, Way};

/// Says that something went wrong: `STATUS_CODE_ERROR`.
const ERROR: u32 = 2;
/// The kind of a span that is nobody's work: `SPAN_KIND_INTERNAL`.
const INTERNAL: u32 = 1;
/// The kind of a span that works on what it heard: `SPAN_KIND_CONSUMER`.
const CONSUMER: u32 = 5;

/// Spells passes as an `ExportTraceServiceRequest`: each component as a service of its own.
pub(super) fn document(passes: &[Pass]) -> Value {
    let mut services: Vec<(&str, Vec<Value>)> = Vec::new();
    for pass in passes {
        put(&mut services, pass.began().0, whole(pass));
        for span in &pass.spans {
            put(&mut services, &span.component, part(pass, span));
        }
    }
    let resources = services.into_iter().map(|(name, spans)| {
        json!({
            "resource": {"attributes": [text("service.name", name), text("service.namespace", "swergio")]},
            "scopeSpans": [{"scope": {"name": "swergio", "version": env!("CARGO_PKG_VERSION")}, "spans": spans}],
        })
    });
    json!({"resourceSpans": resources.collect::<Vec<_>>()})
}

fn put<'p>(services: &mut Vec<(&'p str, Vec<Value>)>, name: &'p str, span: Value) {
    match services.iter_mut().find(|(service, _)| *service == name) {
        Some((_, spans)) => spans.push(span),
        None => services.push((name, vec![span])),
    }
}

/// Spells the pass itself, which all else is within.
fn whole(pass: &Pass) -> Value {
    let (by, room) = pass.began();
    let (from, to) = pass.times();
    let mut attributes = vec![
        text("swergio.root_id", &pass.root),
        text("swergio.component", by),
        text("swergio.room", room),
        json!({"key": "swergio.came_back", "value": {"boolValue": pass.came_back()}}),
    ];
    let status = pass.samples.first().and_then(|first| first.said.model_status);
    attributes.extend(status.map(|status| whole_number("swergio.model_status", status)));
    json!({
        "traceId": trace_id(&pass.root),
        "spanId": span_id(pass, None),
        "name": format!("pass from {room}"),
        "kind": INTERNAL,
        "startTimeUnixNano": nanoseconds(from),
        "endTimeUnixNano": nanoseconds(to),
        "attributes": attributes,
    })
}

fn part(pass: &Pass, span: &Span) -> Value {
    let (from, to) = pass.time(span);
    let said = &pass.samples[span.said];
    let mut told = json!({
        "traceId": trace_id(&pass.root),
        "spanId": span_id(pass, Some(span)),
        "parentSpanId": span_id(pass, span.parent.map(|parent| &pass.spans[parent])),
        "name": format!("{} {}", span.component, span.way),
        "kind": CONSUMER,
        "startTimeUnixNano": nanoseconds(from),
        "endTimeUnixNano": nanoseconds(to),
        "attributes": attributes(pass, span),
    });
    if said.is_fault() {
        let words = [&said.said.code, &said.said.message].map(|word| word.as_deref().unwrap_or(""));
        told["status"] = json!({"code": ERROR, "message": words.join(": ")});
    }
    told
}

fn attributes(pass: &Pass, span: &Span) -> Vec<Value> {
    let said = &pass.samples[span.said];
    let way = match span.way {
        Way::Forward => "forward",
        Way::Turn => "turn",
        Way::Backward => "backward",
    };
    let mut attributes = vec![
        text("swergio.component", &span.component),
        text("swergio.direction", way),
        text("swergio.room", said.room()),
        text("swergio.heard_in", pass.samples[span.heard].room()),
        text("swergio.kind", &said.said.r#type),
        text("swergio.id", said.said.id.as_deref().unwrap_or("")),
    ];
    let [queue, compute, transit] = pass.parts(span);
    let [heard_norm, norm] = pass.norms(span);
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let numbers = [
        ("swergio.queue_seconds", queue),
        ("swergio.compute_seconds", compute),
        ("swergio.transit_seconds", transit),
        ("swergio.heard_norm", finite(heard_norm.map(|norm| norm.value))),
        ("swergio.norm", finite(norm.map(|norm| norm.value))),
    ];
    let known = numbers.into_iter().filter_map(|(key, value)| Some((key, value?)));
    attributes.extend(known.map(|(key, value)| json!({"key": key, "value": {"doubleValue": value}})));
    attributes.extend(norm.map(|norm| whole_number("swergio.not_finite", norm.broken)));
    attributes
        .extend(said.said.weights_version.map(|version| whole_number("swergio.weights_version", version)));
    attributes
}

fn text(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// Spells an integer of 64 bits: as a string, for JavaScript has none.
fn whole_number(key: &str, value: impl std::fmt::Display + Copy) -> Value {
    json!({"key": key, "value": {"intValue": format!("{value}")}})
}

/// Spells seconds since 1970 as nanoseconds. A double knows them to a quarter of a microsecond.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the broker's clock is past 1970")]
fn nanoseconds(seconds: f64) -> String {
    ((seconds * 1e6).round().max(0.0) as u64).saturating_mul(1000).to_string()
}

/// Makes a trace's ID: the ROOT_ID where that is one, as ours are, and else a hash of it.
pub(super) fn trace_id(root: &str) -> String {
    let plain: String = root.chars().filter(|letter| *letter != '-').collect();
    let fits = plain.len() == 32 && plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits && plain.bytes().any(|byte| byte != b'0') {
        return plain.to_ascii_lowercase();
    }
    format!("{:032x}", hash([root]).max(1))
}

/// Makes a span's ID of what it is, so that it is the same whoever exports it.
fn span_id(pass: &Pass, span: Option<&Span>) -> String {
    let number = match span {
        None => hash([pass.root.as_str(), "pass"]),
        Some(span) => {
            let ids = [span.heard, span.said].map(|at| pass.samples[at].said.id.as_deref().unwrap_or(""));
            let way = span.way.to_string();
            hash([pass.root.as_str(), &span.component, &way, ids[0], ids[1], pass.samples[span.said].room()])
        }
    };
    let folded = (number >> 64) ^ (number & u128::from(u64::MAX));
    format!("{:016x}", folded.max(1))
}

/// Hashes words by FNV-1a of 128 bits: the same today, tomorrow and elsewhere, which the standard library's does not promise.
fn hash<const N: usize>(words: [&str; N]) -> u128 {
    let bytes = words.into_iter().flat_map(|word| word.bytes().chain([0xff]));
    bytes.fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_id_of_32_hex_digits_is_the_trace_and_others_are_hashed() {
        let ours = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(ours), ours);
        assert_eq!(trace_id("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736"), ours);
        let hashed: Vec<String> = ["", "p", "q", &"0".repeat(32), &"g".repeat(32)].map(trace_id).into();
        for (at, id) in hashed.iter().enumerate() {
            assert!(id.len() == 32 && id.bytes().any(|byte| byte != b'0'), "{id}");
            assert!(!hashed[..at].contains(id), "{id} twice");
        }
        // Pinned: whoever exports a pass again gives it the same ID.
        assert_eq!(format!("{:032x}", hash([])), "6c62272e07bb014262b821756295c58d");
        assert_eq!(trace_id("p"), hashed[1]);
    }
}
