//! Control: the frames that close a connection and answer a ping (RFC 6455, sections 5.5 and 7.4).

use bytes::Bytes;
use swergio_proto::Fault;

use super::header::{CONTROL, wrong};
use crate::link::Broken;

/// Spells a frame that we send; `payload` is cut to what a control frame carries.
fn spell(first: u8, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(CONTROL)];
    let mut frame = vec![first, payload.len() as u8];
    frame.extend_from_slice(payload);
    frame
}

/// Spells the answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    spell(0x8a, payload)
}

/// Spells a close frame; the reason is cut where it would not fit.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(CONTROL - 2)];
    spell(0x88, &[&code.to_be_bytes(), reason.as_bytes()].concat()).into()
}

/// Checks a close frame that came and spells its answer, which says the same.
///
/// # Errors
/// 1002 for half a code or one that nobody may send, 1007 for a reason that is not UTF-8.
pub(super) fn answer(payload: &[u8]) -> Result<Vec<u8>, Broken> {
    match payload {
        [] => {}
        [_] => return Err(wrong("a close frame with half a code")),
        [high, low, reason @ ..] => {
            if std::str::from_utf8(reason).is_err() {
                return Err(not_text());
            }
            if !may_be_sent(u16::from_be_bytes([*high, *low])) {
                return Err(wrong("a close code that nobody may send"));
            }
        }
    }
    Ok(spell(0x88, payload))
}

/// Says that what should be text is not.
#[cold]
pub(super) fn not_text() -> Broken {
    let reason = "text that is not UTF-8";
    Broken { code: 1007, reason: reason.to_owned(), fault: Some(Fault::malformed(reason)) }
}

/// Tells whether a close code may go over the wire: those of the RFC and its registry, and private ones.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(payload: &[u8]) -> Result<Vec<u8>, u16> {
        answer(payload).map_err(|broken| broken.code)
    }

    #[test]
    fn a_close_is_answered_with_the_same() {
        assert_eq!(told(b""), Ok(vec![0x88, 0]));
        assert_eq!(told(b"\x03\xe8bye"), Ok(b"\x88\x05\x03\xe8bye".to_vec()));
        for code in [1000_u16, 1003, 1007, 1011, 1014, 3000, 4999] {
            assert_eq!(told(&code.to_be_bytes()).unwrap()[2..], code.to_be_bytes());
        }
    }

    #[test]
    fn a_bad_close_is_told_what_is_wrong_with_it() {
        assert_eq!(told(b"\x03"), Err(1002));
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
            assert_eq!(told(&code.to_be_bytes()), Err(1002), "{code}");
        }
        assert_eq!(told(b"\x03\xe8\xff"), Err(1007));
    }

    #[test]
    fn what_is_too_long_for_a_control_frame_is_cut_between_characters() {
        let frame = close(4000, &"é".repeat(100));
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame[4..]).is_ok());
    }
}
