//! Plays of one client, byte by byte: the rules of RFC 6455, and what a connection costs while it is quiet.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use swergio_proto::{Codec, Limits};
use tokio::io::{AsyncRead, ReadBuf};

use super::reader::LARGE;
use super::{Arrival, Link, WebSocketLink};

pub(super) const MASK: [u8; 4] = [0xa5, 0x01, 0x7f, 0xc3];

/// Is a stream of which the pieces come one after another, and then nothing.
#[derive(Default)]
pub(super) struct Pieces {
    pub(super) pieces: VecDeque<Vec<u8>>,
    pub(super) ended: bool,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(mut piece) = self.pieces.pop_front() else {
            return if self.ended { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let rest = piece.split_off(piece.len().min(buffer.remaining()));
        buffer.put_slice(&piece);
        if !rest.is_empty() {
            self.pieces.push_front(rest);
        }
        Poll::Ready(Ok(()))
    }
}

/// What came of it: messages by their text, signs of life, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Sign,
    /// The close code that is told to the peer; none where its close had none.
    Closed(Option<u16>),
}

pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(0x80 | len as u8),
        len @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((len as u16).to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend((len as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

pub(super) fn link(max: usize) -> WebSocketLink {
    WebSocketLink::new(
        Codec::Json,
        &[],
        &Limits { message_bytes: max, envelope_bytes: 0, ..Limits::default() },
        &Arc::default(),
    )
}

/// Reads until nothing comes; returns what came, and the answers to pings.
pub(super) fn read(link: &mut WebSocketLink, io: &mut Pieces) -> (Vec<Came>, Vec<u8>) {
    let (mut came, mut replies) = (Vec::new(), Vec::new());
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(arrival) = link.poll_receive(io, &mut cx) {
        let reply = link.reply().unwrap_or_default();
        came.push(match arrival {
            Arrival::Message => {
                let message = link.message().frame();
                match message.codec() {
                    Codec::Json => Came::Text(message.bytes().to_vec()),
                    Codec::MsgPack => Came::Binary(message.bytes().to_vec()),
                }
            }
            Arrival::Sign => Came::Sign,
            Arrival::End => Came::Closed(reply.get(2..4).map(|code| u16::from_be_bytes([code[0], code[1]]))),
            Arrival::Broken(broken) => Came::Closed(Some(broken.code)),
        });
        if let Some(Came::Closed(_)) = came.last() {
            break;
        }
        replies.extend(reply);
    }
    (came, replies)
}

fn say(max: usize, frames: &[Vec<u8>]) -> (Vec<Came>, Vec<u8>) {
    read(&mut link(max), &mut Pieces { pieces: [frames.concat()].into(), ended: false })
}

fn text(text: &str) -> Came {
    Came::Text(text.as_bytes().to_vec())
}

#[test]
fn a_ping_amid_fragments_is_answered_at_once() {
    let (came, replies) =
        say(100, &[frame(0x01, b"hel"), frame(0x89, b"?"), frame(0x00, b"lo"), frame(0x80, b"!")]);
    assert_eq!(came, [Came::Sign, text("hello!")]);
    assert_eq!(replies, b"\x8a\x01?");
}

#[test]
fn fragments_must_belong_together() {
    assert_eq!(say(100, &[frame(0x80, b"of what?")]).0, [Came::Closed(Some(1002))]);
    assert_eq!(say(100, &[frame(0x01, b"one"), frame(0x81, b"two")]).0, [Came::Closed(Some(1002))]);
}

/// R60: text must be UTF-8, of which a fragment may cut a character; what cannot become one is refused at once.
#[test]
fn text_is_checked_fragment_by_fragment() {
    let cut = [frame(0x01, b"\xc3"), frame(0x80, b"\xa9")];
    assert_eq!(say(100, &cut).0, [text("é")]);
    assert_eq!(say(100, &[frame(0x01, b"\xc3"), frame(0x00, b"x")]).0, [Came::Closed(Some(1007))]);
    assert_eq!(say(100, &[frame(0x01, b"\xc3"), frame(0x80, b"")]).0, [Came::Closed(Some(1007))]);
    assert_eq!(say(100, &[frame(0x81, b"\xff")]).0, [Came::Closed(Some(1007))]);
    assert_eq!(say(100, &[frame(0x82, b"\xff")]).0, [Came::Binary(vec![0xff])]);
}

/// R60: a message over the limit is refused by the header that makes it so, however it is cut.
#[test]
fn a_message_over_the_limit_is_refused_before_it_is_read() {
    assert_eq!(say(10, &[frame(0x82, &[0; 10])]).0, [Came::Binary(vec![0; 10])]);
    assert_eq!(say(10, &[frame(0x82, &[0; 11])[..6].to_vec()]).0, [Came::Closed(Some(1009))]);
    let parts = [frame(0x02, &[0; 6]), frame(0x00, &[0; 5])[..6].to_vec()];
    assert_eq!(say(10, &parts).0, [Came::Closed(Some(1009))]);
}

/// R60: a tensor as large as a message may be fits into one of MessagePack, and into no text.
#[test]
fn a_message_of_bytes_has_room_for_what_is_around_its_tensor() {
    let limits = Limits { message_bytes: 10, envelope_bytes: 2, ..Limits::default() };
    for (first, len, refused) in [(0x81, 10, false), (0x81, 11, true), (0x82, 12, false), (0x82, 13, true)] {
        let mut link =
            WebSocketLink::new(Codec::Json, &frame(first, &vec![b'x'; len]), &limits, &Arc::default());
        let came = read(&mut link, &mut Pieces::default()).0;
        assert_eq!(came == [Came::Closed(Some(1009))], refused, "{first:#x} {len}");
    }
}

#[test]
fn nothing_is_read_after_a_close() {
    let (came, _) = say(100, &[frame(0x88, &1000_u16.to_be_bytes()), frame(0x81, b"late")]);
    assert_eq!(came, [Came::Closed(Some(1000))]);
}

#[test]
fn a_stream_that_just_ends_is_nobodys_fault() {
    let mut io = Pieces { pieces: [frame(0x81, b"hi")].into(), ended: true };
    assert_eq!(read(&mut link(100), &mut io).0, [text("hi"), Came::Closed(None)]);
}

#[test]
fn what_came_with_the_handshake_is_read_first() {
    let whole = frame(0x81, b"early");
    let limits = Limits::default();
    for cut in 0..=whole.len() {
        let mut link = WebSocketLink::new(Codec::Json, &whole[..cut], &limits, &Arc::default());
        let mut io = Pieces { pieces: [whole[cut..].to_vec(), frame(0x81, b"late")].into(), ended: false };
        io.pieces.retain(|piece| !piece.is_empty());
        assert_eq!(read(&mut link, &mut io).0, [text("early"), text("late")]);
    }
}

#[test]
fn a_quiet_connection_holds_no_buffer_and_a_torn_frame_no_more_than_itself() {
    let (mut link, whole) = (link(1 << 20), frame(0x81, &[b'x'; 100]));
    for (sent, held) in [(whole.clone(), 0), (whole[..50].to_vec(), 50), (whole[50..].to_vec(), 0)] {
        let mut io = Pieces { pieces: [sent].into(), ended: false };
        read(&mut link, &mut io);
        assert_eq!(link.reader.held(), held);
    }
}

#[test]
fn who_leaves_amid_a_message_leaves_nothing_behind() {
    for whole in [frame(0x81, &[b'x'; 100]), frame(0x82, &[b'x'; LARGE + 1]), frame(0x01, &[b'x'; 100])] {
        let (mut link, cut) = (link(1 << 20), whole.len() - usize::from(whole[0] & 0x80 != 0));
        read(&mut link, &mut Pieces { pieces: [whole[..cut].to_vec()].into(), ended: false });
        link.forget();
        assert_eq!(link.reader.held(), 0);
    }
}

#[test]
fn a_large_frame_is_read_into_a_buffer_of_its_size_and_what_follows_is_not() {
    for len in [LARGE, LARGE + 1, 200_000] {
        let payload: Vec<u8> = (0..len).map(|at| b'a' + (at % 26) as u8).collect();
        let bytes = [frame(0x81, b"before"), frame(0x82, &payload), frame(0x81, b"after")].concat();
        for size in [1, 7, 5000, 70_000, 1 << 20] {
            let mut link = link(1 << 20);
            let mut io = Pieces { ended: false, ..Pieces::default() };
            let mut came = Vec::new();
            for piece in bytes.chunks(size) {
                io.pieces.push_back(piece.to_vec());
                came.extend(read(&mut link, &mut io).0);
                assert!(link.reader.held() <= len + 14);
            }
            assert_eq!(came, [text("before"), Came::Binary(payload.clone()), text("after")]);
        }
    }
}
