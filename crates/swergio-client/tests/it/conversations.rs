//! The recorded conversations of the published Python client, with our client on its side.
//!
//! Each `program` is expressed in our API; what ours sends is compared with what the Python client sent: keys and
//! values, but not the order of keys, and fresh IDs only for being fresh in the same places. Where ours differs,
//! [`difference`] says what it does instead; `docs/PROTOCOL.md` says why.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use swergio_client::{
    Client, Codec, Envelope, Frame, HandlerError, Message, Messages, Options, Reconnect, Reply, Respond,
    Trigger,
};
use swergio_proto::transcode;
use swergio_testkit::vectors::{Conversation, Verdict, read_all};
use tokio::time::timeout;

use crate::stage::{self, Broker};

/// What ours does otherwise than upstream: what it says besides REGISTER and JOINROOM, and which handlers run.
struct Difference {
    says: Vec<Value>,
    runs: &'static [&'static str],
}

/// Stands for an ID that is fresh; equal texts for equal IDs.
const FRESH: &str = "$fresh";

fn difference(scenario: &str) -> Option<Difference> {
    let pong = |id: &str| json!({"ID": id, "TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": 1, "SENT_BY": "w"});
    let nothing = |runs| Difference { says: vec![], runs };
    let answers = |says, runs| Difference { says, runs };
    Some(match scenario {
        // A reply without a kind is not sent; the handler's failure is told.
        "c08_reply_type_missing" => nothing(&["h"]),
        // Without rooms a reply goes back where the message came from, as upstream's documentation promises.
        "c14_rooms_none" => answers(vec![pong(FRESH)], &["h"]),
        // A component without rooms gets a direct message.
        "c15_component_without_rooms" => answers(
            vec![json!({"ID": FRESH, "TYPE": "DATA/TEXT", "TO": "boss", "DATA": 1, "SENT_BY": "w"})],
            &["h"],
        ),
        // Each reply has an ID of its own.
        "c19_same_dict_reused" => answers(vec![pong("$fresh 1"), pong("$fresh 2")], &["h", "h"]),
        // A direct message reaches the handlers that want direct messages.
        "c21_dm_with_room_trigger" | "c24_trigger_rooms_empty" => answers(vec![pong(FRESH)], &["h"]),
        // A trigger without rooms is one for every room.
        "c23_trigger_rooms_none" => answers(
            vec![json!({"ID": FRESH, "TYPE": "COMMAND/JOINROOM", "ROOM": "lab", "TO_ROOM": "_command"})],
            &[],
        ),
        // A trigger's kinds are kinds: forms that never match cannot be written.
        "c29_trigger_types_forms" => answers(vec![pong("$fresh 1"), pong("$fresh 2")], &["string", "tuple"]),
        // What is no message is told as an event, and ends nothing.
        "c30_missing_type" | "c32_not_an_object" | "c33_json_false" | "c34_json_null"
        | "c35_invalid_json" | "c36_empty_frame" | "c37_bad_header" => nothing(&[]),
        // A WebSocket message comes whole or not at all.
        "c38_header_split" => answers(vec![pong(FRESH)], &["h"]),
        // A link that has ended takes no DISCONNECT. Ours would come back; these plays forbid it.
        "c41_server_fin" | "c42_server_closed" | "c43_server_rst" | "c44_server_fin_mid_body" => nothing(&[]),
        // A handler's error is told, and the handler goes on; then as c41.
        "c45_handler_raises" => nothing(&["h"]),
        // A handler's state is what it captures: there is nothing to be missing or to clash.
        "c47_kwargs_keyword_only" | "c48_kwargs_missing" | "c50_kwargs_msg_clash" => nothing(&["a"]),
        // A room that is no string cannot be written.
        "c55_join_non_string" => nothing(&[]),
        // What is no reply cannot be written; a handler that panics instead is told, and goes on.
        "c57_handler_returns_non_dict" => nothing(&["h"]),
        _ => return None,
    })
}

#[tokio::test(start_paused = true)]
async fn ours_says_what_the_python_client_says() {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../swergio-proto/tests/data/conversations/client");
    let conversations = read_all(&folder);
    assert!(conversations.len() >= 52, "only {} conversations", conversations.len());
    for conversation in &conversations {
        let decided = conversation.upstream == Verdict::Ok || difference(&conversation.scenario).is_some();
        assert!(decided, "{}: what does ours do?", conversation.scenario);
        Play::of(conversation, Codec::Json).await.perform().await;
        if is_about_messages(conversation) {
            Play::of(conversation, Codec::MsgPack).await.perform().await;
        }
    }
}

/// Tells a conversation that goes in either codec from one about JSON's own bytes.
fn is_about_messages(conversation: &Conversation) -> bool {
    conversation.program.iter().all(|call| call["op"] != "send")
}

/// One conversation on stage.
struct Play<'c> {
    conversation: &'c Conversation,
    codec: Codec,
    client: Client,
    broker: Broker,
    messages: Messages,
    heard: Vec<Value>,
    runs: Runs,
    link_ended: bool,
}

/// Which handlers ran, with what.
type Runs = Arc<Mutex<Vec<(String, Value)>>>;

impl<'c> Play<'c> {
    async fn of(conversation: &'c Conversation, codec: Codec) -> Self {
        let name = conversation.program[0]["name"].as_str().unwrap();
        // The Python client does not come back.
        let options = Options::default().name(name).codec(codec).reconnect(Reconnect::never());
        let (client, broker) = stage::open(options).await;
        let messages = client.messages();
        let (heard, runs) = (Vec::new(), Runs::default());
        Self { conversation, codec, client, broker, messages, heard, runs, link_ended: false }
    }

    /// Makes the program's calls, plays the broker's lines, compares, and shows that the client lives.
    async fn perform(mut self) {
        let conversation = self.conversation;
        for (number, call) in conversation.program.iter().enumerate() {
            self.make(number, call).await;
        }
        let mut raw = Vec::new();
        for step in &conversation.steps {
            self.play(step, &mut raw).await;
        }
        self.say_raw(&mut raw).await;
        self.compare_what_was_said();
        self.compare_what_ran();
        self.compare_what_was_received().await;
        self.show_life().await;
    }

    /// Makes one call, and checks whether it goes well as it did upstream.
    async fn make(&mut self, number: usize, call: &Value) {
        let went_well = match call["op"].as_str().unwrap() {
            "client" | "listen" | "receive" => return,
            "handler" | "handler_direct" => self.install(call).await,
            "join_room" => match call["room"].as_str() {
                Some(room) => self.client.join(room).await.is_ok(),
                None => return,
            },
            "send" => self.client.send_frame(Frame::json(call["message"].to_string())).await.is_ok(),
            "close" => {
                let client = self.client.clone();
                let closing = tokio::spawn(async move { client.close().await });
                self.listen().await;
                self.link_ended = true;
                closing.await.unwrap().is_ok()
            }
            other => panic!("unknown call {other}"),
        };
        self.listen().await;
        if difference(&self.conversation.scenario).is_none() {
            assert_eq!(Some(went_well), self.recorded_outcome(number), "{}: {call}", self.title());
        }
    }

    /// Installs a handler. One that is put into the client directly joins no rooms: its replies name theirs.
    async fn install(&self, call: &Value) -> bool {
        let direct_install = call["op"] == "handler_direct";
        let rooms = one_or_many(&call["responseRooms"]);
        let mut respond = Respond::as_is();
        if let Some(kind) = call["responseType"].as_str() {
            respond = Respond::with(kind.to_owned());
        }
        if let Some(rooms) = rooms.clone().filter(|_| !direct_install) {
            respond = respond.rooms(rooms);
        }
        if let Some(component) = call["responseComponent"].as_str() {
            respond = respond.component(component);
        }
        let trigger = trigger(&call["trigger"], direct_install);
        let part = Arc::new((call["id"].as_str().unwrap().to_owned(), call["returns"].clone(), rooms));
        let runs = Arc::clone(&self.runs);
        let handler = move |message: Message| {
            let (runs, part) = (Arc::clone(&runs), Arc::clone(&part));
            async move {
                runs.lock().unwrap().push((part.0.clone(), as_json(message.frame())));
                let reply = reply(&part.1, &message)?;
                let name_rooms = |reply: Reply| match &part.2 {
                    Some(rooms) => reply.rooms(rooms),
                    None => reply,
                };
                Ok::<_, HandlerError>(reply.map(name_rooms))
            }
        };
        self.client.respond(trigger, respond, handler).await.is_ok()
    }

    /// Plays one line of the broker's. Bytes of the TCP framing are collected: a WebSocket knows no segments.
    async fn play(&mut self, step: &Value, raw: &mut Vec<u8>) {
        if let Some(text) = step["text"].as_str() {
            return raw.extend(text.as_bytes());
        }
        self.say_raw(raw).await;
        if let Some(message) = step.get("to_client") {
            self.broker.says(message.clone()).await;
        }
        match step["server_close"].as_str() {
            Some("rst") => self.broker.cuts(),
            Some(_) => self.broker.ends(1000),
            None => return self.listen().await,
        }
        self.link_ended = true;
    }

    /// Says what the collected bytes hold: whole messages, or what is no message at all. Half a one is not said.
    async fn say_raw(&mut self, raw: &mut Vec<u8>) {
        let settings = &self.conversation.program[0]["kwargs"]["header_length"];
        let header = usize::try_from(settings.as_u64().unwrap_or(10)).unwrap();
        while raw.len() >= header {
            let length = std::str::from_utf8(&raw[..header]).unwrap().trim().parse::<usize>();
            let (skip, end) = length.map_or((0, raw.len()), |length| (header, header + length));
            if raw.len() < end {
                break;
            }
            let text = Frame::json(raw[skip..end].to_vec());
            raw.drain(..end);
            let same_bytes = || Frame::new(self.codec, text.bytes().clone());
            let frame = transcode(&text, self.codec, 64).unwrap_or_else(|_| same_bytes());
            self.broker.says_frame(frame).await;
            self.listen().await;
        }
        raw.clear();
    }

    async fn listen(&mut self) {
        self.heard.extend(self.broker.hears_rest().await);
    }

    fn compare_what_was_said(&self) {
        let mut expected: Vec<Value> =
            self.conversation.steps.iter().filter_map(|step| step.get("from_client").cloned()).collect();
        for message in &mut expected {
            if message["ID"].as_str().is_some_and(is_uuid) {
                message["ID"] = json!(format!("$fresh {}", message["ID"]));
            }
        }
        if let Some(difference) = difference(&self.conversation.scenario) {
            expected.retain(is_opening);
            expected.extend(difference.says);
        }
        let mut fresh = HashMap::new();
        let mut wanted = expected.clone();
        for (wanted, heard) in wanted.iter_mut().zip(&self.heard) {
            name_fresh_id(wanted, heard, &mut fresh);
        }
        assert_eq!(self.heard, wanted, "{}", self.title());
    }

    fn compare_what_ran(&self) {
        let mut runs = self.runs.lock().unwrap().clone();
        runs.sort_by(|one, other| one.0.cmp(&other.0));
        if let Some(difference) = difference(&self.conversation.scenario) {
            let ran: Vec<&str> = runs.iter().map(|(id, _)| id.as_str()).collect();
            return assert_eq!(ran, difference.runs, "{}", self.title());
        }
        let events = self.conversation.steps.iter().filter_map(|step| step.get("event"));
        let recorded: Vec<(String, Value)> = events
            .filter_map(|event| Some((event["handler"].as_str()?.to_owned(), event["msg"].clone())))
            .collect();
        assert_eq!(runs, recorded, "{}", self.title());
    }

    /// A call of `receive` is one message of the stream, and false when there is none any more.
    async fn compare_what_was_received(&mut self) {
        for (number, call) in self.conversation.program.iter().enumerate() {
            if call["op"] == "receive" {
                let next = timeout(Duration::from_millis(1), self.messages.next()).await.unwrap();
                let received = next.map_or(json!(false), |message| as_json(message.frame()));
                let steps = self.conversation.steps.iter();
                let recorded = steps.map(|step| &step["event"]).find(|event| event["op"] == number).unwrap();
                assert_eq!(received, recorded["result"], "{}", self.title());
            }
        }
    }

    /// Shows that nothing of it all has ended the client, unless that was asked for.
    async fn show_life(mut self) {
        let title = self.title();
        if self.link_ended {
            let ended = timeout(Duration::from_secs(60), self.client.closed()).await;
            assert!(ended.is_ok(), "{title}: never ends");
            return;
        }
        self.broker.says(json!({"ID": "life", "TYPE": "DATA/CUSTOM", "TO": "w", "SENT_BY": "a"})).await;
        let alive = async {
            while let Some(message) = self.messages.next().await {
                if message.id.as_ref().is_some_and(|id| id.as_str() == "life") {
                    return true;
                }
            }
            false
        };
        assert_eq!(timeout(Duration::from_secs(60), alive).await, Ok(true), "{title}: deaf");
        assert!(self.client.is_connected(), "{title}");
    }

    fn recorded_outcome(&self, number: usize) -> Option<bool> {
        let mut events = self.conversation.steps.iter().map(|step| &step["event"]);
        events.find(|event| event["op"] == number)?["ok"].as_bool()
    }

    fn title(&self) -> String {
        format!("{} in {:?}", self.conversation.scenario, self.codec)
    }
}

/// Expresses upstream's Trigger. One that is put into the client directly, without rooms, takes direct messages
/// only; through `add_eventHandler` it fails there, and is taken here for what its documentation says.
fn trigger(recorded: &Value, direct_install: bool) -> Trigger {
    let Some(kinds) = one_or_many(&recorded["types"]) else { return Trigger::kinds([""; 0]) };
    let trigger = Trigger::kinds(kinds);
    let trigger = match one_or_many(&recorded["rooms"]) {
        Some(rooms) => trigger.rooms(rooms),
        None if direct_install => trigger.direct_only(),
        None => trigger,
    };
    trigger.direct(recorded["directmessage"].as_bool().unwrap_or(true))
}

/// Expresses what a recorded handler returns.
fn reply(returns: &Value, message: &Message) -> Result<Option<Reply>, HandlerError> {
    Ok(match returns {
        Value::Null => None,
        Value::String(word) => match word.as_str() {
            "$msg" => Some(message.to_envelope().into()),
            "$id_of_msg" => Some(Reply::new("").answering(message)),
            "$raise" => return Err("handler failed".into()),
            other => panic!("{other:?} is no reply"),
        },
        dict => {
            let mut dict = dict.clone();
            dict.as_object_mut().unwrap().entry("TYPE").or_insert_with(|| json!(""));
            Some(Envelope::decode(&Frame::json(dict.to_string()), 64)?.into())
        }
    })
}

fn one_or_many(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => Some(many.iter().map(|one| one.as_str().unwrap().to_owned()).collect()),
        _ => None,
    }
}

fn as_json(frame: &Frame) -> Value {
    serde_json::from_slice(transcode(frame, Codec::Json, 64).unwrap().bytes()).unwrap()
}

/// REGISTER, or JOINROOM with a room that can be written.
fn is_opening(message: &Value) -> bool {
    message["TYPE"] == "COMMAND/REGISTER"
        || (message["TYPE"] == "COMMAND/JOINROOM" && message["ROOM"].is_string())
}

fn is_uuid(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Puts the heard ID in place of a fresh one, if it is one, the same wherever the same is wanted and nowhere else.
fn name_fresh_id(wanted: &mut Value, heard: &Value, fresh: &mut HashMap<String, String>) {
    let Some(mark) = wanted["ID"].as_str().filter(|id| id.starts_with("$fresh")) else { return };
    // Messages that go to nobody else keep to themselves: in the table one mark stands for one ID.
    let Some(id) = heard["ID"].as_str().filter(|id| is_uuid(id)) else { return };
    let taken = fresh.iter().any(|(other, taken)| taken == id && other != mark);
    let same = fresh.get(mark).is_none_or(|known| known == id);
    if same && !taken {
        fresh.insert(mark.to_owned(), id.to_owned());
        wanted["ID"] = json!(id);
    }
}
