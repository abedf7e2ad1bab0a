//! Differential: what our reader makes of any bytes, beside what tungstenite makes of them.
//!
//! They differ on purpose in three ways, none of which shows here: ours finds a broken rule in the header, where
//! tungstenite waits for the payload, so only whole frames are played; a stream that ends without a close is
//! nobody's fault with ours, so none ends; and ours takes the close code 1014, which IANA registered after RFC 6455
//! and tungstenite does not know, so nobody says it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use proptest::prelude::*;
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::tests::{Came, Pieces, frame, link, read};

/// Small enough that frames and messages go beyond it now and then.
const MAX: usize = 200;

/// The close code 1014 as a close frame spells it.
const BAD_GATEWAY: [u8; 2] = 1014_u16.to_be_bytes();

/// Lets tungstenite read the same pieces.
struct Side {
    pieces: VecDeque<Vec<u8>>,
    replies: Vec<u8>,
}

impl Read for Side {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(mut piece) = self.pieces.pop_front() else { return Err(ErrorKind::WouldBlock.into()) };
        let rest = piece.split_off(piece.len().min(buffer.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        }
        Ok(piece.len())
    }
}

impl Write for Side {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(pieces: VecDeque<Vec<u8>>) -> (Vec<Came>, Vec<u8>) {
    let config = WebSocketConfig::default().max_message_size(Some(MAX)).max_frame_size(Some(MAX));
    let mut context = WebSocketContext::new(Role::Server, Some(config));
    let (mut side, mut came) = (Side { pieces, replies: Vec::new() }, Vec::new());
    loop {
        came.push(match context.read(&mut side) {
            Ok(Message::Text(text)) => Came::Text(text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Came::Binary(bytes.to_vec()),
            Ok(Message::Close(close)) => Came::Closed(close.map(|close| close.code.into())),
            Ok(_) => Came::Sign,
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
            Err(Error::Capacity(_)) => Came::Closed(Some(1009)),
            Err(Error::Utf8(_)) => Came::Closed(Some(1007)),
            Err(_) => Came::Closed(Some(1002)),
        });
        if let Some(Came::Closed(_)) = came.last() {
            break;
        }
        context.flush(&mut side).unwrap();
    }
    (came, side.replies)
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let text = "[a-zé€😀]{0,60}".prop_map(String::into_bytes);
    prop_oneof![
        4 => text,
        2 => prop::collection::vec(any::<u8>(), 0..130).prop_filter("a close with 1014", |bytes| !bytes.starts_with(&BAD_GATEWAY)),
        1 => prop::collection::vec(Just(b'x'), 100..250),
        1 => ((980_u16..1020).prop_filter("1014", |code| code.to_be_bytes() != BAD_GATEWAY), "[a-zé]{0,60}")
            .prop_map(|(code, reason)| [&code.to_be_bytes(), reason.as_bytes()].concat()),
    ]
}

/// Spells one frame: mostly of those that are good, sometimes with any first byte, or without a mask.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        40 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a]),
        2 => Just(0x88),
        1 => any::<u8>(),
    ];
    let shape = prop_oneof![40 => Just(0), 1 => Just(1), 2 => Just(2)];
    (first, payload(), shape).prop_map(|(first, payload, shape)| match shape {
        0 => frame(first, &payload),
        1 => [&[first, payload.len().min(125) as u8], &payload[..payload.len().min(125)]].concat(),
        _ => lengthy(first, &payload),
    })
}

/// Spells the length in nine bytes, whatever it is.
fn lengthy(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | 127];
    bytes.extend((payload.len() as u64).to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Spells a message in fragments, a ping between them; a character may be cut.
fn fragments() -> impl Strategy<Value = Vec<u8>> {
    (payload(), 0..3_usize, prop::bool::ANY).prop_map(|(payload, cuts, text)| {
        let size = (payload.len() / (cuts + 1)).max(1);
        let parts: Vec<&[u8]> = payload.chunks(size).collect();
        let mut bytes = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let opcode = if at > 0 {
                0
            } else if text {
                1
            } else {
                2
            };
            let last = if at + 1 == parts.len() { 0x80 } else { 0 };
            bytes.extend(frame(opcode | last, part));
            if last == 0 {
                bytes.extend(frame(0x89, b"still there?"));
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn ours_hears_what_tungstenite_hears(
        frames in prop::collection::vec(prop_oneof![2 => fragments(), 3 => any_frame()], 1..12),
        sizes in prop::collection::vec(1..400_usize, 1..8),
    ) {
        let bytes = frames.concat();
        let (mut pieces, mut rest, mut sizes) = (VecDeque::new(), &bytes[..], sizes.iter().cycle());
        while !rest.is_empty() {
            let size = rest.len().min(*sizes.next().unwrap());
            pieces.push_back(rest[..size].to_vec());
            rest = &rest[size..];
        }
        let (expected, answered) = theirs(pieces.clone());
        let (came, replies) = read(&mut link(MAX), &mut Pieces { pieces, ended: false });
        prop_assert_eq!(&came, &expected);
        if !matches!(expected.last(), Some(Came::Closed(_))) {
            prop_assert_eq!(replies, answered);
        }
    }
}
