//! Faults: who hears of what came to nothing, and that the next sample does not notice.

use swergio_client::{Kind, MessageId, RoomName, Tensor};

use super::stage::{Stage, from, says, square};
use crate::{Differentiable, PassFault, component};

/// R88: REF, ROOT_ID, CODE, MESSAGE, COMPONENT.
#[test]
fn an_input_that_the_component_cannot_do_with_is_told_where_it_came_from() {
    let mut c = square();
    let fault = c.answers(&says(Kind::FORWARD, "in", "i", "[13.0]")).remove(0);
    assert_eq!((fault.kind.clone(), fault.root_id.as_deref()), (Kind::FAULT, Some("root")));
    let (about, fault) = PassFault::read(&fault).unwrap();
    assert_eq!((about.as_str(), fault.code(), fault.component()), ("i", "FAILED", Some("c")));
    assert_eq!(fault.message(), "thirteen is unlucky");
    assert_eq!(c.forward("i", "[99.0]"), ["FAULT FAILED about i > in"], "a panic is a fault too");
    assert_eq!(c.forward("i", "\"text\""), ["FAULT UNREADABLE about i > in"]);
    assert_eq!(c.forward("i", "[3.0]"), ["FORWARD o1 > out: [9.0]"]);
    assert_eq!(c.events(), ["Refused FAILED", "Refused FAILED", "Refused UNREADABLE"]);
    assert_eq!((c.tally().refused, c.tally().tape.kept), (3, 1));
}

#[test]
fn a_message_without_data_or_id_is_refused() {
    let mut c = square();
    let mut bare = says(Kind::FORWARD, "in", "i", "0");
    bare.data = None;
    assert_eq!(c.hears(&bare), ["FAULT UNREADABLE about i > in"]);
    for kind in [Kind::FORWARD, Kind::GRADIENT] {
        let room = if kind == Kind::FORWARD { "in" } else { "out" };
        let mut nameless = says(kind, room, "i", "0");
        nameless.id = None;
        assert_eq!(c.hears(&nameless), [""; 0]);
    }
    assert_eq!(c.events(), ["Refused UNREADABLE", "Refused UNREADABLE", "GradientRefused UNREADABLE"]);
}

/// R89: both rooms hear of a gradient that came to nothing; it is over for that sample.
#[test]
fn a_gradient_that_the_component_cannot_do_with_is_told_both_ways() {
    let mut c = square();
    c.forward("i", "[3.0]");
    let told = ["FAULT FAILED about o1 > out", "FAULT FAILED about i > in"];
    assert_eq!(c.gradient("o1", "[99.0]"), told);
    assert_eq!(c.tally().tape.kept, 0);
    assert_eq!(c.gradient("o1", "[1.0]"), ["FAULT GRADIENT_REPEATED about o1 > out"]);
}

/// R90: a fault of a component further on goes the way of a gradient, and says who found it.
#[test]
fn a_fault_from_further_on_is_handed_back() {
    let mut c = square();
    c.forward("i", "[3.0]");
    let fault = PassFault::new("PORT_SHAPE", "no").help("mend it").to_envelope(&MessageId::new("o1"));
    let fault = from(fault.with_to_room(RoomName::parse("out").unwrap()), "d");
    let handed = c.answers(&fault).remove(0);
    assert_eq!((handed.to_room.as_ref().unwrap().as_str(), handed.root_id.as_deref()), ("in", Some("root")));
    let (about, told) = PassFault::read(&handed).unwrap();
    assert_eq!(
        (about.as_str(), told.code(), told.component(), told.advice()),
        ("i", "PORT_SHAPE", Some("d"), Some("mend it"))
    );
    assert_eq!(c.hears(&fault), [""; 0], "once");
    assert_eq!((c.tally().tape.kept, c.tally().tape.forgotten, c.tally().relayed), (0, 1, 1));
    let late = ["FAULT GRADIENT_LATE about o1 > out", "FAULT GRADIENT_LATE about i > in"];
    assert_eq!(c.gradient("o1", "[1.0]"), late);
    assert_eq!(c.events(), ["Relayed PORT_SHAPE", "GradientRefused GRADIENT_LATE"]);
}

#[test]
fn an_objection_to_its_gradient_is_told_as_an_event() {
    let mut c = square();
    let fault = PassFault::new("GRADIENT_SHAPE", "no").to_envelope(&MessageId::new("i"));
    assert_eq!(c.hears(&fault.with_to_room(RoomName::parse("in").unwrap())), [""; 0]);
    let theirs = PassFault::new("PORT_SHAPE", "no").to_envelope(&MessageId::new("i"));
    assert_eq!(c.hears(&theirs.with_to_room(RoomName::parse("in").unwrap())), [""; 0]);
    assert_eq!(c.events(), ["Objected GRADIENT_SHAPE"], "what a sibling refused is its own business");
}

#[test]
fn what_could_not_be_sent_on_is_told_back() {
    let mut c = square();
    let output = c.answers(&says(Kind::FORWARD, "in", "i", "[3.0]")).remove(0);
    assert_eq!(c.cannot_send(&output), ["FAULT FAILED about i > in"]);
    assert_eq!(c.tally().tape.kept, 0);
    c.forward("j", "[3.0]");
    let gradient = c.answers(&says(Kind::GRADIENT, "out", "o2", "[3.0]")).remove(0);
    assert_eq!(c.cannot_send(&gradient), ["FAULT FAILED about j > in"]);
    assert_eq!(c.events(), ["Unsent", "Unsent"]);
}

/// R89: who sends a gradient where there can be none is told, and so is the caller.
#[test]
fn a_component_without_a_vjp_says_so() {
    fn stage<D: Differentiable, I, O>(component: crate::Component<D, I, O>) -> Stage<D> {
        Stage::new(component.into_differentiable())
    }
    let mut c = stage(component("c").forward(|x: Tensor| Ok((2.0 * x, ()))));
    assert_eq!(c.forward("i", "[3.0]"), ["FORWARD o1 > out: [6.0]"]);
    assert_eq!(c.tally().tape.kept, 0, "nothing but the way back is remembered");
    let told = ["FAULT NOT_DIFFERENTIABLE about o1 > out", "FAULT NOT_DIFFERENTIABLE about i > in"];
    assert_eq!(c.gradient("o1", "[1.0]"), told);
}
