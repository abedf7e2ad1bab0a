//! Upstream's TCP framing: a decimal length in so many characters, then that many bytes of JSON.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use swergio_proto::{Codec, Fault};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::unread::Unread;
use super::{Arrival, Broken, Heard, Link};
use crate::dialect::Dialect;
use crate::packet::COPIED;
use crate::spares::Spares;

pub(crate) struct TcpLink {
    header: u8,
    max: usize,
    spares: Arc<Spares>,
    unread: Unread,
    /// The large message that is being read into a buffer of its own, and its length, header included.
    large: Option<(BytesMut, usize)>,
    /// The message that came last.
    said: Wire,
}

/// Is a message with its header: a small one where it was read, or a large one in memory of its own.
enum Wire {
    Small(Range<usize>),
    Large(Bytes),
}

impl TcpLink {
    /// Begins a stream with headers of `header` characters and bodies of `max` bytes at most.
    pub(crate) fn new(header: u8, max: usize, spares: &Arc<Spares>) -> Self {
        Self {
            header,
            max,
            spares: Arc::clone(spares),
            unread: Unread::new(&[]),
            large: None,
            said: Wire::Small(0..0),
        }
    }

    /// Cuts off the next message with its header; none when more must come.
    fn cut(&mut self) -> Result<Option<Wire>, Broken> {
        if self.large.is_none() {
            let width = usize::from(self.header);
            let Some(header) = self.unread.bytes().get(..width) else { return Ok(None) };
            let whole = width + length(header, self.max)?;
            if whole <= COPIED {
                let came = self.unread.len() >= whole;
                return Ok(came.then(|| Wire::Small(self.unread.cut(whole))));
            }
            let mut wire = self.spares.take(whole);
            let place = self.unread.cut(whole.min(self.unread.len()));
            wire.extend_from_slice(self.unread.place(place));
            self.large = Some((wire, whole));
        }
        let large = self.large.take_if(|(wire, whole)| wire.len() == *whole);
        Ok(large.map(|(wire, _)| Wire::Large(wire.freeze())))
    }

    /// Reads what has come into the place where it belongs, and returns how many bytes that were.
    fn poll_fill<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Some((wire, whole)) = &mut self.large {
            let left = *whole - wire.len();
            return pin!(io.read_buf(&mut wire.limit(left))).poll(cx);
        }
        pin!(io.read_buf(&mut self.unread.room(usize::MAX))).poll(cx)
    }
}

impl Link for TcpLink {
    fn dialect(&self) -> Dialect {
        Dialect::Tcp { header: self.header }
    }

    fn poll_receive<T: AsyncRead + Unpin>(&mut self, io: &mut T, cx: &mut Context<'_>) -> Poll<Arrival> {
        loop {
            match self.cut() {
                Ok(Some(wire)) => {
                    self.said = wire;
                    return Poll::Ready(Arrival::Message);
                }
                Ok(None) => {}
                Err(broken) => return Poll::Ready(Arrival::Broken(broken)),
            }
            match self.poll_fill(io, cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Arrival::End),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Arrival::Broken(reset(&error))),
                Poll::Pending => {
                    self.unread.rest();
                    return Poll::Pending;
                }
            }
        }
    }

    fn message(&mut self) -> Heard<'_> {
        let header = usize::from(self.header);
        match std::mem::replace(&mut self.said, Wire::Small(0..0)) {
            Wire::Small(place) => Heard::lent(Codec::Json, self.unread.place(place), header),
            Wire::Large(wire) => Heard::own(Codec::Json, wire, header),
        }
    }

    /// Upstream's client sends a header, then the body, and its system waits with the body (Nagle's algorithm).
    fn is_midway(&self) -> bool {
        self.unread.len() > 0 || self.large.is_some()
    }

    fn reply(&mut self) -> Option<Bytes> {
        None
    }

    fn heard(&mut self) -> bool {
        false
    }

    fn forget(&mut self) {
        self.unread.forget();
        self.large = None;
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

fn reset(error: &io::Error) -> Broken {
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
