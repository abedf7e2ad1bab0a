//! Session: registering, joining, and what is refused, as the others in the room see it.

use serde_json::{Value, json};
use swergio_proto::{Codec, Fault, Limits, Notice, Rules};

use crate::world::World;

fn registered() -> World {
    let mut world = World::default();
    world.join("ada bob", "lab");
    world
}

/// R10: before REGISTER nothing is taken but DISCONNECT, and nobody hears what is refused.
#[test]
fn the_first_thing_that_is_said_is_a_name() {
    let mut world = registered();
    world.connect("eve");
    for message in [
        json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab"}),
        json!({"TYPE": "DATA/TEXT", "TO": "ada"}),
        json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "lab"}),
        json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "lab"}),
    ] {
        assert_eq!(world.send("eve", &message), Err(Fault::Unregistered));
    }
    world.register("eve", "eve").unwrap();
    world.say("eve", "lab", "now");
    world.heard("ada", &["now"]);
}

/// R10, R16: a stranger may go as it came.
#[test]
fn a_stranger_may_disconnect() {
    let mut world = World::default();
    world.connect("eve");
    assert_eq!(world.send("eve", &json!({"TYPE": "COMMAND/DISCONNECT"})), Ok(0));
}

/// R11: a second REGISTER renames, and the rooms are kept.
#[test]
fn registering_again_renames_and_keeps_the_rooms() {
    let mut world = registered();
    world.register("bob", "rob").unwrap();
    world.tell("ada", "bob", "gone?");
    world.tell("ada", "rob", "here?");
    world.say("ada", "lab", "still?");
    world.heard("bob", &["here?", "still?"]);
    world.say("bob", "lab", "it is me");
    assert_eq!(world.take("ada")[0]["SENT_BY"], "rob");
}

/// R11: registering under the same name changes nothing.
#[test]
fn registering_the_same_name_again_is_registering_once() {
    let mut world = registered();
    world.register("bob", "bob").unwrap();
    assert_eq!(world.tell("ada", "bob", "hi"), 1);
}

/// R12: two connections of one name are two members.
#[test]
fn namesakes_are_two_members() {
    let mut world = World::default();
    world.join("bob bob#2", "lab");
    world.say("bob", "lab", "hi");
    world.heard("bob#2", &["hi"]);
    world.heard("bob", &[]);
    world.end("bob");
    assert_eq!(world.tell("bob#2", "bob", "alone"), 1);
}

/// R13: joining twice is joining once, and leaving takes one's own seat only.
#[test]
fn joining_twice_is_joining_once() {
    let mut world = registered();
    world.join("bob", "lab");
    world.say("ada", "lab", "once");
    world.heard("bob", &["once"]);
    world.leave("bob", "lab");
    world.leave("bob", "lab");
    world.leave("bob", "hall");
    assert_eq!(world.say("ada", "lab", "bob?"), 0);
    assert_eq!(world.session("ada").rooms().len(), 1);
}

/// R15: by default nobody is told that somebody comes or goes; in upstream's ways TO_ROOM is.
#[test]
fn control_messages_are_consumed_unless_upstream_forwards_them() {
    for (mut world, told) in [(World::default(), false), (World::upstream(), true)] {
        world.join("ada", "_command");
        world.connect("bob");
        for message in [
            json!({"TYPE": "COMMAND/REGISTER", "NAME": "bob", "TO_ROOM": "_command"}),
            json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "lab", "TO_ROOM": "_command"}),
            json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": "lab", "TO_ROOM": "_command"}),
        ] {
            world.send("bob", &message).unwrap();
        }
        let all = ["COMMAND/REGISTER", "COMMAND/JOINROOM", "COMMAND/LEAVEROOM"];
        world.heard("ada", if told { &all } else { &[] });
    }
}

/// R15: *n* clients that come as upstream's do cost nobody a delivery; in upstream's ways each costs as many as
/// there are.
#[test]
fn many_clients_come_in_quietly() {
    let arrive = |mut world: World| -> usize {
        let come = |number: u32| {
            let who = format!("{number}");
            world.connect(&who);
            let told = |message: Value| world.send(&who, &message).unwrap();
            let to = "_command";
            [
                json!({"TYPE": "COMMAND/REGISTER", "NAME": who, "TO_ROOM": to}),
                json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "_command", "TO_ROOM": to}),
            ]
            .map(told)
            .iter()
            .sum::<usize>()
        };
        (0..100).map(come).sum()
    };
    assert_eq!(arrive(World::default()), 0);
    assert_eq!(arrive(World::upstream()), 2 * (0..100).sum::<usize>());
}

/// R17: the welcome says name, session, node, ping and limits.
#[test]
fn a_welcome_says_what_a_peer_must_know() {
    let limits = Limits::default();
    let welcome = Notice::Welcome { name: "ada", session: 7, node: "swergio 0", limits: &limits };
    let told: Value = serde_json::from_slice(welcome.encode(Codec::Json).bytes()).unwrap();
    assert_eq!(told["TYPE"], "COMMAND/WELCOME");
    assert_eq!(
        (&told["NAME"], &told["SESSION"], &told["NODE"]),
        (&json!("ada"), &json!(7), &json!("swergio 0"))
    );
    assert_eq!((told["PING"].as_f64(), &told["LIMITS"]["nesting"]), (Some(25.0), &json!(64)));
}

/// R18: names are bounded; what is refused changes nothing.
#[test]
fn a_bad_name_is_refused_and_changes_nothing() {
    let mut world = registered();
    for name in ["_ada", "_command", "a\nb", &"x".repeat(129)] {
        assert_eq!(world.register("ada", name).unwrap_err().code(), "BAD_NAME", "{name:?}");
    }
    for room in ["_mine", "a\u{7f}", &"x".repeat(257)] {
        for message in
            [json!({"TYPE": "COMMAND/JOINROOM", "ROOM": room}), json!({"TYPE": "DATA/TEXT", "TO_ROOM": room})]
        {
            assert_eq!(world.send("ada", &message).unwrap_err().code(), "BAD_NAME", "{message}");
        }
    }
    assert_eq!(world.session("ada").name().unwrap(), "ada");
    assert_eq!(world.session("ada").rooms().len(), 1);
}

/// R18: the empty name is a name, and so is one of just the length; upstream takes what is short enough.
#[test]
fn odd_names_that_are_names() {
    let long = "x".repeat(256);
    let mut world = World::default();
    for room in ["", "_command", "_logging", "_presence", &long] {
        world.join("ada", room);
        world.say("ada", room, "mine");
    }
    world.register("ada", "").unwrap();
    world.register("ada", &long[..128]).unwrap();
    let mut world = World::upstream();
    world.join("_ada a\u{1}b", "_mine");
    world.say("_ada", "_mine", "hi");
    world.heard("a\u{1}b", &["hi"]);
    assert_eq!(world.register("_ada", &long[..129]).unwrap_err().code(), "BAD_NAME");
}

/// R19: one room too many is refused; the others stay, and one that is left makes place for another.
#[test]
fn a_connection_sits_in_so_many_rooms_and_no_more() {
    let limits = Limits { rooms_per_connection: 2, ..Limits::default() };
    let mut world = World::with(Rules { limits, ..Rules::default() });
    world.join("ada", "lab");
    world.join("ada", "hall");
    let attic = json!({"TYPE": "COMMAND/JOINROOM", "ROOM": "attic"});
    assert_eq!(world.send("ada", &attic).unwrap_err().code(), "ROOM_LIMIT");
    assert_eq!(world.rooms(), ["lab", "hall"]);
    world.join("ada", "lab");
    world.leave("ada", "lab");
    assert_eq!(world.send("ada", &attic), Ok(0));
    assert_eq!(world.rooms(), ["hall", "attic"]);
}

/// R19.
#[test]
fn the_bounds_on_rooms_are_those_of_the_norm() {
    let limits = Limits::default();
    assert_eq!((limits.rooms_per_connection, limits.rooms), (1024, 100_000));
}

/// R5: a field of the wrong type is refused by its name, and nobody else notices.
#[test]
fn an_ill_typed_message_is_its_senders_business() {
    let mut world = registered();
    for (message, field) in [
        (json!({"TO_ROOM": "lab"}), "TYPE"),
        (json!({"TYPE": 7, "TO_ROOM": "lab"}), "TYPE"),
        (json!({"TYPE": "DATA/TEXT", "TO_ROOM": ["lab"]}), "TO_ROOM"),
        (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": null}), "TO"),
        (json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "SENT_BY": 1}), "SENT_BY"),
        (json!({"TYPE": "COMMAND/LEAVEROOM", "ROOM": true}), "ROOM"),
        (json!({"TYPE": "COMMAND/REGISTER"}), "NAME"),
    ] {
        let fault = world.send("ada", &message).unwrap_err();
        assert_eq!((fault.code(), fault.offending_field()), ("MALFORMED", Some(field)), "{message}");
    }
    world.heard("bob", &[]);
    world.say("ada", "lab", "still here");
    world.heard("bob", &["still here"]);
}
