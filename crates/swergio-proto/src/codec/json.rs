//! JSON: one object, spelt as upstream spells it, read in one scan.

mod number;
mod once;
mod peek;
pub(crate) mod python;
mod scan;
mod stride;
mod text;
mod to_msgpack;
mod walk;

pub(crate) use number::{write_f32, write_f64};
pub(crate) use peek::peek;
pub(crate) use stride::is_plain;
pub(crate) use text::write_str;
pub(crate) use to_msgpack::to_msgpack;

use std::ops::Range;

use crate::Fault;

/// Finds what stays of the object in `bytes` when it takes one more key, and whether it has any. It is well formed.
pub(crate) fn seam(bytes: &[u8]) -> (Range<usize>, u32) {
    let start = bytes.len() - bytes.trim_ascii_start().len();
    let object = bytes.trim_ascii_end();
    let open = object.strip_suffix(b"}").unwrap_or(object).trim_ascii_end();
    (start..open.len(), u32::from(!open.ends_with(b"{")))
}

/// Appends SENT_BY and the end of the object.
pub(crate) fn write_sent_by(name: &str, first: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if first { br#""SENT_BY": "# } else { br#", "SENT_BY": "# });
    write_str(out, name);
    out.push(b'}');
}

/// Wraps the object in `bytes` for the room `_logging`.
pub(crate) fn wrap_log(bytes: &[u8], id: &str) -> Vec<u8> {
    let object = trim(bytes);
    let mut out = Vec::with_capacity(object.len() + id.len() + 80);
    out.extend_from_slice(br#"{"ID": "#);
    write_str(&mut out, id);
    out.extend_from_slice(br#", "TO_ROOM": "_logging", "TYPE": "LOG/MESSAGES", "MESSAGE": "#);
    out.extend_from_slice(object);
    out.push(b'}');
    out
}

/// Takes bytes for text: UTF-8 without a byte order mark, which Python refuses too.
fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Fault::malformed("a byte order mark at byte 0, where JSON should begin"));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| Fault::malformed(format!("not UTF-8 at byte {}", error.valid_up_to())))
}

/// Refuses every value but an object. The text is well formed.
fn check_object(text: &str) -> Result<(), Fault> {
    if text.trim_ascii_start().starts_with('{') {
        return Ok(());
    }
    Err(Fault::malformed("a message is a JSON object, and this is another kind of value"))
}

fn trim(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii()
}
