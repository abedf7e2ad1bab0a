//! Tensors: what NumPy packs, what JSON senders have, and what we make of either.

use proptest::prelude::*;
use serde_json::{Value, json};
use swergio_proto::{Body, Codec, Dtype, Envelope, Frame, Kind, Tensor, transcode};

fn lists(value: &Value) -> Result<Tensor, String> {
    serde_json::from_value(value.clone()).map_err(|error| error.to_string())
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| if number.is_nan() { u64::MAX } else { number.to_bits() }).collect()
}

/// R24, R25: what NumPy sends is a tensor here, and nested lists for a JSON receiver.
#[test]
fn what_numpy_packs_is_read_as_numpy_shows_it() {
    let golden: Value = serde_json::from_str(include_str!("../data/numpy_tensors.json")).unwrap();
    for case in golden["frames"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let frame = Frame::msgpack(unhex(case["hex"].as_str().unwrap()));
        let tensor = Envelope::decode(&frame, 64).unwrap().data.unwrap().tensor().unwrap();
        let shown = lists(&case["lists"]).unwrap();

        assert_eq!(Dtype::parse(case["dtype"].as_str().unwrap()), Ok(tensor.dtype()), "{name}");
        assert_eq!(json!(tensor.shape()), case["shape"], "{name}");
        assert_eq!(tensor.shape(), shown.shape(), "{name}");
        assert_eq!(bits(&tensor.to_f64_vec()), bits(&shown.to_f64_vec()), "{name}");

        let json = transcode(&frame, Codec::Json, 64).unwrap();
        let heard = Envelope::decode(&json, 64).unwrap().data.unwrap().tensor().unwrap();
        assert_eq!(heard.shape(), shown.shape(), "{name}");
        assert_eq!(bits(&heard.to_f64_vec()), bits(&shown.to_f64_vec()), "{name}");
    }
}

#[test]
fn a_big_endian_sender_is_told_what_to_do() {
    let golden: Value = serde_json::from_str(include_str!("../data/numpy_tensors.json")).unwrap();
    let frame = Frame::msgpack(unhex(golden["big_endian"].as_str().unwrap()));
    let fault = Envelope::decode(&frame, 64).unwrap().data.unwrap().tensor().unwrap_err();
    assert_eq!(fault.offending_field(), Some("DATA"));
    assert!(fault.to_string().contains("astype(\"<f4\")"), "{fault}");
}

/// R24: DATA is last.
#[test]
fn a_tensor_is_read_out_of_its_frame_without_copying() {
    let tensor = Tensor::from_f32([100, 2], &[1.5; 200]).unwrap();
    let frame = Envelope::new(Kind::FORWARD).with_tensor(tensor.clone()).encode(Codec::MsgPack).unwrap();
    let read = Envelope::decode(&frame, 64).unwrap().data.unwrap().tensor().unwrap();

    assert_eq!(read, tensor);
    assert!(frame.bytes().as_ptr_range().contains(&read.data().as_ptr()));
    assert!(frame.bytes().ends_with(tensor.data()), "DATA is last");
}

#[test]
fn the_bytes_must_be_what_the_shape_needs() {
    let fault = Tensor::new(Dtype::F32, [2, 3], vec![0; 23]).unwrap_err();
    assert_eq!(fault.to_string(), "f32[2, 3] needs 24 bytes, not the 23 that came");
    assert!(Tensor::new(Dtype::F32, [usize::MAX, 2], vec![]).is_err());
    assert!(Tensor::new(Dtype::U8, [1 << 33], vec![]).is_err());
    assert!(Tensor::new(Dtype::U8, vec![1; 65], vec![0]).is_err());
    assert!(Tensor::new(Dtype::U8, vec![1; 64], vec![0]).is_ok());
    assert!(Tensor::new(Dtype::F64, [], vec![0; 8]).is_ok());
    assert!(Tensor::new(Dtype::F64, [usize::MAX, usize::MAX, 0], vec![]).is_ok());
    assert_eq!(Tensor::zeros(Dtype::Bool, [2]).unwrap().to_i64_vec(), [0, 0]);
}

#[test]
fn lists_become_what_numpy_would_make_of_them() {
    for (written, dtype, shape) in [
        (json!([[1, 2], [3, 4]]), Dtype::I64, &[2, 2][..]),
        (json!([[1, 2.5]]), Dtype::F64, &[1, 2]),
        (json!([1.5, 2]), Dtype::F64, &[2]),
        (json!([true, false]), Dtype::Bool, &[2]),
        (json!([[], []]), Dtype::F64, &[2, 0]),
        (json!([]), Dtype::F64, &[0]),
        (json!(3), Dtype::I64, &[]),
        (json!(-2.5), Dtype::F64, &[]),
        (json!(true), Dtype::Bool, &[]),
        (json!([u64::MAX]), Dtype::F64, &[1]),
        (json!([null, 1.0]), Dtype::F64, &[2]),
    ] {
        let tensor = lists(&written).unwrap();
        assert_eq!((tensor.dtype(), tensor.shape()), (dtype, shape), "{written}");
    }
    assert_eq!(lists(&json!([1, 2.5])).unwrap().to_f64_vec(), [1.0, 2.5]);
}

#[test]
fn ragged_lists_are_refused_where_they_are_ragged() {
    for (written, complaint) in [
        (json!([[1, 2], [3]]), "the item at [1] has length 1, where others have 2"),
        (json!([[1], 2]), "the item at [1] is a number, where others are lists"),
        (json!([1, [2]]), "the item at [1] is a list, where others are numbers"),
        (json!([[], 1]), "the item at [1] is a number, where others are lists"),
        (json!([[[]], []]), "the item at [1] has length 0, where others have 1"),
        (json!([[0, "one"]]), "the item at [0][1] is text"),
        (json!([[0], [{}]]), "the item at [1][0] is a map"),
        (json!([true, 1]), "the item at [1] is a number, where others are true or false"),
        (json!([0.5, true]), "the item at [1] is true or false, where others are numbers"),
    ] {
        let fault = Body::of(&written).unwrap().tensor().unwrap_err();
        assert!(fault.to_string().contains(complaint), "{written}: {fault}");
        assert_eq!(fault.offending_field(), Some("DATA"));
    }
    for no_tensor in [json!(null), json!("text"), json!({"a": 1}), json!({"dtype": "<f4", "shape": [1]})] {
        assert!(Body::of(&no_tensor).unwrap().tensor().is_err(), "{no_tensor}");
    }
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    assert!(serde_json::from_str::<Tensor>(&deep).is_err());
}

#[test]
fn a_tensor_is_summed_up_for_a_reader() {
    let shown = |tensor: Result<Tensor, _>| tensor.unwrap().to_string();
    assert_eq!(shown(Tensor::from_f32([2], &[3.0, 4.0])), "f32[2] norm 5.00");
    assert_eq!(shown(Tensor::from_f64([1], &[1e-9])), "f64[1] norm 1.00e-9");
    assert_eq!(shown(Tensor::from_f64([1], &[f64::NAN])), "f64[1] norm NaN");
    assert_eq!(shown(Tensor::from_bool([1, 2], &[true, true])), "bool[1, 2] norm 1.41");
    assert_eq!(shown(Tensor::zeros(Dtype::Bf16, [0])), "bf16[0] norm 0.00");
    let tensor = Tensor::from_i64([3], &[2, -7, 5]).unwrap();
    assert_eq!((tensor.min(), tensor.max()), (Some(-7.0), Some(5.0)));
    for numbers in [[f64::NAN, 1.0], [1.0, f64::NAN]] {
        let tensor = Tensor::from_f64([2], &numbers).unwrap();
        assert!(tensor.min().unwrap().is_nan() && tensor.max().unwrap().is_nan());
    }
    assert_eq!(Tensor::zeros(Dtype::F32, [0]).unwrap().max(), None);
}

#[test]
fn numbers_out_of_range_become_the_nearest_that_is_in_range() {
    let floats = Tensor::from_f64([5], &[1e30, -1e30, f64::NAN, -2.9, 2.9]).unwrap();
    assert_eq!(floats.to_i64_vec(), [i64::MAX, i64::MIN, 0, -2, 2]);
    let large = Tensor::new(Dtype::U64, [1], u64::MAX.to_le_bytes().to_vec()).unwrap();
    assert_eq!(large.to_i64_vec(), [i64::MAX]);
    assert_eq!(large.to_f64_vec(), [u64::MAX as f64]);
}

#[test]
fn a_shape_of_nothing_but_brackets_stays_a_map() {
    let empty = Tensor::new(Dtype::F32, [1 << 40, 0], vec![]).unwrap();
    let map = br#"{"dtype": "<f4", "shape": [1099511627776, 0], "data": ""}"#;
    assert_eq!(Body::from(empty.clone()).to_json(), map);
    assert_eq!(Body::of(&empty).unwrap().to_json(), map);
    assert!(serde_json::to_string(&empty).is_err());
}

pub(crate) fn tensors() -> impl Strategy<Value = Tensor> {
    let shape = prop::collection::vec(0_usize..5, 0..4);
    (prop::sample::select(&Dtype::ALL), shape).prop_flat_map(|(dtype, shape)| {
        let size = shape.iter().product::<usize>() * dtype.size();
        let byte = if dtype == Dtype::Bool { 0..=1 } else { 0..=255_u8 };
        prop::collection::vec(byte, size)
            .prop_map(move |data| Tensor::new(dtype, shape.clone(), data).unwrap())
    })
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn a_tensor_crosses_messagepack_bit_by_bit(tensor in tensors()) {
        let spelt = Body::of(&tensor).unwrap();
        prop_assert_eq!(&spelt, &Body::from(tensor.clone()));
        prop_assert_eq!(&spelt.tensor().unwrap(), &tensor);
        prop_assert_eq!(&spelt.read::<Tensor>().unwrap(), &tensor);
        prop_assert_eq!(&Body::from(tensor.clone()).read::<Tensor>().unwrap(), &tensor);
    }

    #[test]
    fn a_tensor_crosses_json_with_its_numbers(tensor in tensors()) {
        let text = Body::from(tensor.clone()).to_json();
        prop_assert_eq!(&text, &Body::of(&tensor).unwrap().to_json());
        let heard = Body::from_json(&text).unwrap().tensor().unwrap();
        // Behind a length of 0 lists have nothing to show.
        let shown = tensor.shape().iter().position(|length| *length == 0).map_or(tensor.shape().len(), |at| at + 1);
        prop_assert_eq!(heard.shape(), &tensor.shape()[..shown]);
        match tensor.dtype() {
            Dtype::F64 | Dtype::I64 | Dtype::U64 => prop_assert_eq!(bits(&heard.to_f64_vec()), bits(&tensor.to_f64_vec())),
            _ => {
                let same = |tensor: &Tensor| bits(&tensor.to_f32_vec().into_iter().map(f64::from).collect::<Vec<_>>());
                prop_assert_eq!(same(&heard), same(&tensor));
            }
        }
    }

    #[test]
    fn the_lists_of_serde_are_those_of_the_codec(tensor in tensors()) {
        prop_assume!(tensor.to_f64_vec().iter().all(|number| number.is_finite()));
        let by_serde: Value = serde_json::to_value(&tensor).unwrap();
        let by_codec: Value = serde_json::from_slice(&Body::from(tensor).to_json()).unwrap();
        prop_assert_eq!(lists(&by_serde).map(|t| bits(&t.to_f32_vec().into_iter().map(f64::from).collect::<Vec<_>>())),
            lists(&by_codec).map(|t| bits(&t.to_f32_vec().into_iter().map(f64::from).collect::<Vec<_>>())));
    }
}
