//! Dialect: what a connection speaks, framing and codec, and the headers that the framing puts before a payload.

use swergio_proto::Codec;

/// Bytes that any header may take.
pub(crate) const HEADROOM: usize = 32;

/// Names what a connection speaks: which framing, and which codec inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// WebSocket, text frames.
    WebSocketJson,
    /// WebSocket, binary frames.
    WebSocketMsgPack,
    /// Upstream's length-prefixed JSON, with headers of so many characters.
    Tcp { header: u8 },
}

impl Dialect {
    /// Counts the dialects, for a table with a place for each.
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn web_socket(codec: Codec) -> Self {
        match codec {
            Codec::Json => Self::WebSocketJson,
            Codec::MsgPack => Self::WebSocketMsgPack,
        }
    }

    pub(crate) fn codec(self) -> Codec {
        match self {
            Self::WebSocketMsgPack => Codec::MsgPack,
            _ => Codec::Json,
        }
    }

    pub(crate) fn index(self) -> usize {
        match self {
            Self::WebSocketJson => 0,
            Self::WebSocketMsgPack => 1,
            Self::Tcp { .. } => 2,
        }
    }

    /// Tells whether the connection understands the kinds that upstream does not have.
    pub(crate) fn takes_notices(self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }

    /// Chooses the dialect in which a payload of `len` bytes is sealed first: this one, or, where its headers cannot
    /// say so much, WebSocket's of the same codec.
    pub(crate) fn for_payload(self, len: usize) -> Self {
        if self.can_say(len) { self } else { Self::web_socket(self.codec()) }
    }

    /// Tells whether a header can say that a payload has `len` bytes.
    pub(crate) fn can_say(self, len: usize) -> bool {
        !matches!(self, Self::Tcp { header } if len.checked_ilog10().unwrap_or(0) >= u32::from(header))
    }

    /// Counts the bytes of the header of a payload of `len` bytes.
    #[inline]
    pub(crate) fn header_len(self, len: usize) -> usize {
        match (self, len) {
            (Self::Tcp { header }, _) => header.into(),
            (_, 0..=125) => 2,
            (_, 126..=0xffff) => 4,
            _ => 10,
        }
    }

    /// Makes the header of a payload of `len` bytes, which it can say.
    #[inline]
    pub(crate) fn header(self, len: usize) -> Header {
        let mut header = Header { bytes: [0; HEADROOM], len: self.header_len(len) };
        self.write_header(&mut header.bytes[..header.len], len);
        header
    }

    /// Writes the header of a payload of `len` bytes, which it can say, into a place of just its length.
    #[inline]
    pub(crate) fn write_header(self, place: &mut [u8], len: usize) {
        match self {
            Self::WebSocketJson => write_ws_header(0x81, place, len),
            Self::WebSocketMsgPack => write_ws_header(0x82, place, len),
            Self::Tcp { .. } => write_tcp_header(place, len),
        }
    }
}

/// Is what a dialect puts before a payload.
pub(crate) struct Header {
    bytes: [u8; HEADROOM],
    len: usize,
}

impl Header {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Writes the header of an unmasked final frame (RFC 6455, section 5.2).
#[inline]
fn write_ws_header(first: u8, place: &mut [u8], len: usize) {
    match place {
        [a, b] => [*a, *b] = [first, len as u8],
        [a, b, c, d] => {
            let [high, low] = (len as u16).to_be_bytes();
            [*a, *b, *c, *d] = [first, 126, high, low];
        }
        [a, b, rest @ ..] => {
            [*a, *b] = [first, 127];
            rest.copy_from_slice(&(len as u64).to_be_bytes());
        }
        _ => debug_assert!(false, "a header has two bytes, four or ten"),
    }
}

/// Writes the decimal length, left-aligned, padded with blanks, as upstream does.
///
/// A length with more digits than there is room for cannot be told to the receiver; such frames are not handed out in
/// this dialect.
#[inline]
fn write_tcp_header(place: &mut [u8], len: usize) {
    place.fill(b' ');
    let digits = len.checked_ilog10().map_or(1, |log| log as usize + 1).min(place.len());
    let mut left = len;
    for digit in place[..digits].iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_each_length_is_written_as_the_rfc_says() {
        for (len, header) in [
            (1, vec![0x81, 1]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 0xff, 0xff]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            assert_eq!(Dialect::WebSocketJson.header(len).bytes(), header);
            assert_eq!(Dialect::WebSocketJson.header_len(len), header.len());
        }
        assert_eq!(Dialect::WebSocketMsgPack.header(2).bytes(), [0x82, 2]);
    }

    #[test]
    fn upstreams_header_is_padded_on_the_right() {
        for (len, spelt) in
            [(0, "0         "), (9, "9         "), (52, "52        "), (1_234_567_890, "1234567890")]
        {
            assert_eq!(Dialect::Tcp { header: 10 }.header(len).bytes(), spelt.as_bytes());
        }
        assert_eq!(Dialect::Tcp { header: 10 }.header_len(52), 10);
    }

    /// R33: a header can say as many digits as it has characters.
    #[test]
    fn what_upstreams_header_cannot_say_is_sealed_for_others() {
        let narrow = Dialect::Tcp { header: 4 };
        assert!(narrow.can_say(0) && narrow.can_say(9999) && !narrow.can_say(10_000));
        assert_eq!(narrow.for_payload(9999), narrow);
        assert_eq!(narrow.for_payload(10_000), Dialect::WebSocketJson);
        assert!(Dialect::Tcp { header: 20 }.can_say(usize::MAX));
    }
}
