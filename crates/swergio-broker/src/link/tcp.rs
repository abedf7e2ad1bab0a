//! Upstream's TCP framing: a decimal length in so many characters, then that many bytes of JSON.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use swergio_proto::{Fault, Frame};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Arrival, Broken, Link};
use crate::dialect::Dialect;

/// Bytes asked for when it is not known how many will come.
const READ_BUFFER: usize = 4096;

pub(crate) struct TcpLink {
    header: u8,
    max: usize,
    buffer: BytesMut,
}

impl TcpLink {
    /// Begins a stream with headers of `header` characters and bodies of `max` bytes at most.
    pub(crate) fn new(header: u8, max: usize) -> Self {
        Self { header, max, buffer: BytesMut::new() }
    }

    /// Cuts the next message off the buffer, or says how many bytes are missing.
    fn cut(&mut self) -> Result<Result<Bytes, usize>, Broken> {
        let width = usize::from(self.header);
        let Some(header) = self.buffer.get(..width) else { return Ok(Err(READ_BUFFER)) };
        let whole = width + length(header, self.max)?;
        if self.buffer.len() < whole {
            return Ok(Err(whole - self.buffer.len()));
        }
        Ok(Ok(self.take(whole)))
    }

    /// Takes a message out of the buffer, and never the buffer with it: a few bytes that wait for a slow reader
    /// must not keep thousands, nor an idle connection as much as the largest message that it ever sent.
    fn take(&mut self, whole: usize) -> Bytes {
        if whole > READ_BUFFER {
            let rest = BytesMut::from(&self.buffer[whole..]);
            let mut wire = std::mem::replace(&mut self.buffer, rest);
            wire.truncate(whole);
            return wire.freeze();
        }
        let wire = Bytes::copy_from_slice(&self.buffer[..whole]);
        self.buffer.advance(whole);
        wire
    }
}

impl Link for TcpLink {
    fn dialect(&self) -> Dialect {
        Dialect::Tcp { header: self.header }
    }

    fn poll_receive<T: AsyncRead + Unpin>(&mut self, io: &mut T, cx: &mut Context<'_>) -> Poll<Arrival> {
        loop {
            let missing = match self.cut() {
                Ok(Ok(wire)) => {
                    let frame = Frame::json(wire.slice(usize::from(self.header)..));
                    return Poll::Ready(Arrival::Message { frame, wire: Some(wire) });
                }
                Ok(Err(missing)) => missing,
                Err(broken) => return Poll::Ready(Arrival::Broken(broken)),
            };
            self.buffer.reserve(missing);
            match ready!(pin!(io.read_buf(&mut self.buffer)).poll(cx)) {
                Ok(0) => return Poll::Ready(Arrival::End),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Arrival::Broken(reset(&error))),
            }
        }
    }

    fn reply(&mut self) -> Option<Bytes> {
        None
    }

    fn heard(&mut self) -> bool {
        false
    }

    fn ping(&self) -> Option<Bytes> {
        None
    }

    fn goodbye(&self, _: u16, _: &str) -> Option<Bytes> {
        None
    }
}

/// Reads a header: digits, with blanks around them. A body over `max` is refused before it is allocated.
fn length(header: &[u8], max: usize) -> Result<usize, Broken> {
    let text = std::str::from_utf8(header).unwrap_or_default().trim_matches(' ');
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = format!("header {:?} is not a length", String::from_utf8_lossy(header));
        return Err(Broken { code: 1002, fault: Some(Fault::malformed(reason.clone())), reason });
    }
    let size = text.parse::<u64>().unwrap_or(u64::MAX);
    if size > max as u64 {
        let fault = Fault::TooLarge { size, limit: max as u64 };
        return Err(Broken { code: fault.close_code(), reason: fault.to_string(), fault: Some(fault) });
    }
    Ok(size as usize)
}

fn reset(error: &std::io::Error) -> Broken {
    Broken { code: 1006, reason: error.to_string(), fault: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R31: a header is digits with blanks around them; anything else loses the framing.
    #[test]
    fn a_header_is_digits_with_blanks_around_them() {
        for (header, size) in
            [("5         ", 5), ("        50", 50), ("0000000050", 50), ("  7  ", 7), ("0", 0)]
        {
            assert_eq!(length(header.as_bytes(), 100).unwrap(), size, "{header:?}");
        }
        for header in ["", "          ", "-5", "+5", "5_0", "1 2", "{\"ID\"", "\u{0665}", "5\n"] {
            assert!(length(header.as_bytes(), 100).is_err(), "{header:?}");
        }
        assert!(length(&[0xff, 0xfe], 100).is_err());
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused_however_large() {
        for header in ["101", "99999999999999999999"] {
            assert_eq!(length(header.as_bytes(), 100).unwrap_err().code, 1009);
        }
    }
}
