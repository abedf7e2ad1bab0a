//! Passes: forward, and back under the right IDs.

use swergio_client::{Envelope, Kind, MessageId, ModelStatus, Tensor};

use super::stage::{Stage, says, square};
use crate::function;

/// R80: a new ID forward, the old one back.
#[test]
fn a_gradient_goes_back_under_the_id_that_the_input_came_with() {
    let mut c = square();
    assert_eq!(c.forward("i", "[3.0]"), ["FORWARD o1 > out: [9.0]"]);
    assert_eq!(c.gradient("o1", "[0.5]"), ["GRADIENT i > in: [3.0]"]);
    assert_eq!((c.weight(), c.tally().tape.kept, c.events()), (2.0, 0, vec![]));
}

/// R80: ROOT_ID and MODEL_STATUS travel along. R81: what is absent stays absent.
#[test]
fn root_and_status_travel_along_and_what_is_absent_stays_absent() {
    for (root, status) in [
        (Some("r"), Some(ModelStatus::TRAIN)),
        (Some("r"), Some(ModelStatus::PROBE)),
        (Some("r"), Some(ModelStatus(7))),
        (None, None),
    ] {
        let mut c = square();
        let mut came = says(Kind::FORWARD, "in", "i", "2.0");
        (came.root_id, came.model_status) = (root.map(str::to_owned), status);
        let output = c.answers(&came).remove(0);
        assert_eq!((output.root_id.as_deref(), output.model_status), (root, status));
        let mut back = says(Kind::GRADIENT, "out", "o1", "1.0");
        (back.root_id, back.model_status) = (None, status);
        let gradient = c.answers(&back).remove(0);
        assert_eq!((gradient.root_id.as_deref(), gradient.model_status), (root, status));
    }
}

/// R94: an output says which weights it was computed with, a gradient what they have become.
#[test]
fn what_it_says_tells_which_weights_it_has() {
    let mut c = square();
    let version = |said: &Envelope| said.field("WEIGHTS_VERSION").unwrap().read::<u64>().unwrap();
    let output = c.answers(&says(Kind::FORWARD, "in", "i", "[3.0]")).remove(0);
    let gradient = c.answers(&says(Kind::GRADIENT, "out", "o1", "[1.0]")).remove(0);
    let next = c.answers(&says(Kind::FORWARD, "in", "j", "[3.0]")).remove(0);
    assert_eq!([output, gradient, next].map(|said| version(&said)), [1, 2, 2]);
    let mut plain = Stage::new(function(|x: &Tensor| x.clone(), |_: &Tensor, g: Tensor| g));
    let output = plain.answers(&says(Kind::FORWARD, "in", "i", "[3.0]")).remove(0);
    assert_eq!(output.field("WEIGHTS_VERSION"), None);
}

/// R81: VALIDATE keeps nothing, PROBE does not learn, and a missing status is TRAIN.
#[test]
fn the_status_says_what_is_kept_and_who_learns() {
    for (status, kept, weight) in [
        (Some(ModelStatus::TRAIN), 1, 2.0),
        (None, 1, 2.0),
        (Some(ModelStatus::PROBE), 1, 1.0),
        (Some(ModelStatus::VALIDATE), 0, 1.0),
    ] {
        let mut c = square();
        let mut came = says(Kind::FORWARD, "in", "i", "[3.0]");
        came.model_status = status;
        assert_eq!(c.hears(&came), ["FORWARD o1 > out: [9.0]"]);
        assert_eq!(c.tally().tape.kept, kept);
        let mut back = says(Kind::GRADIENT, "out", "o1", "[1.0]");
        back.model_status = status;
        assert_eq!(c.hears(&back).len(), kept);
        assert_eq!((c.weight(), c.tally().tape.kept), (weight, 0), "{status:?}");
        let unknown = if kept == 0 { vec!["GradientRefused GRADIENT_UNKNOWN"] } else { vec![] };
        assert_eq!(c.events(), unknown);
    }
}

/// R81: nobody learns from a gradient that says not to, whatever its forward said.
#[test]
fn a_gradient_as_probe_teaches_nobody() {
    let mut c = square();
    c.forward("i", "[3.0]");
    let mut back = says(Kind::GRADIENT, "out", "o1", "[1.0]");
    back.model_status = Some(ModelStatus::PROBE);
    let gradient = c.answers(&back).remove(0);
    assert_eq!((gradient.model_status, c.weight()), (Some(ModelStatus::PROBE), 1.0));
}

#[test]
fn many_samples_are_in_flight_and_gradients_come_in_any_order() {
    let mut c = square();
    for n in 1..=5 {
        assert_eq!(
            c.forward(&format!("i{n}"), &format!("[{n}.0]")),
            [format!("FORWARD o{n} > out: [{}.0]", n * n)]
        );
    }
    for n in [3, 1, 5, 2, 4] {
        let mut back = says(Kind::GRADIENT, "out", &format!("o{n}"), "[1.0]");
        back.model_status = Some(ModelStatus::PROBE);
        assert_eq!(c.hears(&back), [format!("GRADIENT i{n} > in: [{}.0]", 2 * n)]);
    }
    assert_eq!((c.tally().forwards, c.tally().gradients, c.tally().tape.kept), (5, 5, 0));
}

/// R82: repeated is told in the output room, unknown in no room; neither teaches.
#[test]
fn a_gradient_is_used_once() {
    let mut c = square();
    c.forward("i", "[3.0]");
    c.gradient("o1", "[1.0]");
    assert_eq!(c.gradient("o1", "[1.0]"), ["FAULT GRADIENT_REPEATED about o1 > out"]);
    assert_eq!(c.gradient("a sibling's", "[1.0]"), [""; 0]);
    assert_eq!(c.weight(), 2.0);
    assert_eq!(c.events(), ["GradientRefused GRADIENT_REPEATED", "GradientRefused GRADIENT_UNKNOWN"]);
    assert_eq!((c.tally().tape.repeated, c.tally().tape.unknown, c.tally().refused_gradients), (1, 1, 2));
}

/// R83: hyphens that a peer has put into our ID do not matter; those of its own go back.
#[test]
fn a_uuid_is_known_with_hyphens_and_without() {
    let mut c = square();
    let ours = MessageId::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef);
    let hyphens = "01234567-89ab-4def-8123-456789abcdef";
    let came = says(Kind::FORWARD, "in", hyphens, "[3.0]");
    let mut outcome = super::super::Outcome::default();
    c.machine_mut().hear(std::time::Instant::now(), &came, ours, &mut outcome);
    assert_eq!(c.gradient(hyphens, "[1.0]"), [format!("GRADIENT {hyphens} > in: [6.0]")]);
    assert_eq!(c.gradient(hyphens, "[1.0]"), [format!("FAULT GRADIENT_REPEATED about {hyphens} > out")]);
}

/// R84: a reward is somebody else's to use.
#[test]
fn a_reward_is_ignored_and_told() {
    let mut c = square();
    c.forward("i", "[3.0]");
    assert_eq!(c.hears(&says(Kind::REWARD, "out", "o1", "1.0")), [""; 0]);
    assert_eq!((c.events(), c.tally().tape.kept), (vec!["Ignored".to_owned()], 1));
}

/// R90: in a pass that keeps nothing a fault finds its way back all the same.
#[test]
fn a_fault_is_handed_back_where_nothing_was_kept() {
    let mut c = square();
    let mut came = says(Kind::FORWARD, "in", "i", "[3.0]");
    came.model_status = Some(ModelStatus::VALIDATE);
    c.hears(&came);
    let fault = crate::PassFault::failed("no").to_envelope(&MessageId::new("o1"));
    let fault = fault.with_to_room(swergio_client::RoomName::parse("out").unwrap());
    assert_eq!(c.hears(&fault), ["FAULT FAILED about i > in"]);
    assert_eq!(c.hears(&fault), [""; 0]);
    assert_eq!(c.tally().tape.kept, 0);
}

#[test]
fn what_siblings_say_is_nothing_to_it() {
    let mut c: Stage<_> = square();
    assert_eq!(c.hears(&says(Kind::FORWARD, "out", "x", "[3.0]")), [""; 0]);
    assert_eq!(c.hears(&says(Kind::GRADIENT, "in", "x", "[3.0]")), [""; 0]);
    assert_eq!(c.hears(&says(Kind::TEXT, "in", "x", "\"hi\"")), [""; 0]);
    assert_eq!(c.events(), [""; 0]);
}
