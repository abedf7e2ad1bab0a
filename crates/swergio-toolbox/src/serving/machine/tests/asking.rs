//! Asking: several cotangents at once.

use swergio_client::{Kind, ModelStatus};

use super::stage::{batched, says, square};

fn probe(room: &str, id: &str, json: &str) -> swergio_client::Envelope {
    let kind = if room == "in" { Kind::FORWARD } else { Kind::GRADIENT };
    let mut envelope = says(kind, room, id, json);
    envelope.model_status = Some(ModelStatus::PROBE);
    envelope
}

/// R93: k cotangents along a leading axis, k gradients back.
#[test]
fn a_jacobian_comes_in_one_round_trip() {
    let mut c = batched();
    c.hears(&probe("in", "i", "[3.0, 5.0]"));
    let asked = probe("out", "o1", "[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]");
    let answer = c.answers(&asked.with_field("COTANGENTS", &3).unwrap()).remove(0);
    assert_eq!(answer.data.as_ref().unwrap().to_json(), b"[[6.0,0.0],[0.0,10.0],[6.0,10.0]]");
    assert_eq!(answer.field("COTANGENTS").unwrap().read::<u8>(), Ok(3));
    assert_eq!((answer.kind.clone(), answer.model_status), (Kind::GRADIENT, Some(ModelStatus::PROBE)));
}

/// R93: who does not take several says so; nobody learns from several.
#[test]
fn several_at_once_are_for_those_who_take_them_and_for_asking() {
    let told = ["FAULT COTANGENTS about o1 > out", "FAULT COTANGENTS about i > in"];
    let mut single = square();
    single.hears(&probe("in", "i", "[3.0]"));
    let asked = || probe("out", "o1", "[[1.0], [2.0]]").with_field("COTANGENTS", &2).unwrap();
    assert_eq!(single.hears(&asked()), told);

    let mut learning = batched();
    learning.forward("i", "[3.0]");
    let taught = says(Kind::GRADIENT, "out", "o1", "[[1.0], [2.0]]").with_field("COTANGENTS", &2).unwrap();
    assert_eq!(learning.hears(&taught), told);

    for count in [0, 4097, -1] {
        let mut c = batched();
        c.hears(&probe("in", "i", "[3.0]"));
        let asked = probe("out", "o1", "[[1.0]]").with_field("COTANGENTS", &count).unwrap();
        assert_eq!(c.hears(&asked), told, "{count}");
    }

    let mut c = batched();
    c.hears(&probe("in", "i", "[3.0]"));
    let three = probe("out", "o1", "[[1.0], [2.0]]").with_field("COTANGENTS", &3).unwrap();
    assert_eq!(c.hears(&three), ["FAULT GRADIENT_SHAPE about o1 > out", "FAULT GRADIENT_SHAPE about i > in"]);
}
