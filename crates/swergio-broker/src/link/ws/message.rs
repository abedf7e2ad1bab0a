//! Message: one frame, or its fragments put together; text is checked as it comes.

use bytes::BytesMut;
use swergio_proto::{Codec, Frame};

use super::control::not_text;
use super::header::{Header, Opcode};
use crate::link::Broken;

/// Gathers the fragments of one message.
#[derive(Debug)]
pub(super) struct Message {
    codec: Codec,
    bytes: BytesMut,
    /// Bytes at the beginning that are known to be UTF-8.
    checked: usize,
}

impl Message {
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes in a large data frame that may stand where it does: the whole of a message, or a fragment of `begun`. Where
    /// it is known to be `ascii`, it is not looked at again.
    ///
    /// # Errors
    /// 1007 for text that is not UTF-8, with the first fragment that proves it.
    #[inline]
    pub(super) fn take(
        begun: &mut Option<Self>,
        header: Header,
        payload: BytesMut,
        ascii: bool,
    ) -> Result<Option<Frame>, Broken> {
        if header.last && begun.is_none() {
            let codec = check_whole(&header, &payload, ascii)?;
            return Ok(Some(Frame::new(codec, payload.freeze())));
        }
        Self::take_fragment(begun, header, &payload)
    }

    /// Takes in a fragment, and returns the message if it was the last one.
    ///
    /// # Errors
    /// 1007 for text that is not UTF-8, with the first fragment that proves it.
    pub(super) fn take_fragment(
        begun: &mut Option<Self>,
        header: Header,
        payload: &[u8],
    ) -> Result<Option<Frame>, Broken> {
        let message = match begun {
            Some(message) => {
                message.bytes.extend_from_slice(payload);
                message
            }
            // A copy, so that a few bytes which wait for the rest do not hold the buffer that they were read into.
            None => begun.insert(Self { codec: codec(header.opcode), bytes: payload.into(), checked: 0 }),
        };
        if message.codec == Codec::Json {
            message.check(header.last)?;
        }
        let whole = begun.take_if(|_| header.last);
        Ok(whole.map(|message| Frame::new(message.codec, message.bytes.freeze())))
    }

    /// Checks what is new; only the last fragment must end where a character does.
    fn check(&mut self, last: bool) -> Result<(), Broken> {
        match std::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(text) => self.checked += text.len(),
            Err(error) if error.error_len().is_none() && !last => self.checked += error.valid_up_to(),
            Err(_) => return Err(not_text()),
        }
        Ok(())
    }
}

/// Checks a message of one frame, not looking again at what is known to be `ascii`, and returns its codec.
///
/// # Errors
/// 1007 for text that is not UTF-8.
#[inline]
pub(super) fn check_whole(header: &Header, payload: &[u8], ascii: bool) -> Result<Codec, Broken> {
    let codec = codec(header.opcode);
    if codec == Codec::Json && !ascii && std::str::from_utf8(payload).is_err() {
        return Err(not_text());
    }
    Ok(codec)
}

pub(super) fn codec(opcode: Opcode) -> Codec {
    if opcode == Opcode::Binary { Codec::MsgPack } else { Codec::Json }
}
