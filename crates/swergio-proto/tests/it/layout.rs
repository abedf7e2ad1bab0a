//! Layout: what fits is read as the message before it was, whatever bytes were changed.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use swergio_proto::{Codec, Frame, Head, Layout, transcode};

use crate::cases;

const NESTING: usize = 64;

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -!#-\\[\\]-~]{0,40}".prop_map(|text| format!("\"{text}\"")),
        1 => select(vec![r#""é""#, r#""\n""#, r#""\ud800""#, "true", "[1, {\"ID\": \"x\"}]", "1.5", "{}"]).prop_map(str::to_owned),
    ]
}

/// Makes a message of some of the fields that routing reads, in any order, now and then twice.
fn message() -> impl Strategy<Value = String> {
    let keys = select(vec!["ID", "ROOT_ID", "REF", "DATA", "DATA", "TYPE", "TO_ROOM", "SENT_BY", "x"]);
    let entry = (keys, value()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    prop::collection::vec(entry, 0..7).prop_map(|entries| format!("{{{}}}", entries.join(", ")))
}

/// Writes other bytes over some of a frame's.
fn mangle(frame: &Frame, blows: &[(Index, u8)]) -> Frame {
    let mut bytes = frame.bytes().to_vec();
    for (place, noise) in blows {
        let place = place.index(bytes.len());
        bytes[place] = *noise;
    }
    Frame::new(frame.codec(), bytes)
}

/// Reads a message with everything forgotten that a habit does not depend on.
fn bearing(frame: &Frame) -> Option<String> {
    let mut head = Head::peek(frame, NESTING).ok()?;
    for slot in [&mut head.id, &mut head.root_id, &mut head.reference] {
        if slot.text().is_some() {
            *slot = swergio_proto::Slot::Other;
        }
    }
    Some(format!("{head:?}"))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_fits_is_well_formed_and_goes_the_same_way(
        text in message(),
        packed in any::<bool>(),
        blows in prop::collection::vec((any::<Index>(), prop_oneof![any::<u8>(), select(b"\"\\{}:,a1 \n".to_vec())]), 0..5),
    ) {
        let kept = Frame::json(text);
        let kept = if packed { transcode(&kept, Codec::MsgPack, NESTING).unwrap() } else { kept };
        let mut layout = Layout::default();
        for _ in 0..2 {
            layout.note(kept.view(), &Head::peek(&kept, NESTING).unwrap());
        }
        prop_assert!(layout.fits(kept.view()));
        let next = mangle(&kept, &blows);
        if layout.fits(next.view()) {
            prop_assert_eq!(bearing(&next), bearing(&kept));
        }
    }
}
