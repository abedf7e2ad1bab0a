//! Layout: what consecutive messages of one sender have in common, to know the next one without reading it anew.

use std::ops::Range;

use crate::codec::{json, msgpack};
use crate::{Codec, Head, Slot, View};

/// Bytes at most that are compared: a message that has more outside of its identifiers and its data is no habit.
const FIXED: usize = 1 << 10;
/// Messages of one length, at most, that are let pass before the next one is kept to compare with.
const PATIENCE: u32 = 1 << 10;
/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// Keeps how a message was laid out: all its bytes but those of `ID`, `ROOT_ID`, `REF` and `DATA` where they are text
/// or, in MessagePack, bytes.
///
/// A component says much in the same words: every sample of a batch differs from the one before in its identifier and
/// its data only. A message that [`fits`](Self::fits) is well formed if the one before was, and goes where that went;
/// finding out takes one comparison and one look at what may be different.
///
/// ```
/// use swergio_proto::{Frame, Head, Layout};
///
/// let say = |id: &str, data: &str| {
///     Frame::json(format!(r#"{{"ID":"{id}","TYPE":"DATA/TEXT","TO_ROOM":"lab","DATA":"{data}"}}"#))
/// };
/// let mut layout = Layout::default();
/// for (id, data) in [("1", "one"), ("2", "two")] {
///     let frame = say(id, data);
///     layout.note(frame.view(), &Head::peek(&frame, 64)?);
/// }
/// assert!(layout.fits(say("3", "six").view()));
/// assert!(!layout.fits(say("4", "four").view()), "it is longer");
/// assert!(!layout.fits(say("5", r#"" ""#).view()), "what is said there must be read");
/// # Ok::<(), swergio_proto::Fault>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    codec: Codec,
    /// Bytes of a message; none while there is nothing to compare with.
    len: usize,
    /// What is compared: the parts between the holes, one after another.
    fixed: Vec<u8>,
    holes: Vec<Hole>,
    /// The length of the message before, how many had it, and how many must.
    last: usize,
    repeated: u32,
    patience: u32,
}

/// Is a part of a message that may be different in the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hole {
    /// Bytes between the hole before, or the beginning, and this one.
    before: usize,
    len: usize,
    holds: Content,
}

/// Says what must be in a hole for the message to stay well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// ASCII that a JSON string has as it is.
    Plain,
    /// ASCII, which is UTF-8.
    Ascii,
    /// Anything.
    Bytes,
}

impl Layout {
    /// Tells whether a message is laid out as the one that is kept.
    #[inline]
    pub fn fits(&self, message: View<'_>) -> bool {
        if self.len == 0 || message.bytes().len() != self.len || message.codec() != self.codec {
            return false;
        }
        let (mut rest, mut fixed) = (message.bytes(), &self.fixed[..]);
        for hole in &self.holes {
            let (Some((same, after)), Some((kept, left))) =
                (rest.split_at_checked(hole.before), fixed.split_at_checked(hole.before))
            else {
                return false;
            };
            let Some((content, after)) = after.split_at_checked(hole.len) else { return false };
            if same != kept || !hole.holds.allows(content) {
                return false;
            }
            (rest, fixed) = (after, left);
        }
        rest == fixed
    }

    /// Takes note of a message that does not fit, of which `head` was read, and keeps it to compare the next ones with
    /// if its length occurs again and again.
    ///
    /// Keeping costs more than it saves where nothing fits afterwards, so each time that was in vain, it takes more
    /// messages of one length until it is done again. Returns whether it was done; until it is, what was kept stays.
    pub fn note(&mut self, message: View<'_>, head: &Head<'_>) -> bool {
        let len = message.bytes().len();
        self.repeated = if self.last == len { self.repeated + 1 } else { 0 };
        self.last = len;
        if self.repeated < self.patience.max(1) {
            return false;
        }
        self.repeated = 0;
        self.patience = (self.patience.max(1) * 2).min(PATIENCE);
        self.keep(message, head);
        true
    }

    /// Takes note that a message fitted: it was worth it to keep the one before.
    #[inline]
    pub fn praise(&mut self) {
        self.patience = 1;
    }

    /// Forgets what was kept.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    fn keep(&mut self, message: View<'_>, head: &Head<'_>) {
        self.clear();
        self.holes.clear();
        self.fixed.clear();
        let bytes = message.bytes();
        let mut holes = Places::of(message, head).0;
        holes.sort_unstable_by_key(|(place, _)| place.start);
        let open: usize = holes.iter().map(|(place, _)| place.len()).sum();
        if bytes.len() - open > FIXED {
            return;
        }
        let mut at = 0;
        for (place, holds) in holes {
            self.fixed.extend_from_slice(&bytes[at..place.start]);
            self.holes.push(Hole { before: place.start - at, len: place.len(), holds });
            at = place.end;
        }
        self.fixed.extend_from_slice(&bytes[at..]);
        (self.len, self.codec) = (bytes.len(), message.codec());
    }
}

impl Content {
    /// Tells whether `bytes` may stand in the hole, whatever stood there before.
    #[inline]
    fn allows(self, bytes: &[u8]) -> bool {
        match self {
            Self::Plain => all(bytes, |byte| json::is_plain(byte) & byte.is_ascii()),
            Self::Ascii => bytes.is_ascii(),
            Self::Bytes => true,
        }
    }
}

/// Tells whether all bytes are `good`, a block at a time; `good` must not branch.
#[inline]
fn all(bytes: &[u8], good: impl Fn(u8) -> bool) -> bool {
    let are_good = |bytes: &[u8]| bytes.iter().fold(true, |all, &byte| all & good(byte));
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    if !blocks.iter().all(|block| are_good(block)) {
        return false;
    }
    match bytes.last_chunk::<BLOCK>() {
        // The end once more with what is before it: one block, instead of byte by byte.
        Some(end) if !rest.is_empty() => are_good(end),
        Some(_) => true,
        None => are_good(rest),
    }
}

/// Gathers the places of a message that may be different in the next.
struct Places(Vec<(Range<usize>, Content)>);

impl Places {
    fn of(message: View<'_>, head: &Head<'_>) -> Self {
        let mut places = Self(Vec::new());
        let text = if message.codec() == Codec::Json { Content::Plain } else { Content::Ascii };
        for slot in [&head.id, &head.root_id, &head.reference] {
            // Where it had to be unescaped, it does not lie in the message, and must be the same.
            if let Slot::Text(text_there) = slot {
                places.push(message, text_there.as_bytes(), text);
            }
        }
        if let Some(data) = head.data.clone().and_then(|place| message.bytes().get(place)) {
            match message.codec() {
                Codec::Json => {
                    if let Some(text) = data.strip_prefix(b"\"").and_then(|data| data.strip_suffix(b"\"")) {
                        places.push(message, text, Content::Plain);
                    }
                }
                Codec::MsgPack => match msgpack::payload(data) {
                    Some(msgpack::Payload::Text(text)) => {
                        places.push(message, text.as_bytes(), Content::Ascii);
                    }
                    Some(msgpack::Payload::Bytes(bytes)) => places.push(message, bytes, Content::Bytes),
                    None => {}
                },
            }
        }
        places
    }

    /// Adds a part that lies within the message and holds what it must.
    fn push(&mut self, message: View<'_>, part: &[u8], holds: Content) {
        let whole = message.bytes().as_ptr_range();
        let start = (part.as_ptr() as usize).wrapping_sub(whole.start as usize);
        let place = start..start.wrapping_add(part.len());
        if message.bytes().get(place.clone()) == Some(part) && !part.is_empty() && holds.allows(part) {
            self.0.push((place, holds));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Envelope, Frame, Kind, MessageId, Tensor};

    /// Plays two messages of one length, and returns what is known then.
    fn after(frame: &Frame) -> Layout {
        let mut layout = Layout::default();
        for _ in 0..2 {
            layout.note(frame.view(), &Head::peek(frame, 64).unwrap());
        }
        layout
    }

    fn fits(kept: &Frame, next: &Frame) -> bool {
        assert!(after(kept).fits(kept.view()), "a message is like itself");
        after(kept).fits(next.view())
    }

    fn json(id: &str, room: &str, data: &str) -> Frame {
        Frame::json(format!(r#"{{"ID": {id}, "TYPE": "DATA/TEXT", "TO_ROOM": "{room}", "DATA": {data}}}"#))
    }

    #[test]
    fn identifiers_and_data_may_differ_and_nothing_else() {
        let kept = json(r#""a1""#, "lab", r#""one""#);
        assert!(fits(&kept, &json(r#""b2""#, "lab", r#""two""#)));
        assert!(!fits(&kept, &json(r#""b2""#, "pub", r#""two""#)), "another room");
        assert!(!fits(&kept, &json(r#""b2""#, "lab", r#"[1.5]"#)), "no text");
        assert!(!fits(&kept, &json(r#""b2""#, "lab", r#""t2"}"#)), "shorter");
        assert!(!fits(&kept, &Frame::msgpack(kept.bytes().clone())), "the other codec");
    }

    #[test]
    fn what_would_have_to_be_read_does_not_fit() {
        let kept = json(r#""a1""#, "lab", r#""abc""#);
        for data in ["a\"c", "a\\c", "a\nc", "a\u{7f}\u{0}", "aé"] {
            assert!(!fits(&kept, &json(r#""a1""#, "lab", &format!("\"{data}\""))), "{data:?}");
        }
        let long = "x".repeat(100);
        let kept = json(r#""a1""#, "lab", &format!("\"{long}\""));
        for at in 0..100 {
            let mut other = long.clone();
            other.replace_range(at..=at, "\"");
            assert!(!fits(&kept, &json(r#""a1""#, "lab", &format!("\"{other}\""))), "at {at}");
        }
    }

    #[test]
    fn a_tensor_of_the_same_shape_fits_whatever_its_numbers() {
        let tensor = |numbers: &[f32], shape: &[usize]| {
            let message = Envelope::new(Kind::FORWARD).with_id(MessageId::new("7"));
            message.with_tensor(Tensor::from_f32(shape, numbers).unwrap()).encode(Codec::MsgPack).unwrap()
        };
        let kept = tensor(&[1.0, 2.0], &[2]);
        assert!(fits(&kept, &tensor(&[f32::NAN, -0.0], &[2])));
        assert!(!fits(&kept, &tensor(&[1.0, 2.0], &[2, 1])), "another shape");
        assert!(!fits(&kept, &tensor(&[1.0], &[1])), "fewer numbers");
    }

    #[test]
    fn an_escaped_identifier_must_stay_the_same() {
        let kept = json(r#""a\t""#, "lab", r#""one""#);
        assert!(fits(&kept, &json(r#""a\t""#, "lab", r#""two""#)));
        assert!(!fits(&kept, &json(r#""a\n""#, "lab", r#""one""#)));
    }

    #[test]
    fn a_message_that_is_mostly_other_fields_is_no_habit() {
        let own = "x".repeat(FIXED);
        let frame = Frame::json(format!(r#"{{"TYPE": "DATA/TEXT", "OWN": "{own}"}}"#));
        assert!(!after(&frame).fits(frame.view()));
    }

    /// Numbers as text have one length now and then, and never fit: keeping them must become rare.
    #[test]
    fn what_is_kept_in_vain_is_kept_ever_more_seldom() {
        let (mut layout, mut kept) = (Layout::default(), 0);
        for number in 1000..9999 {
            let frame = json(r#""a1""#, "lab", &number.to_string());
            let before = layout.fixed.clone();
            assert!(!layout.fits(frame.view()));
            layout.note(frame.view(), &Head::peek(&frame, 64).unwrap());
            kept += u32::from(layout.fixed != before);
        }
        assert!((2..20).contains(&kept), "{kept}");
    }
}
