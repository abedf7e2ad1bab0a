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
pub(crate) use text::write_str;
pub(crate) use to_msgpack::to_msgpack;

use crate::Fault;

/// Appends the object in `bytes` with one more key. The object is well formed and has no SENT_BY.
pub(crate) fn splice_sent_by(bytes: &[u8], name: &str, out: &mut Vec<u8>) {
    let object = trim(bytes);
    let open = object.strip_suffix(b"}").unwrap_or(object).trim_ascii_end();
    out.reserve(open.len() + name.len() + 32);
    out.extend_from_slice(open);
    if !open.ends_with(b"{") {
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(br#""SENT_BY": "#);
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
