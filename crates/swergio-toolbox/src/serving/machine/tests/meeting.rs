//! Meeting: what neighbours tell each other of their ports.

use swergio_client::{Envelope, Kind, RoomName};

use super::stage::{Square, Stage, from, square};
use crate::{Announcement, Mismatch, Port, ServingLimits, Side};

fn takes(port: Port) -> Stage<Square> {
    let weight = std::sync::Arc::new(std::sync::Mutex::new(1.0));
    Stage::with(Square { weight }, vec![port], vec![], ServingLimits::default())
}

/// What a component called `n` that gives `port` into the room `in` says when it begins.
fn giver(port: Port) -> Envelope {
    let side = |room: &str, ports| Some(Side { room: room.into(), ports });
    let announcement = Announcement {
        component: "n".into(),
        differentiable: true,
        input: side("before", vec![]),
        output: side("in", vec![port]),
    };
    from(announcement.to_room(RoomName::parse("in").unwrap()), "n's process")
}

/// R91: it tells both rooms what it takes and gives.
#[test]
fn a_component_announces_itself_in_both_rooms() {
    let c = takes(Port::f64("x").shape(("batch", 3)));
    let said = c.announces();
    let rooms: Vec<&str> = said.iter().map(|said| said.to_room.as_ref().unwrap().as_str()).collect();
    assert_eq!((rooms, said[0].kind.clone()), (vec!["in", "out"], Kind::PORTS));
    let read = Announcement::read(&said[0]);
    assert_eq!((read.component.as_str(), read.differentiable), ("c", true));
    assert_eq!(read.input.unwrap().ports, [Port::f64("x").shape(("batch", 3))]);
    assert_eq!(read.output.unwrap(), Side { room: "out".into(), ports: vec![] });
    let json = String::from_utf8(said[0].field("INPUT").unwrap().to_json()).unwrap();
    assert_eq!(
        json.replace(' ', ""),
        r#"{"room":"in","ports":[{"name":"x","dtype":"<f8","shape":["batch",3]}]}"#
    );
}

/// R91: a newcomer is answered once, and an answer is not answered.
#[test]
fn a_newcomer_learns_of_those_who_are_there() {
    let mut c = takes(Port::f64("x"));
    let answer = c.answers(&giver(Port::f64("y"))).remove(0);
    assert_eq!((answer.kind.clone(), answer.to.as_ref().unwrap().as_str()), (Kind::PORTS, "n's process"));
    assert_eq!(answer.to_room, None);
    assert_eq!(Announcement::read(&answer).component, "c");
    let mut other = square();
    assert_eq!(other.hears(&from(answer, "c's process")), [""; 0]);
    assert_eq!((c.events(), other.events()), (vec!["Neighbour".to_owned()], vec!["Neighbour".to_owned()]));
}

/// R91: who only asks is answered, and is no neighbour.
#[test]
fn who_asks_is_told() {
    let mut c = square();
    let question = Announcement::default().to_room(RoomName::parse("in").unwrap());
    assert_eq!(c.hears(&from(question, "cli")), ["PORTS > cli"]);
    assert_eq!(c.events(), [""; 0]);
}

/// R92: both sides are told, in the room between them.
#[test]
fn neighbours_that_do_not_fit_are_told() {
    let mut c = takes(Port::f64("aim").shape(("batch", 3)));
    let said = c.answers(&giver(Port::f64("control").shape(("batch", 2))));
    let told = &said[1];
    assert_eq!((told.kind.clone(), told.to_room.as_ref().unwrap().as_str()), (Kind::MISMATCH, "in"));
    let mismatch = Mismatch::read(told).unwrap();
    assert_eq!((mismatch.giver.as_str(), mismatch.taker.as_str()), ("n", "c"));
    assert_eq!(
        mismatch.fault.to_string(),
        "PORT_SHAPE at c, port \"aim\": the shapes can never be the same\n  \
         declared f64[batch, 3], received f64[batch, 2]\n  help: declare the same on both sides"
    );
    assert_eq!(c.events(), ["Mismatch PORT_SHAPE", "Neighbour"]);
    assert_eq!(c.hears(told), [""; 0], "which ends it");
    assert_eq!(c.events(), ["Mismatch PORT_SHAPE"], "a side that hears of it tells it as well");
    assert_eq!(c.answers(&giver(Port::f64("control").shape(("n", "m")))).len(), 1, "these fit");
}

#[test]
fn what_is_no_neighbours_business_is_left_alone() {
    let mut c = takes(Port::f64("aim"));
    let mut elsewhere = giver(Port::f32("y"));
    elsewhere.fields.retain(|(key, _)| key != "OUTPUT");
    assert_eq!(c.answers(&elsewhere).len(), 1);
    let between_others =
        Mismatch { giver: "n".into(), taker: "m".into(), fault: crate::PassFault::failed("") };
    c.hears(&between_others.to_room(RoomName::parse("in").unwrap()));
    assert_eq!(c.events(), ["Neighbour"]);
}

/// A neighbour with more ports than there may be is passed over: comparing each with each would cost too much.
#[test]
fn too_many_ports_are_not_compared() {
    let mut c = takes(Port::f64("aim").shape(("batch", 3)));
    let most = ServingLimits::default().ports;
    let ports = |count: usize| (0..count).map(|at| Port::f64(format!("p{at}"))).collect();
    let says = |count| {
        let output = Some(Side { room: "in".into(), ports: ports(count) });
        let announcement = Announcement { component: "n".into(), output, ..Announcement::default() };
        from(announcement.to_room(RoomName::parse("in").unwrap()), "n's process")
    };
    assert!(c.hears(&says(most)).len() > 1);
    assert_eq!(c.hears(&says(most + 1)), [""; 0]);
}
