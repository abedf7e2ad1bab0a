//! Replay: the clients of one recorded conversation, beside two bystanders who must not notice it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use swergio_broker::Config;
use swergio_proto::Grant;
use swergio_testkit::vectors::Conversation;

use crate::stage::{Member, Stage, Via, Wire, label, settle};

/// Bytes that the stream of a client which never reads holds.
const STALLED: usize = 4096;

/// Says how the recorded answers are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Byte for byte.
    Exact,
    /// As values, and without the echo of control messages.
    WithoutEcho,
    /// Not at all: what is heard is collected.
    Free,
}

/// What each client heard, by label, and who was closed by the broker.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) heard: BTreeMap<String, Vec<String>>,
    pub(crate) closed: Vec<String>,
}

pub(crate) struct Replay {
    stage: Stage,
    header: usize,
    manner: Manner,
    upstream_compat: bool,
    clients: BTreeMap<String, Client>,
    bystanders: [Member; 2],
    probes: usize,
}

struct Client {
    wire: Wire,
    came: Vec<u8>,
    ended_by_us: bool,
}

impl Replay {
    pub(crate) async fn new(config: Config, manner: Manner) -> Self {
        let header = usize::from(config.header_length);
        let upstream_compat = config.upstream_compat;
        let stage = Stage::with(config);
        let bystanders = [
            stage.member(Via::Json, "bystander 1", &["bystanders"]).await,
            stage.member(Via::MsgPack, "bystander 2", &["bystanders"]).await,
        ];
        Self { stage, header, manner, upstream_compat, clients: BTreeMap::new(), bystanders, probes: 0 }
    }

    pub(crate) async fn play(mut self, conversation: &Conversation) -> Outcome {
        for (number, step) in conversation.steps.iter().enumerate() {
            let place = format!("{}, step {number}: {step:.200}", conversation.scenario);
            self.step(step, &place).await;
        }
        settle().await;
        self.ask_bystanders(&conversation.scenario).await;
        if self.manner == Manner::Free {
            self.ask_clients(&conversation.scenario).await;
        }
        self.outcome(conversation)
    }

    async fn step(&mut self, step: &Value, place: &str) {
        let name = step["client"].as_str().unwrap_or_default().to_owned();
        if step.get("connect").is_some() {
            self.connect(name, step["stalled"] == true);
        } else if let Some(ms) = step["wait_ms"].as_u64() {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        } else if step.get("probe").is_some() {
            self.probe(place).await;
        } else if let Some(message) = step.get("send") {
            let body = python_dumps(&expand(message));
            let header = format!("{:<1$}", body.len(), self.header);
            self.send(&name, &[header, body].concat().into_bytes(), step).await;
        } else if let Some(bytes) = step["send_raw"].as_str() {
            self.send(&name, &from_base64(bytes), step).await;
        } else if let Some(how) = step["close"].as_str() {
            self.close(&name, how);
            settle().await;
        } else if step.get("half_close").is_some() {
            let client = self.clients.get_mut(&name).unwrap();
            client.wire.half_close().await;
            // As the recorder, we know that the broker closes then; what it still delivers is looked at.
            client.ended_by_us = true;
            settle().await;
        } else if self.manner != Manner::Free {
            settle().await;
            self.expect(&name, step, place);
        }
    }

    fn connect(&mut self, name: String, stalled: bool) {
        let (wire, far) = if stalled { Wire::stalled_pair(STALLED) } else { Wire::pair() };
        self.stage.seat(Via::Tcp, Grant::open(), far);
        self.clients.insert(name, Client { wire, came: Vec::new(), ended_by_us: false });
    }

    async fn send(&mut self, name: &str, bytes: &[u8], step: &Value) {
        // Ours may have closed where upstream does so later; then the bytes go nowhere.
        let taken = self.clients.get_mut(name).unwrap().wire.send(bytes).await;
        assert!(taken || self.manner == Manner::Free, "{name} can send");
        if step.get("no_settle").is_none() {
            settle().await;
        }
    }

    fn close(&mut self, name: &str, how: &str) {
        let client = self.clients.remove(name).unwrap();
        match how {
            "rst" => client.wire.sever(),
            _ => drop(client.wire),
        }
    }

    fn expect(&mut self, name: &str, step: &Value, place: &str) {
        let (header, exact) = (self.header, self.manner == Manner::Exact);
        let client = self.clients.get_mut(name).unwrap();
        client.came.extend(client.wire.take());
        if let Some(expected) = step.get("expect") {
            if !exact && is_echo(expected) {
                return;
            }
            let frame = client.cut(header).unwrap_or_else(|| panic!("{place}: nothing came"));
            let body: Value = serde_json::from_slice(&frame[header..]).unwrap();
            if exact {
                compare_bytes(&frame, &body, step, place);
            } else {
                assert_eq!(masked(body, step), masked(expand(expected), step), "{place}");
            }
        } else if let Some(raw) = step["expect_raw"].as_str() {
            let frame = client.cut(header).unwrap_or_else(|| panic!("{place}: nothing came"));
            assert_eq!(text(&frame), text(&from_base64(raw)), "{place}");
        } else if step.get("expect_nothing_ms").is_some() {
            assert_eq!(text(&client.came), "", "{place}");
        } else if step.get("expect_closed").is_some() {
            assert!(client.wire.has_ended(), "{place}: still open");
            client.ended_by_us = true;
        } else {
            panic!("{place}: an unknown step");
        }
    }

    /// Two newcomers meet in a fresh room: whatever happened, the broker serves.
    async fn probe(&mut self, place: &str) {
        self.probes += 1;
        let room = format!("probe {}", self.probes);
        let mut one = self.newcomer("probe 1", &room).await;
        let mut two = self.newcomer("probe 2", &room).await;
        one.tell_room(&room, "hello").await;
        assert_eq!(two.heard().await, ["hello"], "{place}");
    }

    async fn newcomer(&self, name: &str, room: &str) -> Member {
        self.stage.member(Via::Tcp, name, &[room]).await
    }

    /// The bystanders have heard nothing, and still hear each other.
    async fn ask_bystanders(&mut self, scenario: &str) {
        let [ada, bob] = &mut self.bystanders;
        assert!(ada.heard().await.is_empty() && bob.heard().await.is_empty(), "{scenario}");
        ada.tell_room("bystanders", "still here?").await;
        assert_eq!(bob.heard().await, ["still here?"], "{scenario}");
        bob.tell_room("bystanders", "yes").await;
        assert_eq!(ada.heard().await, ["yes"], "{scenario}");
    }

    /// Who was not closed is still taken for what it says.
    async fn ask_clients(&mut self, scenario: &str) {
        let mut open = Vec::new();
        for (name, client) in &mut self.clients {
            if client.wire.has_ended() || client.ended_by_us {
                continue;
            }
            let register = json!({"TYPE": "COMMAND/REGISTER", "NAME": name});
            let hello = json!({"TYPE": "DATA/TEXT", "TO": "bystander 1", "ID": name});
            for body in [register.to_string(), hello.to_string()] {
                client.wire.send(format!("{:<2$}{}", body.len(), body, self.header).as_bytes()).await;
            }
            open.push(name.clone());
        }
        let mut heard = self.bystanders[0].heard().await;
        heard.sort();
        assert_eq!(heard, open, "{scenario}: who was not closed can speak");
    }

    fn outcome(mut self, conversation: &Conversation) -> Outcome {
        let scenario = &conversation.scenario;
        let mut outcome = Outcome::default();
        for (name, client) in &mut self.clients {
            client.came.extend(client.wire.take());
            let frames: Vec<Vec<u8>> = std::iter::from_fn(|| client.cut(self.header)).collect();
            assert_eq!(text(&client.came), "", "{scenario}: {name} got something that is no frame");
            if self.manner != Manner::Free {
                assert!(frames.is_empty(), "{scenario}: {name} got more: {}", text(&frames.concat()));
            }
            let heard: Vec<String> =
                frames.iter().map(|frame| label(&message(&frame[self.header..]))).collect();
            if self.upstream_compat {
                for (frame, label) in frames.iter().zip(&heard) {
                    compare_to_upstream(frame, label, name, conversation);
                }
            }
            if !heard.is_empty() {
                outcome.heard.insert(name.clone(), heard);
            }
            if client.wire.has_ended() && !client.ended_by_us {
                outcome.closed.push(name.clone());
            }
        }
        outcome
    }
}

impl Client {
    /// Cuts the next whole frame, header included.
    fn cut(&mut self, header: usize) -> Option<Vec<u8>> {
        let length: usize = std::str::from_utf8(self.came.get(..header)?).ok()?.trim().parse().ok()?;
        if self.came.len() < header + length {
            return None;
        }
        let rest = self.came.split_off(header + length);
        Some(std::mem::replace(&mut self.came, rest))
    }
}

/// Reads what a component is handed: one map with SENT_BY, or an entry of the log.
fn message(body: &[u8]) -> Value {
    let message = read(body).unwrap_or_else(|error| panic!("{error}: {:.300}", text(body)));
    let signed = message.get("SENT_BY").is_some() || message["TYPE"] == "LOG/MESSAGES";
    assert!(signed, "{:.300} has no SENT_BY", text(body));
    message
}

/// Reads JSON in which there may be what Python writes and reads, and the reader here does not: bare words,
/// endless numbers, and lists within each other without end.
fn read(body: &[u8]) -> serde_json::Result<Value> {
    let strange = ["-Infinity", "Infinity", "NaN", "-1e400", "1e400", "\\ud800"];
    let text = strange.iter().fold(text(body), |text, word| text.replace(word, "0"));
    let endless = ["9".repeat(100), "[".repeat(99), "]".repeat(99)];
    serde_json::from_str(&endless.iter().fold(text, |text, run| text.replace(run, "")))
}

/// What upstream delivers to the same client under the same label is what ours delivers, byte for byte.
fn compare_to_upstream(frame: &[u8], name: &str, client: &str, conversation: &Conversation) {
    for step in conversation.steps.iter().filter(|step| step["client"] == client) {
        let raw = if step.get("expect_raw").is_some() { step["text"].as_str() } else { None };
        let Some(theirs) = step["frame"].as_str().or(raw) else { continue };
        let Some(start) = theirs.find('{') else { continue };
        // Where upstream forwards what it could not parse there is no SENT_BY, and nothing to compare with.
        let body = read(&theirs.as_bytes()[start..]).unwrap_or_default();
        let fresh = step.get("nondeterministic").is_some();
        if !fresh && body.get("SENT_BY").is_some() && label(&body) == name {
            assert_eq!(text(frame), theirs, "{}: {client} heard {name}", conversation.scenario);
        }
    }
}

fn compare_bytes(frame: &[u8], body: &Value, step: &Value, place: &str) {
    if let Some(expected) = step["frame"].as_str() {
        let mut expected = expected.to_owned();
        for key in masks(step) {
            let (theirs, ours) = (step["expect"][key].as_str().unwrap(), body[key].as_str().unwrap());
            assert!(ours.len() == 32 && ours.bytes().all(|byte| byte.is_ascii_hexdigit()), "{place}: {ours}");
            expected = expected.replace(theirs, ours);
        }
        assert_eq!(text(frame), expected, "{place}");
    } else {
        let (header, body) = frame.split_at(step["header"].as_str().unwrap().len());
        assert_eq!(text(header), step["header"], "{place}");
        let digest: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, step["body_sha256"], "{place}");
    }
}

fn masks(step: &Value) -> impl Iterator<Item = &str> {
    step["nondeterministic"].as_array().into_iter().flatten().map(|key| key.as_str().unwrap())
}

fn masked(mut body: Value, step: &Value) -> Value {
    for key in masks(step) {
        body[key] = json!("masked");
    }
    body
}

fn is_echo(message: &Value) -> bool {
    let kinds = ["COMMAND/REGISTER", "COMMAND/JOINROOM", "COMMAND/LEAVEROOM"];
    message["TYPE"].as_str().is_some_and(|kind| kinds.contains(&kind))
}

/// Writes a long text out that a file keeps short: `{"$repeat": "x", "count": 3}` is `"xxx"`.
fn expand(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.len() == 2 && map.contains_key("$repeat") => {
            map["$repeat"].as_str().unwrap().repeat(map["count"].as_u64().unwrap() as usize).into()
        }
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), expand(value))).collect(),
        Value::Array(list) => list.iter().map(expand).collect(),
        other => other.clone(),
    }
}

/// Spells a message as the recorded clients did: `", "` and `": "` between, everything but ASCII escaped.
fn python_dumps(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pair = |(key, value): (&String, &Value)| {
                format!("{}: {}", python_dumps(&json!(key)), python_dumps(value))
            };
            format!("{{{}}}", map.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::Array(list) => format!("[{}]", list.iter().map(python_dumps).collect::<Vec<_>>().join(", ")),
        Value::String(text) if text.is_ascii() => value.to_string(),
        Value::String(_) => value.to_string().chars().map(escape).collect(),
        other => other.to_string(),
    }
}

fn escape(letter: char) -> String {
    if letter.is_ascii() {
        return letter.to_string();
    }
    letter.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|b| *b != b'=').map(|b| u32::from(digit(b))).collect();
    let group = |four: &[u32]| {
        let bits = four.iter().enumerate().fold(0, |bits, (place, digit)| bits | digit << (18 - 6 * place));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
