//! Handlers: who is asked, where replies go, what is inherited, and what a failure costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use swergio_client::{
    Bounds, Codec, Envelope, Error, Event, Kind, Message, ModelStatus, Options, Reply, Respond, Trigger,
};
use tokio::sync::Semaphore;

use crate::stage::{self, Broker, in_lab, opened};

fn text() -> Trigger {
    Trigger::kinds([Kind::TEXT])
}

/// Takes the ID away, which is fresh.
async fn hears_reply(broker: &mut Broker) -> Value {
    let mut reply = broker.hears().await;
    let id = reply.as_object_mut().unwrap().remove("ID").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 32);
    reply
}

#[tokio::test(start_paused = true)]
async fn a_reply_goes_back_to_the_room_or_to_the_sender() {
    let (client, mut broker) = opened().await;
    client.on(text(), async |_| Reply::new(Kind::TEXT).data("pong")).await.unwrap();
    broker.says(in_lab("m")).await;
    let to_room = json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "DATA": "pong", "SENT_BY": "w"});
    assert_eq!(hears_reply(&mut broker).await, to_room);
    broker.says(json!({"ID": "m", "TYPE": "DATA/TEXT", "TO": "w", "SENT_BY": "a"})).await;
    let to_sender = json!({"TYPE": "DATA/TEXT", "TO": "a", "DATA": "pong", "SENT_BY": "w"});
    assert_eq!(hears_reply(&mut broker).await, to_sender);
}

#[tokio::test(start_paused = true)]
async fn a_reply_inherits_what_it_does_not_say() {
    let (client, mut broker) = opened().await;
    let state = Arc::new(AtomicUsize::new(0));
    client
        .on_with(text(), state, |turn, _| async move {
            let reply = Reply::new(Kind::TEXT);
            match turn.fetch_add(1, Ordering::Relaxed) {
                0 | 2 => reply,
                _ => reply.root_id("own").model_status(ModelStatus::VALIDATE).sent_by("alias"),
            }
        })
        .await
        .unwrap();
    let mut asked = in_lab("m");
    asked["ROOT_ID"] = json!("root");
    asked["MODEL_STATUS"] = json!(1);
    broker.says(asked.clone()).await;
    let inherited =
        json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ROOT_ID": "root", "MODEL_STATUS": 1, "SENT_BY": "w"});
    assert_eq!(hears_reply(&mut broker).await, inherited);
    broker.says(asked.clone()).await;
    let own = json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ROOT_ID": "own", "MODEL_STATUS": 2, "SENT_BY": "alias"});
    assert_eq!(hears_reply(&mut broker).await, own);
    // Values of an unusual type travel along as they are.
    asked["ROOT_ID"] = json!(7);
    asked["MODEL_STATUS"] = json!(null);
    broker.says(asked).await;
    let odd =
        json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "ROOT_ID": 7, "MODEL_STATUS": null, "SENT_BY": "w"});
    assert_eq!(hears_reply(&mut broker).await, odd);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_say_nothing_one_thing_or_several() {
    let (client, mut broker) = opened().await;
    fn say(word: &'static str) -> Reply {
        Reply::new(Kind::TEXT).data(word)
    }
    let (lab, off) = (|| text().rooms(["lab"]), Trigger::kinds([""; 0]));
    client.on(lab(), async |_| ()).await.unwrap();
    client.on(lab(), async |_| None::<Reply>).await.unwrap();
    client.on(lab(), async |_| Some(say("some"))).await.unwrap();
    client.on(lab(), async |_| vec![say("v1"), say("v2")]).await.unwrap();
    client.on(lab(), async |_| [say("a1").rooms([""; 0]), say("a2")]).await.unwrap();
    client.on(lab(), async |_| Ok::<_, Error>(Some(say("ok")))).await.unwrap();
    client.on(lab(), async |_| Envelope::new(Kind::KPI)).await.unwrap();
    client.on(off, async |_| say("never")).await.unwrap();
    assert_eq!(broker.hears_join().await, "lab");
    broker.says(in_lab("m")).await;
    let mut said: Vec<String> = Vec::new();
    for reply in broker.hears_rest().await {
        said.push(reply["DATA"].as_str().unwrap_or(reply["TYPE"].as_str().unwrap()).to_owned());
    }
    said.sort();
    assert_eq!(said, ["LOG/KPI", "a2", "ok", "some", "v1", "v2"]);
}

#[tokio::test(start_paused = true)]
async fn copies_for_several_rooms_share_an_id_and_carry_the_component() {
    let (client, mut broker) = opened().await;
    let respond = Respond::with(Kind::REWARD).rooms(["r1", "r2"]).component("boss");
    client.respond(text(), respond, async |_| Reply::of(&1)).await.unwrap();
    assert_eq!([broker.hears_join().await, broker.hears_join().await], ["r1", "r2"]);
    broker.says(in_lab("m")).await;
    let (first, second) = (broker.hears().await, broker.hears().await);
    assert_eq!(first["ID"], second["ID"]);
    for (copy, room) in [(first, "r1"), (second, "r2")] {
        assert_eq!((&copy["TO_ROOM"], &copy["TO"]), (&json!(room), &json!("boss")));
        assert_eq!((&copy["TYPE"], &copy["DATA"]), (&json!("DATA/REWARD"), &json!(1)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_or_a_panic_costs_one_message_and_nobody_else() {
    let (client, mut broker) = opened().await;
    let mut events = client.events();
    client
        .on(text(), async |message: Message| match message.id.as_ref().unwrap().as_str() {
            "panics" => panic!("at the disco"),
            "lacks" => Ok(Some(Reply::of("kind"))),
            "loops" => Ok(Some(Reply::new(Kind::TEXT).to("_nobody"))),
            "fails" => message.data::<u8>().map(|_| None),
            _ => Ok(Some(Reply::new(Kind::TEXT))),
        })
        .await
        .unwrap();
    for (id, why) in [
        ("panics", "panicked: at the disco"),
        ("lacks", "neither the reply nor the handler's Respond says of what kind it is"),
        ("loops", "reserved"),
        ("fails", "DATA is not of the wanted type"),
    ] {
        broker.says(in_lab(id)).await;
        let Some(Event::HandlerFailed { handler, message, error }) = events.next().await else {
            panic!("{id}")
        };
        assert!(error.contains(why), "{error}");
        assert_eq!((message.unwrap().as_str(), handler.contains("DATA/TEXT")), (id, true));
    }
    broker.says(in_lab("fine")).await;
    assert_eq!(broker.hears().await["TYPE"], "DATA/TEXT");
    broker.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_takes_its_messages_in_order_and_waits_for_nobody() {
    let (client, mut broker) = opened().await;
    let gate = Arc::new(Semaphore::new(0));
    client
        .on_with(text().rooms(["lab"]), Arc::clone(&gate), |gate, message| async move {
            gate.acquire().await.unwrap().forget();
            Reply::new(Kind::TEXT).answering(&message)
        })
        .await
        .unwrap();
    client.on(Trigger::kinds([Kind::REWARD]), async |_| Reply::new(Kind::REWARD)).await.unwrap();
    broker.hears_join().await;
    for number in 0..5 {
        broker.says(in_lab(&number.to_string())).await;
    }
    broker.hears_nothing().await;
    broker.says(json!({"TYPE": "DATA/REWARD", "TO_ROOM": "lab"})).await;
    assert_eq!(broker.hears().await["TYPE"], "DATA/REWARD");
    gate.add_permits(5);
    for number in 0..5 {
        assert_eq!(broker.hears().await["ID"], number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_falls_behind_misses_messages_and_everybody_can_know() {
    let bounds = Bounds { inbox: 4, ..Bounds::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    let mut events = client.events();
    let (mut slow, mut quick) = (client.messages(), client.subscribe(text()).await.unwrap());
    for number in 0..10 {
        broker.says(in_lab(&number.to_string())).await;
        assert_eq!(*quick.next().await.unwrap().id.as_ref().unwrap(), number.to_string().as_str());
    }
    for number in 0..4 {
        assert_eq!(*slow.next().await.unwrap().id.as_ref().unwrap(), number.to_string().as_str());
    }
    broker.says(in_lab("10")).await;
    assert_eq!(slow.next().await.unwrap().id.as_ref().unwrap().as_str(), "10");
    assert!(matches!(events.next().await, Some(Event::FellBehind { .. })));
    assert!(matches!(events.next().await, Some(Event::CaughtUp { missed: 6, .. })));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_is_bounded_in_bytes_too_but_one_message_always_fits() {
    let bounds = Bounds { inbox_bytes: 10, ..Bounds::default() };
    let (client, mut broker) =
        stage::open(Options::default().name("w").codec(Codec::Json).bounds(bounds)).await;
    broker.hears_opening(&["_command"]).await;
    let mut messages = client.messages();
    for id in ["1", "2"] {
        broker.says(in_lab(id)).await;
        broker.hears_nothing().await;
    }
    assert_eq!(messages.next().await.unwrap().id.as_ref().unwrap().as_str(), "1");
    broker.says(in_lab("3")).await;
    assert_eq!(messages.next().await.unwrap().id.as_ref().unwrap().as_str(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_stops_listening_and_the_others_go_on() {
    let (client, mut broker) = opened().await;
    let (dropped, mut kept) = (client.messages(), client.messages());
    drop(dropped);
    for id in ["1", "2"] {
        broker.says(in_lab(id)).await;
        assert_eq!(kept.next().await.unwrap().id.as_ref().unwrap().as_str(), id);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_is_told_and_left_out() {
    let (client, mut broker) = opened().await;
    let (mut events, mut messages) = (client.events(), client.messages());
    for nonsense in
        [json!(false), json!([1]), json!({"ID": "m"}), json!({"TYPE": 5}), json!({"TYPE": "A", "TO": 1})]
    {
        broker.says(nonsense).await;
        assert!(matches!(events.next().await, Some(Event::Malformed { .. })));
    }
    broker.says(in_lab("fine")).await;
    assert_eq!(messages.next().await.unwrap().id.as_ref().unwrap().as_str(), "fine");
}

#[tokio::test(start_paused = true)]
async fn the_broker_s_welcome_is_an_event_and_no_message_and_can_be_asked_for_later() {
    let (client, mut broker) = opened().await;
    assert_eq!(client.welcome(), None);
    let (mut events, mut messages) = (client.events(), client.messages());
    broker
        .says(json!({"TYPE": "COMMAND/WELCOME", "NAME": "w", "SESSION": 7, "NODE": "n 1", "PING": 25.0}))
        .await;
    let Some(Event::Welcomed(welcome)) = events.next().await else { panic!("not told") };
    assert_eq!((welcome.name.as_str(), welcome.session, welcome.node.as_str()), ("w", 7, "n 1"));
    assert_eq!(client.welcome(), Some(welcome));
    let nothing = tokio::time::timeout(Duration::from_secs(1), messages.next()).await;
    assert!(nothing.is_err());
    broker.says(json!({"TYPE": "COMMAND/WELCOME", "NAME": "w", "SESSION": 8, "NODE": "n 1"})).await;
    assert!(matches!(events.next().await, Some(Event::Welcomed(_))));
    assert_eq!(client.welcome().map(|welcome| welcome.session), Some(8));
}
