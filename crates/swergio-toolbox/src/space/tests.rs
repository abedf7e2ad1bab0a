//! Declarations and values, there and back, and what is refused on the way.

use proptest::prelude::*;
use swergio_client::{Body, Dtype, Tensor};

use super::*;
use crate::Values;
use crate::dice::Dice;

const INFINITY: f64 = f64::INFINITY;

/// The observation of a cart-pole: two numbers bounded, two not.
fn cart_pole() -> Space {
    let high = [4.8, INFINITY, 0.418_879_03, INFINITY];
    Space::boxed(high.map(|bound| -bound), high, [4], Dtype::F32).unwrap()
}

fn robot() -> Space {
    let arm = [
        ("angle", Space::bounded(-3.0, 3.0, [2], Dtype::F64).unwrap()),
        ("grip", Space::discrete(3).unwrap()),
    ];
    Space::dict([
        ("arm", Space::dict(arm).unwrap()),
        ("switches", Space::multi_binary([2, 2]).unwrap()),
        ("gears", Space::multi_discrete([5, 2]).unwrap()),
    ])
    .unwrap()
}

fn read(space: &Space, rows: usize, json: &str) -> Result<Values, SpaceFault> {
    space.read_batch(rows, &Body::from_json(json.as_bytes()).unwrap())
}

#[test]
fn spaces_are_declared_by_gymnasiums_names() {
    let spelt = String::from_utf8(Body::of(&cart_pole()).unwrap().to_json()).unwrap();
    assert_eq!(
        spelt,
        r#"{"type": "Box", "low": [-4.8, -Infinity, -0.41887903, -Infinity], "high": [4.8, Infinity, 0.41887903, Infinity], "shape": [4], "dtype": "<f4"}"#
    );
    for space in [cart_pole(), robot(), Space::discrete_from(-1, 3).unwrap()] {
        let body = Body::of(&space).unwrap();
        assert_eq!(body.read::<Space>().unwrap(), space);
        assert_eq!(Body::from_json(&body.to_json()).unwrap().read::<Space>().unwrap(), space);
    }
}

#[test]
fn a_declaration_that_cannot_be_is_refused_with_its_name() {
    let fault = Space::bounded(1.0, 0.0, [1], Dtype::F32).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "DECLARATION: declared low not above high, received 1 and 0 at 0; mend the declaration"
    );
    assert!(Space::boxed([0.0], [1.0, 1.0], [2], Dtype::F32).is_err());
    assert!(Space::bounded(f64::NAN, 1.0, [1], Dtype::F32).is_err());
    assert!(Space::bounded(0.5, 2.0, [1], Dtype::I32).is_err());
    assert!(Space::bounded(0.0, 1.0, [usize::MAX, 2], Dtype::U8).is_err());
    assert!(Space::discrete(0).is_err());
    assert!(Space::multi_discrete([2, 0]).is_err());
    assert!(Space::dict([]).is_err());
    let twice = Space::dict([("a", robot()), ("a", robot())]).unwrap_err();
    assert_eq!(twice.received, "\"a\"");
    let deep = (0..9).fold(Space::discrete(2), |space, _| Space::dict([("in", space?)]));
    assert!(deep.unwrap_err().declared.contains("8 Dicts"));
}

#[test]
fn a_hostile_declaration_is_refused_at_the_door() {
    for text in [
        r#"{"type":"Box","low":[],"high":[],"shape":[4294967296,4294967296,4294967296],"dtype":"<f4"}"#,
        r#"{"type":"Box","low":[0],"high":[1],"shape":[1],"dtype":">f4"}"#,
        r#"{"type":"MultiBinary","shape":[99999999999]}"#,
        r#"{"type":"Discrete","n":0}"#,
        r#"{"type":"Graph"}"#,
    ] {
        assert!(Body::from_json(text.as_bytes()).unwrap().read::<Space>().is_err(), "{text}");
    }
}

#[test]
fn lists_take_the_declared_dtype_and_tensors_must_have_it() {
    let values = read(&cart_pole(), 2, "[[0, 1, 0.1, 3], [4.8, 0, 0, 0]]").unwrap();
    assert_eq!(
        values,
        Values::One(Tensor::from_f32([2, 4], &[0.0, 1.0, 0.1, 3.0, 4.8, 0.0, 0.0, 0.0]).unwrap())
    );
    let wide = Body::from(Tensor::from_f64([1, 4], &[0.0; 4]).unwrap());
    assert_eq!(cart_pole().read_batch(1, &wide).unwrap_err().code, "DTYPE");
    assert_eq!(read(&Space::discrete(3).unwrap(), 2, "[0, 2.0]").unwrap().iter().count(), 1);
    assert_eq!(read(&Space::discrete(3).unwrap(), 1, "[0.5]").unwrap_err().code, "DTYPE");
}

#[test]
fn what_is_not_in_the_space_is_told_by_code_and_field() {
    let cases = [
        (
            r#"{"arm": {"angle": [[0, 4]], "grip": [0]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "RANGE",
            "arm.angle",
        ),
        (
            r#"{"arm": {"angle": [[0, NaN]], "grip": [0]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "NOT_FINITE",
            "arm.angle",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]], "grip": [3]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "RANGE",
            "arm.grip",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "MISSING",
            "arm.grip",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]], "grip": [0], "hand": 1}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "UNKNOWN",
            "arm.hand",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]], "grip": [0]}, "switches": [[0, 1]], "gears": [[4, 1]]}"#,
            "SHAPE",
            "switches",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]], "grip": [0]}, "switches": [[[0, 2], [1, 0]]], "gears": [[4, 1]]}"#,
            "RANGE",
            "switches",
        ),
        (
            r#"{"arm": {"angle": [[0, 1]], "grip": [0]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 2]]}"#,
            "RANGE",
            "gears",
        ),
        (r#"{"arm": 1, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#, "UNREADABLE", "arm"),
        (
            r#"{"arm": {"angle": [["x"]], "grip": [0]}, "switches": [[[0, 1], [1, 0]]], "gears": [[4, 1]]}"#,
            "UNREADABLE",
            "arm.angle",
        ),
    ];
    for (json, code, field) in cases {
        let fault = read(&robot(), 1, json).unwrap_err();
        assert_eq!((fault.code, fault.field.as_str()), (code, field), "{fault}");
        assert!(fault.to_string().ends_with(fault.help()));
    }
}

#[test]
fn a_batch_is_stacked_and_taken_apart() {
    let mut dice = Dice::seeded(1);
    let values: Vec<Values> = (0..3).map(|_| robot().sample(&mut dice)).collect();
    let batch = stack(&values).unwrap();
    robot().check_batch(3, &batch).unwrap();
    assert_eq!(rows(&batch), Some(3));
    for (index, value) in values.iter().enumerate() {
        assert_eq!(row(&batch, index).as_ref(), Some(value));
    }
    assert_eq!(row(&batch, 3), None);
    assert!(stack(&[]).is_err());
    assert_eq!(stack(&[values[0].clone(), cart_pole().sample(&mut dice)]).unwrap_err().code, "MISSING");
}

fn spaces() -> impl Strategy<Value = Space> {
    let shape = proptest::collection::vec(0..3_usize, 0..3);
    let bound =
        prop_oneof![Just(INFINITY), Just(0.1), 0.0..1e6_f64, Just(f64::from(f32::MAX)), Just(f64::MAX)];
    let dtype = prop_oneof![Just(Dtype::F32), Just(Dtype::F64)];
    let boxed = (bound.clone(), bound, shape.clone(), dtype)
        .prop_map(|(low, high, shape, dtype)| Space::bounded(-low, high, shape, dtype).unwrap());
    let whole = (-100..100_i32, 0..100_i32, shape.clone()).prop_map(|(low, width, shape)| {
        Space::bounded(f64::from(low), f64::from(low + width), shape, Dtype::I32).unwrap()
    });
    let leaf = prop_oneof![
        boxed,
        whole,
        (any::<i32>(), 1..100_u32).prop_map(|(start, n)| Space::discrete_from(start, n).unwrap()),
        proptest::collection::vec(1..9_u32, 0..4).prop_map(|nvec| Space::multi_discrete(nvec).unwrap()),
        shape.prop_map(|shape| Space::multi_binary(shape).unwrap()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        proptest::collection::btree_map("[a-z]{1,3}", inner, 1..3).prop_map(|map| {
            Space::dict(map.iter().map(|(name, space)| (name.as_str(), space.clone()))).unwrap()
        })
    })
}

proptest! {
    #[test]
    fn what_is_sampled_is_in_the_space_and_crosses_the_wire(space in spaces(), seed: u64) {
        let mut dice = Dice::seeded(seed);
        let values = [space.sample(&mut dice), space.sample(&mut dice)];
        prop_assert_eq!(space.check(&values[0]), Ok(()));
        let batch = stack(&values).unwrap();
        let body = space.spell(&batch).unwrap();
        prop_assert_eq!(&space.read_batch(2, &body).unwrap(), &batch);
        // What a JSON peer has of it: lists without dtypes. An empty list has forgotten its further dimensions.
        if space.numbers() > 0 && space.leaves().iter().all(|(_, leaf)| leaf.shape().iter().all(|size| *size > 0)) {
            let lists = Body::from_json(&body.to_json()).unwrap();
            prop_assert_eq!(&space.read_batch(2, &lists).unwrap(), &batch);
        }
    }

    #[test]
    fn a_declaration_survives_the_wire(space in spaces()) {
        prop_assert_eq!(Body::of(&space).unwrap().read::<Space>().unwrap(), space);
    }

    #[test]
    fn the_same_seed_samples_the_same(space in spaces(), seed: u64) {
        prop_assert_eq!(space.sample(&mut Dice::seeded(seed)), space.sample(&mut Dice::seeded(seed)));
    }
}

#[test]
fn samples_fill_the_whole_range() {
    let mut dice = Dice::seeded(4);
    let space = Space::bounded(-1.0, 1.0, [1000], Dtype::I8).unwrap();
    let Values::One(tensor) = space.sample(&mut dice) else { panic!("a Box has no names") };
    let numbers = tensor.to_i64_vec();
    for number in [-1, 0, 1] {
        let share = numbers.iter().filter(|other| **other == number).count();
        assert!((280..390).contains(&share), "{number}: {share}");
    }
}
