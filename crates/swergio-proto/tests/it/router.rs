//! Router: who hears what, and who is told that a room is wanted.

use serde_json::json;
use swergio_proto::{Address, Effects, Frame, RoomName, Router, SeatId};

use crate::world::World;

/// R40: a room's message reaches every member but the sender.
#[test]
fn a_room_hears_what_is_said_in_it() {
    let mut world = World::default();
    world.join("ada bob cyd", "lab");
    world.join("dan", "hall");
    assert_eq!(world.say("ada", "lab", "hi"), 2);
    world.heard("bob", &["hi"]);
    world.heard("cyd", &["hi"]);
    world.heard("ada", &[]);
    world.heard("dan", &[]);
}

/// R40: the sender need not be a member.
#[test]
fn a_stranger_to_the_room_may_speak_into_it() {
    let mut world = World::default();
    world.join("ada bob", "lab");
    world.enter("eve");
    world.say("eve", "lab", "psst");
    world.heard("ada", &["psst"]);
    world.heard("bob", &["psst"]);
    world.heard("eve", &[]);
}

/// R12, R40: a message to a name reaches every holder, the sender included; names and rooms do not mix.
#[test]
fn every_holder_of_a_name_hears_what_it_is_told() {
    let mut world = World::default();
    world.join("ada bob bob#2", "bob");
    assert_eq!(world.tell("bob", "bob", "which of us?"), 2);
    world.heard("bob", &["which of us?"]);
    world.heard("bob#2", &["which of us?"]);
    world.heard("ada", &[]);
    world.say("bob", "bob", "all of us");
    world.heard("bob", &[]);
    world.heard("bob#2", &["all of us"]);
    world.heard("ada", &["all of us"]);
}

/// R40: with both it goes both ways; who is reached twice gets two, and R45 counts both.
#[test]
fn who_is_reached_both_ways_hears_it_twice() {
    let mut world = World::default();
    world.join("ada bob cyd", "lab");
    let both = json!({"TYPE": "DATA/TEXT", "TO_ROOM": "lab", "TO": "bob", "DATA": "hi", "ACK": true});
    assert_eq!(world.send("ada", &both), Ok(3));
    world.heard("bob", &["hi", "hi"]);
    world.heard("cyd", &["hi"]);
}

/// R14, R40: where nobody is, nobody hears, and that is no fault.
#[test]
fn saying_something_to_nobody_reaches_nobody() {
    let mut world = World::default();
    world.join("ada", "lab");
    assert_eq!(world.say("ada", "attic", "hello?"), 0);
    assert_eq!(world.tell("ada", "zoe", "hello?"), 0);
    assert_eq!(world.say("ada", "lab", "hello?"), 0);
    assert_eq!(world.send("ada", &json!({"TYPE": "DATA/TEXT", "DATA": "hm"})), Ok(0));
    world.heard("ada", &[]);
}

/// R41: whatever is said, by one or by several, is heard in one order.
#[test]
fn everybody_hears_everything_in_one_order() {
    let mut world = World::default();
    world.join("ada bob cyd dan", "lab");
    for (who, text) in [("ada", "1"), ("ada", "2"), ("bob", "3"), ("ada", "4"), ("bob", "5")] {
        world.say(who, "lab", text);
    }
    world.tell("ada", "cyd", "6");
    world.heard("cyd", &["1", "2", "3", "4", "5", "6"]);
    world.heard("dan", &["1", "2", "3", "4", "5"]);
    world.heard("ada", &["3", "5"]);
    world.heard("bob", &["1", "2", "4"]);
}

/// R41: the order outlives those who leave.
#[test]
fn somebody_leaving_changes_no_order() {
    let mut world = World::default();
    world.join("ada bob cyd dan", "lab");
    world.say("ada", "lab", "1");
    world.leave("bob", "lab");
    world.say("ada", "lab", "2");
    world.heard("bob", &["1"]);
    world.heard("cyd", &["1", "2"]);
    world.heard("dan", &["1", "2"]);
}

/// R14: a room exists while somebody is in it.
#[test]
fn a_room_comes_with_the_first_and_goes_with_the_last() {
    let mut world = World::default();
    world.join("ada bob", "lab");
    assert_eq!(world.rooms(), ["lab"]);
    world.leave("ada", "lab");
    assert!(world.knows("lab"));
    world.end("bob");
    assert!(!world.knows("lab"));
    assert!(world.rooms().is_empty());
    world.join("ada", "lab");
    assert_eq!(world.rooms(), ["lab"]);
}

/// R16: whoever ends, in any way, leaves its rooms silently.
#[test]
fn who_ends_is_gone_and_nobody_is_told() {
    let mut world = World::default();
    world.join("ada bob cyd", "lab");
    world.end("bob");
    world.send("cyd", &json!({"TYPE": "COMMAND/DISCONNECT", "TO_ROOM": "lab", "TO": "ada"})).unwrap();
    assert_eq!(world.say("ada", "lab", "anybody?"), 0);
    assert_eq!(world.tell("ada", "bob", "bob?"), 0);
    world.heard("ada", &[]);
}

/// R50: `_command` is a room like any other.
#[test]
fn the_command_room_is_an_ordinary_room() {
    let mut world = World::default();
    world.join("ada bob", "_command");
    world.send("ada", &json!({"TYPE": "COMMAND/SAVEMODELWEIGHTS", "TO_ROOM": "_command"})).unwrap();
    world.heard("bob", &["COMMAND/SAVEMODELWEIGHTS"]);
    world.heard("ada", &[]);
}

/// R51: forwards and gradients are logged after themselves, and their sender hears it too.
#[test]
fn the_logging_room_hears_a_copy_after_the_message() {
    let mut world = World::default();
    world.join("ada bob", "lab");
    world.join("ada bob cyd", "_logging");
    let forward = json!({"ID": "1", "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": "x"});
    world.send("ada", &forward).unwrap();
    world.heard("ada", &["LOG/MESSAGES"]);
    world.heard("bob", &["x", "LOG/MESSAGES"]);
    let signed = json!({"ID": "1", "TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": "x", "SENT_BY": "ada"});
    assert_eq!(
        world.take("cyd"),
        [json!({"ID": "entry", "TO_ROOM": "_logging", "TYPE": "LOG/MESSAGES", "MESSAGE": signed})]
    );
    for (kind, logged) in [("DATA/GRADIENT", 1), ("DATA/REWARD", 0), ("DATA/TEXT", 0), ("LOG/KPI", 0)] {
        world.send("ada", &json!({"TYPE": kind, "TO_ROOM": "lab"})).unwrap();
        assert_eq!(world.take("cyd").len(), logged, "{kind}");
    }
}

/// R52: what a component sends to `_logging` is an ordinary message, its own kind included.
#[test]
fn saying_something_in_the_logging_room_is_saying_it_in_a_room() {
    let mut world = World::default();
    world.join("ada bob", "_logging");
    world.send("ada", &json!({"TYPE": "LOG/MESSAGES", "TO_ROOM": "_logging", "MESSAGE": {}})).unwrap();
    world.say("ada", "_logging", "note");
    world.heard("bob", &["LOG/MESSAGES", "note"]);
    world.heard("ada", &[]);
}

/// Writes down what the router asks for, as a person would.
#[derive(Default)]
struct Asked(Vec<String>);

impl Effects<&str> for Asked {
    fn deliver(&mut self, to: &&str, _: &Frame) {
        self.0.push(format!("tell {to}"));
    }

    fn interest(&mut self, address: Address<'_>, present: bool) {
        self.0.push(format!("{} {present}", address.name()));
    }
}

/// R13, R14: a seat is taken once, and interest is told when it begins and when it ends.
#[test]
fn a_seat_is_taken_once_and_given_up_once() {
    let (lab, mut router, mut asked) = (RoomName::parse("lab").unwrap(), Router::new(), Asked::default());
    let (lab, ada, bob) = (Address::room(&lab), SeatId(1), SeatId(2));
    assert!(router.join(lab, ada, "ada", &mut asked));
    assert!(!router.join(lab, ada, "ada's other outbox", &mut asked));
    assert!(router.join(lab, bob, "bob", &mut asked));
    assert_eq!(router.publish(lab, bob, &Frame::json("{}"), &mut asked), 1);
    assert!(router.leave(lab, bob, &mut asked));
    assert!(!router.leave(lab, bob, &mut asked));
    assert!(router.leave(lab, ada, &mut asked));
    assert!(!router.leave(lab, ada, &mut asked));
    assert_eq!(asked.0, ["lab true", "tell ada's other outbox", "lab false"]);
}

#[test]
fn rooms_and_members_are_listed_with_their_seats() {
    let (lab, bob) = (RoomName::parse("lab").unwrap(), swergio_proto::MemberName::parse("bob").unwrap());
    let (mut router, mut asked) = (Router::new(), Asked::default());
    for seat in [2, 1] {
        router.join(Address::room(&lab), SeatId(seat), "x", &mut asked);
    }
    router.join(Address::member(&bob), SeatId(1), "x", &mut asked);
    let rooms: Vec<(&str, Vec<SeatId>)> =
        router.rooms().map(|(name, seats)| (name, seats.map(|(seat, _)| seat).collect())).collect();
    assert_eq!(rooms, [("lab", vec![SeatId(2), SeatId(1)])]);
    let members: Vec<(&str, usize)> = router.members().map(|(name, seats)| (name, seats.count())).collect();
    assert_eq!(members, [("bob", 1)]);
}

/// An address lives in one shard, and a thousand addresses live in all of them.
#[test]
fn addresses_are_spread_over_the_shards() {
    let rooms: Vec<RoomName> = (0..1000).map(|room| RoomName::parse(&room.to_string()).unwrap()).collect();
    let mut sizes = [0; 16];
    for room in &rooms {
        let shard = Address::room(room).shard(sizes.len());
        assert_eq!(shard, Address::room(&room.clone()).shard(sizes.len()));
        sizes[shard] += 1;
    }
    assert!(sizes.iter().all(|size| (20..200).contains(size)), "{sizes:?}");
}
