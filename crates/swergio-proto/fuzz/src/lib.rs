//! What must hold for every input, as plain functions: the fuzz targets call them, and so does an ordinary test.

mod world;

use swergio_proto::{
    Codec, Envelope, Fault, Frame, Head, Slot, check, respell_as_python, splice_sent_by, transcode, wrap_log,
};

pub use world::world;

const NESTING: usize = 64;

/// Takes an input for a frame: its first byte chooses the codec, `j` for JSON and `m` for MessagePack.
fn frame(data: &[u8]) -> Option<Frame> {
    let (choice, bytes) = data.split_first()?;
    let codec = if choice & 1 == 0 { Codec::Json } else { Codec::MsgPack };
    Some(Frame::new(codec, bytes.to_vec()))
}

/// Reads a frame: head, envelope and data agree on what is in it, or it is refused as the peer's fault.
pub fn peek(data: &[u8]) {
    let Some(frame) = frame(data) else { return };
    let head = match Head::peek(&frame, NESTING) {
        Ok(head) => head,
        Err(fault) => {
            assert!(matches!(fault, Fault::Malformed { .. }), "{fault:?}");
            assert!(Envelope::decode(&frame, NESTING).is_err());
            return;
        }
    };
    if let Some(place) = head.data.clone() {
        let data = &frame.bytes()[place];
        assert!(!data.is_empty());
    }
    let addressed = head.to_room.optional("TO_ROOM").is_ok() && head.to.optional("TO").is_ok();
    match Envelope::decode(&frame, NESTING) {
        // A component may read a name that routing cannot: with half of a surrogate pair.
        Ok(_) if head.kind().is_err() || !addressed => assert_eq!(frame.codec(), Codec::Json),
        Ok(envelope) => agree(&head, &envelope),
        Err(fault) => {
            let many = fault.to_string().contains("fields of its own");
            assert!(many || head.kind().is_err() || !addressed, "{fault}");
        }
    }
}

fn agree(head: &Head<'_>, envelope: &Envelope) {
    assert_eq!(head.kind.text(), Some(envelope.kind.as_str()));
    assert_eq!(head.id.text(), envelope.id.as_ref().map(|id| id.as_str()));
    assert_eq!(head.to_room.text(), envelope.to_room.as_ref().map(|name| name.as_str()));
    assert_eq!(head.to.text(), envelope.to.as_ref().map(|name| name.as_str()));
    assert_eq!(head.sent_by.text(), envelope.sent_by.as_deref());
    assert_eq!(head.root_id.text(), envelope.root_id.as_deref());
    assert_eq!(head.model_status, envelope.model_status.map(|status| status.0));
    assert_eq!(head.data.is_some(), envelope.data.is_some());
    if let Some(data) = &envelope.data {
        // Whatever it is, asking for a tensor is answered.
        let _ = data.tensor().map(|tensor| tensor.to_string());
    }
    for codec in [Codec::Json, Codec::MsgPack] {
        let said = envelope.encode(codec).expect("what was decoded has each key once");
        // Lists may nest deeper than the tensor that they spell, but not without end.
        let heard = Envelope::decode(&said, 3 * NESTING).expect("what we encode we decode");
        assert_eq!(heard.kind, envelope.kind);
        assert_eq!(heard.fields.len(), envelope.fields.len());
    }
}

/// Splices a sender into a frame: nothing else in it changes. The second byte is the length of the name.
pub fn splice(data: &[u8]) {
    let [choice, length, rest @ ..] = data else { return };
    let Some((name, bytes)) = rest.split_at_checked(usize::from(*length)) else { return };
    let (name, Some(frame)) = (String::from_utf8_lossy(name), frame(&[&[*choice], bytes].concat())) else {
        return;
    };
    let Ok(before) = Head::peek(&frame, NESTING) else { return };
    wrapped(&frame);
    if !before.sent_by.is_absent() {
        return;
    }
    let mut out = b"before".to_vec();
    splice_sent_by(&frame, &name, &mut out);
    assert!(out.starts_with(b"before"));
    let spliced = Frame::new(frame.codec(), out.split_off(6));
    let after = Head::peek(&spliced, NESTING).expect("a spliced frame is a frame");
    assert_eq!(after.sent_by.text(), Some(&*name));
    let (old, new) = (before.data.clone(), after.data.clone());
    assert_eq!(old.map(|place| &frame.bytes()[place]), new.map(|place| &spliced.bytes()[place]));
    assert_eq!(Head { sent_by: before.sent_by.clone(), data: before.data.clone(), ..after }, before);
    if frame.codec() == Codec::Json {
        let mut python = Vec::new();
        respell_as_python(&frame, Some(&name), NESTING, &mut python)
            .expect("a frame that is read is respelt");
        let python = Frame::json(python);
        let respelt = Head::peek(&python, NESTING).expect("a respelt frame is a frame");
        assert_eq!(respelt.sent_by.text(), Some(&*name));
        assert_eq!(respelt.kind.text(), before.kind.text());
    }
}

fn wrapped(frame: &Frame) {
    let log = wrap_log(frame, "7");
    let head = Head::peek(&log, NESTING + 1).expect("a wrapped frame is a frame");
    assert_eq!(head.kind.text(), Some("LOG/MESSAGES"));
}

/// Tells whether routing cannot read a name for half of a surrogate pair, which becomes a character in MessagePack.
fn is_torn(head: &Head<'_>) -> bool {
    let names = [&head.kind, &head.to_room, &head.to, &head.name, &head.room];
    names.into_iter().any(|slot| matches!(slot, Slot::Torn(_)))
}

/// Spells a frame in the other codec: it can be read there, says the same to routing, and can be spelt back.
pub fn transcode_there_and_back(data: &[u8]) {
    let Some(frame) = frame(data) else { return };
    let other = if frame.codec() == Codec::Json { Codec::MsgPack } else { Codec::Json };
    let Ok(head) = Head::peek(&frame, NESTING) else {
        let _ = transcode(&frame, other, NESTING);
        return;
    };
    let there = transcode(&frame, other, NESTING).expect("a frame that is read is transcoded");
    let heard = Head::peek(&there, NESTING).expect("a transcoded frame is a frame");
    if !is_torn(&head) {
        assert_eq!(Head { data: None, ..heard.clone() }, Head { data: None, ..head.clone() });
    }
    assert_eq!(heard.data.is_some(), head.data.is_some());
    let back = transcode(&there, frame.codec(), NESTING).expect("and back");
    check(&back, NESTING).expect("what came back is a frame");
}
