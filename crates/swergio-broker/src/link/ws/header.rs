//! Header: the first bytes of a frame, and the rules that they must keep (RFC 6455, section 5.2).

use swergio_proto::Fault;

use crate::link::Broken;

/// Bytes that a control frame carries at most (RFC 6455, section 5.5).
pub(super) const CONTROL: usize = 125;

/// Tells what a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continue,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

/// Holds the header of a frame that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Whether the message ends with this frame.
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    /// Bytes of the header itself.
    pub(super) size: usize,
    /// Bytes of the payload.
    pub(super) len: usize,
    pub(super) mask: [u8; 4],
}

impl Opcode {
    fn parse(nibble: u8) -> Option<Self> {
        Some(match nibble {
            0 => Self::Continue,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

impl Header {
    /// Reads the header at the beginning of `bytes`; none while part of it is missing.
    ///
    /// A length may be spelt longer than it need be, as by clients that leave room for it.
    ///
    /// # Errors
    /// 1002 where a rule is broken, 1009 for a payload over `max`, before any of it is read.
    #[inline]
    pub(super) fn parse(bytes: &[u8], max: usize) -> Result<Option<Self>, Broken> {
        let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
        let (len, size) = match second & 0x7f {
            126 => match rest.first_chunk() {
                Some(len) => (u64::from(u16::from_be_bytes(*len)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(len) => (u64::from_be_bytes(*len), 10),
                None => return Ok(None),
            },
            len => (u64::from(len), 2),
        };
        let opcode = Opcode::parse(first & 0x0f).ok_or_else(|| wrong("a reserved opcode"))?;
        if len > max as u64 {
            return Err(too_large(len, max));
        }
        let (last, len) = (first & 0x80 != 0, len as usize);
        check(first, second, opcode, len)?;
        let Some(mask) = bytes[size..].first_chunk() else { return Ok(None) };
        Ok(Some(Self { last, opcode, size: size + 4, len, mask: *mask }))
    }
}

#[inline]
fn check(first: u8, second: u8, opcode: Opcode, len: usize) -> Result<(), Broken> {
    if second & 0x80 == 0 {
        return Err(wrong("a frame that is not masked"));
    }
    if first & 0x70 != 0 {
        return Err(wrong("reserved bits, of which no extension was agreed"));
    }
    if opcode.is_control() && (first & 0x80 == 0 || len > CONTROL) {
        return Err(wrong("a control frame in parts, or of more than 125 bytes"));
    }
    Ok(())
}

/// Says that the peer broke the protocol.
#[cold]
pub(super) fn wrong(what: &'static str) -> Broken {
    Broken { code: 1002, reason: what.to_owned(), fault: Some(Fault::malformed(what)) }
}

/// Says that a message is over the limit.
#[cold]
pub(super) fn too_large(size: u64, limit: usize) -> Broken {
    let fault = Fault::TooLarge { size, limit: limit as u64 };
    Broken { code: fault.close_code(), reason: fault.to_string(), fault: Some(fault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<Option<Header>, u16> {
        Header::parse(bytes, 70_000).map_err(|broken| broken.code)
    }

    /// R20: lengths in one, three and nine bytes, and whatever is missing is waited for.
    #[test]
    fn a_header_is_read_once_it_is_whole() {
        let lengths: [(&[u8], usize); 4] = [
            (&[0x80 | 125], 125),
            (&[0x80 | 126, 1, 0], 256),
            (&[0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0], 65_536),
            (&[0x80 | 127, 0, 0, 0, 0, 0, 0, 0, 3], 3),
        ];
        for (spelt, len) in lengths {
            let whole = [&[0x82], spelt, &[1, 2, 3, 4]].concat();
            for cut in 0..whole.len() {
                assert_eq!(parse(&whole[..cut]), Ok(None));
            }
            let header =
                Header { last: true, opcode: Opcode::Binary, size: whole.len(), len, mask: [1, 2, 3, 4] };
            assert_eq!(parse(&[&whole[..], b"more"].concat()), Ok(Some(header)));
        }
    }

    #[test]
    fn what_breaks_a_rule_is_1002() {
        for first in [0xc1, 0xa1, 0x91, 0x83, 0x87, 0x8b, 0x8f] {
            assert_eq!(parse(&[first, 0x80, 0, 0, 0, 0]), Err(1002), "{first:#x}");
        }
        assert_eq!(parse(&[0x81, 0x00]), Err(1002), "not masked");
        for opcode in [8, 9, 10] {
            assert_eq!(parse(&[opcode, 0x80, 0, 0, 0, 0]), Err(1002), "in parts");
            assert_eq!(parse(&[0x80 | opcode, 0x80 | 126, 0, 126, 0, 0, 0, 0]), Err(1002), "too long");
        }
    }

    /// R60: a payload over the limit is refused by its header.
    #[test]
    fn what_is_too_large_is_1009() {
        assert_eq!(parse(&[0x82, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71]), Err(1009));
        assert_eq!(parse(&[0x82, 0x80 | 127, 255, 255, 255, 255, 255, 255, 255, 255]), Err(1009));
    }
}
