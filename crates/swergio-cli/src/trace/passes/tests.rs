//! Plays of a trainer, a network and a trebuchet, with times made up.

use super::super::otlp::document;
use super::super::sample::Said;
use super::super::span::Way;
use super::super::waterfall::waterfall;
use super::*;

const SEATS: [(&str, &str); 6] = [
    ("trainer", "input"),
    ("trainer", "output"),
    ("network", "input"),
    ("network", "model"),
    ("trebuchet", "model"),
    ("trebuchet", "output"),
];

fn seats() -> Seats {
    SEATS.map(|(name, room)| (name.to_owned(), room.to_owned())).into()
}

fn sample(time: f64, from: &str, room: &str, kind: &str, id: &str) -> Sample {
    let said = Said {
        r#type: format!("DATA/{kind}"),
        id: Some(id.to_owned()),
        root_id: Some("i".to_owned()),
        to_room: Some(room.to_owned()),
        ..Said::default()
    };
    Sample { time, from: from.to_owned(), said, norm: Some(Norm { value: time, broken: 0 }) }
}

/// One pass, forward and back: at 1.000 s begun, at 1.020 s home.
fn pass() -> Vec<Sample> {
    let mut samples = vec![
        sample(1.000, "trainer", "input", "FORWARD", "i"),
        sample(1.005, "network", "model", "FORWARD", "o"),
        sample(1.009, "trebuchet", "output", "FORWARD", "q"),
        sample(1.010, "trainer", "output", "GRADIENT", "q"),
        sample(1.014, "trebuchet", "model", "GRADIENT", "o"),
        sample(1.020, "network", "input", "GRADIENT", "i"),
    ];
    samples[1].said.queue_time = Some(0.001);
    samples[1].said.compute_time = Some(0.0025);
    samples
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// Plays messages, and returns the pass that they are.
fn over(samples: Vec<Sample>) -> Pass {
    let mut passes = Passes::default();
    samples.into_iter().for_each(|sample| passes.add(sample, ms(0)));
    let mut over = passes.over(ms(3000), &seats());
    assert_eq!(over.len(), 1);
    over.remove(0)
}

#[test]
fn a_pass_is_traced_forward_and_back_through_every_component() {
    let mut shuffled = pass();
    shuffled.swap(1, 4);
    for samples in [pass(), shuffled] {
        let pass = over(samples);
        let told: Vec<_> =
            pass.spans.iter().map(|span| (span.component.as_str(), span.way, span.parent)).collect();
        let expected = [
            ("network", Way::Forward, None),
            ("trebuchet", Way::Forward, Some(0)),
            ("trainer", Way::Turn, Some(1)),
            ("trebuchet", Way::Backward, Some(2)),
            ("network", Way::Backward, Some(3)),
        ];
        assert_eq!(told, expected);
        assert!(pass.came_back());
        let [queue, compute, transit] = pass.parts(&pass.spans[0]).map(Option::unwrap);
        assert_eq!((queue, compute), (0.001, 0.0025));
        assert!((transit - 0.0015).abs() < 1e-9, "{transit}");
        assert_eq!(pass.parts(&pass.spans[1]), [None; 3]);
    }
}

#[test]
fn a_pass_is_over_soon_after_it_came_back_and_later_if_it_did_not() {
    for (messages, silence) in [(6, 400), (5, 3000), (1, 3000)] {
        let mut passes = Passes::default();
        pass().into_iter().take(messages).for_each(|sample| passes.add(sample, ms(100)));
        assert!(passes.over(ms(99 + silence), &seats()).is_empty(), "{messages}");
        assert_eq!(passes.over(ms(100 + silence), &seats()).len(), 1);
        assert!(passes.rest(&seats()).is_empty());
    }
}

#[test]
fn passes_and_their_messages_are_bounded_and_what_is_lost_is_counted() {
    let mut passes = Passes::within(PassLimits { open: 2, messages: 3, ..PassLimits::default() });
    for root in ["a", "b", "c"] {
        for mut sample in pass() {
            sample.said.root_id = Some(root.to_owned());
            passes.add(sample, ms(0));
        }
    }
    let rest = passes.rest(&seats());
    assert_eq!(
        rest.iter().map(|pass| (pass.root.as_str(), pass.samples.len())).collect::<Vec<_>>(),
        [("b", 3), ("c", 3)]
    );
    assert_eq!(passes.lost, 1);
}

#[test]
fn a_refusal_is_told_of_whom_it_came_from_and_not_of_who_hands_it_on() {
    let fault = |from: &str, room: &str, about: &str| {
        let mut fault = sample(1.012, from, room, "FAULT", "f");
        let words =
            [about, "trebuchet", "PORT_NAN", "NaN in\u{1b}[2J angle"].map(|word| Some(word.to_owned()));
        [fault.said.r#ref, fault.said.component, fault.said.code, fault.said.message] = words;
        fault
    };
    for (messages, way, parent) in [(2, Way::Forward, Some(0)), (4, Way::Backward, Some(2))] {
        let mut samples: Vec<Sample> = pass().into_iter().take(messages).collect();
        samples.extend([fault("trebuchet", "model", "o"), fault("network", "input", "i")]);
        let pass = over(samples);
        let last = pass.spans.last().unwrap();
        assert_eq!((last.component.as_str(), last.way, last.parent), ("trebuchet", way, parent));
        assert_eq!(pass.spans.iter().filter(|span| pass.samples[span.said].is_fault()).count(), 1);
        let told = document(std::slice::from_ref(&pass)).to_string();
        assert!(told.contains(r#""status":{"code":2,"message":"PORT_NAN: NaN in"#), "{told}");
        let page = waterfall(&pass);
        assert!(page.contains("FAULT PORT_NAN: NaN in\\u{1b}[2J angle"), "{page}");
    }
}

#[test]
fn a_waterfall_shows_when_how_long_and_what_of_it() {
    let page = waterfall(&over(pass()));
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines[0], "pass i  begun by trainer in input  6 messages  20.00 ms  came back");
    let axis = |full: &str, after: usize| format!("{full}{}", "·".repeat(after));
    assert_eq!(
        lines[2],
        format!(
            "  network    forward   {}   5.00 ms  1.00 ms  2.50 ms  1.50 ms  1.000e0 → 1.005e0  input → model",
            axis(&"█".repeat(8), 24)
        )
    );
    assert_eq!(lines.len(), 7);
    assert!(lines[6].starts_with("  network    backward") && lines[6].ends_with("model → input"), "{page}");
    assert_eq!(lines[3].matches("·").count(), 26 + 3, "{page}");
}

#[test]
fn spans_have_their_pass_their_parent_and_what_is_known() {
    let mut samples = pass();
    samples[4].norm = Some(Norm { value: 2.0, broken: 3 });
    let told = document(&[over(samples)]);
    let services = told["resourceSpans"].as_array().unwrap();
    let named =
        |at: usize| services[at]["resource"]["attributes"][0]["value"]["stringValue"].as_str().unwrap();
    assert_eq!([named(0), named(1), named(2)], ["trainer", "network", "trebuchet"]);
    let spans = |at: usize| services[at]["scopeSpans"][0]["spans"].as_array().unwrap();
    let (whole, forward, back) = (&spans(0)[0], &spans(1)[0], &spans(2)[1]);
    assert_eq!(whole["name"], "pass from input");
    assert!(whole.get("parentSpanId").is_none());
    assert_eq!(
        [&forward["name"], &forward["parentSpanId"]],
        ["network forward", whole["spanId"].as_str().unwrap()]
    );
    assert_eq!(spans(2)[0]["parentSpanId"], forward["spanId"]);
    let times = [&forward["startTimeUnixNano"], &forward["endTimeUnixNano"]];
    assert_eq!(times, ["1000000000", "1005000000"]);
    let value = |span: &serde_json::Value, key: &str| {
        let all = span["attributes"].as_array().unwrap();
        all.iter().find(|one| one["key"] == key).map(|one| one["value"].clone())
    };
    assert_eq!(value(forward, "swergio.compute_seconds"), Some(serde_json::json!({"doubleValue": 0.0025})));
    assert_eq!(value(back, "swergio.direction"), Some(serde_json::json!({"stringValue": "backward"})));
    assert_eq!(value(back, "swergio.not_finite"), Some(serde_json::json!({"intValue": "3"})));
    assert_eq!(value(back, "swergio.queue_seconds"), None);
    let all: Vec<&serde_json::Value> =
        (0..3).flat_map(|at| spans(at).iter().map(|span| &span["spanId"])).collect();
    assert_eq!(all.len(), 6);
    assert!((1..6).all(|at| !all[..at].contains(&all[at])), "{all:?}");
}
