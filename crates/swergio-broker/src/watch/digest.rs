//! Digest: one message in short, as `LOG/SAMPLE` shows it.

use std::collections::BTreeMap;

use swergio_proto::{
    Body, Codec, Envelope, Fault, Frame, Head, Kind, MessageId, ModelStatus, RoomName, Tensor, WATCH,
};

use super::Sighting;
use super::summary::Summary;

/// Bytes of a value up to which it is shown whole.
const WHOLE: usize = 4 << 10;
/// Bytes of JSON up to which it is parsed to look at its tensors. MessagePack is not parsed for that.
const PARSED: usize = 256 << 10;
/// Tensors of one message that are summed up: a summary of a small one is longer than itself.
const TENSORS: usize = 64;

/// Spells `LOG/SAMPLE`: TIME (s since 1970), SESSION, SIZE (bytes), CODEC, the MESSAGE without its long values, OMITTED (their
/// names) and SUMMARY (of the tensors in DATA by name, that of a bare tensor under the empty name).
pub(super) fn sample(sighting: &Sighting, nesting: usize) -> Result<Envelope, Fault> {
    let Sighting { frame, from, session, time } = sighting;
    let (mut message, mut omitted) = open(frame, nesting)?;
    if message.sent_by.is_none() {
        message.sent_by = Some(from.clone());
    }
    let summary = message.data.as_ref().map(summaries).unwrap_or_default();
    omitted.append(&mut trim(&mut message));
    let codec = if frame.codec() == Codec::Json { "json" } else { "msgpack" };
    let whole = Body::from_msgpack(message.encode(Codec::MsgPack)?.bytes().clone())?;
    let mut shown = Envelope::new(Kind::SAMPLE)
        .with_to_room(RoomName::parse(WATCH)?)
        .with_field("TIME", time)?
        .with_field("SESSION", &session.0)?
        .with_field("FROM", from)?
        .with_field("SIZE", &frame.len())?
        .with_field("CODEC", codec)?
        .with_field("OMITTED", &omitted)?
        .with_field("SUMMARY", &summary)?;
    shown.fields.push(("MESSAGE".to_owned(), whole));
    Ok(shown)
}

/// Reads a message, or of long JSON only what routing reads.
fn open(frame: &Frame, nesting: usize) -> Result<(Envelope, Vec<String>), Fault> {
    if frame.codec() == Codec::MsgPack || frame.len() <= PARSED {
        return Ok((Envelope::decode(frame, nesting)?, Vec::new()));
    }
    let head = Head::peek(frame, nesting)?;
    let mut message = Envelope::new(Kind::new(head.kind.text().unwrap_or_default()).into_owned());
    message.id = head.id.text().map(MessageId::new);
    message.root_id = head.root_id.text().map(str::to_owned);
    message.sent_by = head.sent_by.text().map(str::to_owned);
    message.model_status = head.model_status.map(ModelStatus);
    message.to_room = head.to_room.text().and_then(|room| RoomName::parse(room).ok());
    Ok((message, vec!["DATA".to_owned()]))
}

/// Sums up the tensors in a payload: a bare one, or several by name.
fn summaries(data: &Body) -> BTreeMap<String, Summary> {
    if let Ok(tensor) = data.tensor() {
        return BTreeMap::from([(String::new(), Summary::of(&tensor))]);
    }
    let named: BTreeMap<String, Tensor> = data.read().unwrap_or_default();
    named.iter().take(TENSORS).map(|(name, tensor)| (name.clone(), Summary::of(tensor))).collect()
}

/// Takes long values away and returns their names.
fn trim(message: &mut Envelope) -> Vec<String> {
    let is_long = |body: &Body| body.msgpack_len() > WHOLE;
    let mut omitted = Vec::new();
    if message.data.as_ref().is_some_and(is_long) {
        message.data = None;
        omitted.push("DATA".to_owned());
    }
    message.fields.retain(|(name, body)| {
        let long = is_long(body);
        if long {
            omitted.push(name.clone());
        }
        !long
    });
    omitted
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::SeatId;

    fn shown(frame: Frame) -> (Envelope, Envelope) {
        let sighting = Sighting { frame, from: "ada".to_owned(), session: SeatId(7), time: 1.5 };
        let sample = sample(&sighting, 64).unwrap();
        let message = sample.field("MESSAGE").unwrap().to_msgpack();
        (Envelope::decode(&Frame::msgpack(message), 64).unwrap(), sample)
    }

    #[test]
    fn a_short_message_is_shown_whole_with_its_sender() {
        let (message, sample) =
            shown(Frame::json(r#"{"TYPE": "DATA/FORWARD", "TO_ROOM": "lab", "DATA": [1.0, 3.0], "X": 5}"#));
        assert_eq!(message.sent_by.as_deref(), Some("ada"));
        assert_eq!(message.data.unwrap().read::<Vec<f64>>().unwrap(), [1.0, 3.0]);
        assert_eq!(message.fields.len(), 1);
        assert!(
            sample
                .field("SUMMARY")
                .unwrap()
                .to_json()
                .starts_with(br#"{"": {"dtype": "<f8", "shape": [2], "min": 1.0, "max": 3.0, "mean": 2.0"#)
        );
    }

    #[test]
    fn a_long_payload_is_summed_up() {
        let tensor = Tensor::from_f32([5000], &[2.0; 5000]).unwrap();
        let long = Envelope::new(Kind::GRADIENT)
            .with_tensor(tensor)
            .with_field("WEIGHTS", &"x".repeat(5000))
            .unwrap();
        for codec in [Codec::Json, Codec::MsgPack] {
            let (message, sample) = shown(long.encode(codec).unwrap());
            assert_eq!((message.data, message.fields), (None, Vec::new()));
            assert_eq!(sample.field("OMITTED").unwrap().to_json(), br#"["DATA", "WEIGHTS"]"#);
            let summary = String::from_utf8(sample.field("SUMMARY").unwrap().to_json()).unwrap();
            assert!(
                summary.contains(r#""shape": [5000]"#) && summary.contains(r#""mean": 2.0"#),
                "{summary}"
            );
        }
    }

    #[test]
    fn of_many_tensors_some_are_summed_up() {
        let tensor = Tensor::from_f32([1], &[2.0]).unwrap();
        let named: BTreeMap<String, Tensor> = (0..1000).map(|at| (at.to_string(), tensor.clone())).collect();
        let many = Envelope::new(Kind::FORWARD).with_data(&named).unwrap();
        let (_, sample) = shown(many.encode(Codec::MsgPack).unwrap());
        let summary: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&sample.field("SUMMARY").unwrap().to_json()).unwrap();
        assert_eq!(summary.len(), TENSORS);
    }

    #[test]
    fn of_long_json_only_the_head_is_read() {
        let text = format!(
            r#"{{"TYPE": "DATA/FORWARD", "ID": "i", "ROOT_ID": "r", "DATA": "{}"}}"#,
            "x".repeat(PARSED)
        );
        let (message, sample) = shown(Frame::json(text));
        assert_eq!((message.kind, message.root_id.as_deref()), (Kind::FORWARD, Some("r")));
        assert_eq!(sample.field("OMITTED").unwrap().to_json(), br#"["DATA"]"#);
    }
}
