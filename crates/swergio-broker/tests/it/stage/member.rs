//! Member: a component at the other end of a wire, on either framing and in either codec.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use bytes::Bytes;
use serde_json::{Value, json};
use swergio_proto::{Codec, Frame, transcode};
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::{Role, WebSocketContext};

use super::settle;
use super::wire::Wire;

/// Nesting that the tests write at most.
const NESTING: usize = 1000;

/// Says what a member speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// Upstream's TCP framing, headers of ten characters.
    Tcp,
    /// WebSocket, text frames.
    Json,
    /// WebSocket, binary frames.
    MsgPack,
}

/// Everything that a member can speak.
pub(crate) const ALL: [Via; 3] = [Via::Tcp, Via::Json, Via::MsgPack];

/// Speaks and listens.
pub(crate) struct Member {
    pub(crate) wire: Wire,
    via: Via,
    header: usize,
    socket: WebSocketContext,
    unread: Vec<u8>,
    frames: VecDeque<Frame>,
    /// Pings that came and were looked at; each was answered then.
    pub(crate) pings: usize,
    /// The close code and its reason, once the broker has closed.
    pub(crate) farewell: Option<(u16, String)>,
}

impl Member {
    pub(crate) fn new(wire: Wire, via: Via, header: usize) -> Self {
        let socket = WebSocketContext::new(Role::Client, None);
        Self {
            wire,
            via,
            header,
            socket,
            unread: Vec::new(),
            frames: VecDeque::new(),
            pings: 0,
            farewell: None,
        }
    }

    /// Begins with a WebSocket whose handshake is over; `early` came right behind it.
    pub(crate) fn begun(wire: Wire, via: Via, early: Vec<u8>) -> Self {
        Self { unread: early, ..Self::new(wire, via, 10) }
    }

    pub(crate) fn codec(&self) -> Codec {
        if self.via == Via::MsgPack { Codec::MsgPack } else { Codec::Json }
    }

    /// Sends a message in the member's own codec.
    #[allow(clippy::needless_pass_by_value, reason = "a play reads better without ampersands")]
    pub(crate) async fn say(&mut self, message: Value) {
        self.say_text(&message.to_string()).await;
    }

    /// Sends a message that is written in JSON, in the member's own codec.
    pub(crate) async fn say_text(&mut self, text: &str) {
        let frame = Frame::json(text.to_owned());
        let frame = transcode(&frame, self.codec(), NESTING).unwrap();
        self.say_frame(&frame).await;
    }

    /// Sends a frame as it is.
    pub(crate) async fn say_frame(&mut self, frame: &Frame) {
        let bytes = self.spell(frame);
        self.wire.send(&bytes).await;
    }

    /// Writes a frame as it goes over the wire.
    pub(crate) fn spell(&mut self, frame: &Frame) -> Vec<u8> {
        let bytes = frame.bytes().clone();
        match (self.via, frame.codec()) {
            (Via::Tcp, _) => [format!("{:<1$}", bytes.len(), self.header).as_bytes(), &bytes].concat(),
            (_, Codec::Json) => self.spell_message(Message::text(String::from_utf8(bytes.to_vec()).unwrap())),
            (_, Codec::MsgPack) => self.spell_message(Message::binary(bytes)),
        }
    }

    pub(crate) fn spell_message(&mut self, message: Message) -> Vec<u8> {
        let mut written = Memory { from: &mut Vec::new(), to: Vec::new() };
        self.socket.write(&mut written, message).unwrap();
        self.socket.flush(&mut written).unwrap();
        written.to
    }

    /// Sends a WebSocket message of any kind.
    pub(crate) async fn say_message(&mut self, message: Message) {
        let bytes = self.spell_message(message);
        self.wire.send(&bytes).await;
    }

    /// Lets everything happen that can happen now, and takes the frames that came.
    pub(crate) async fn frames(&mut self) -> Vec<Frame> {
        settle().await;
        self.read_on().await;
        self.frames.drain(..).collect()
    }

    /// Lets everything happen that can happen now, and takes the messages that came.
    pub(crate) async fn hear(&mut self) -> Vec<Value> {
        self.frames().await.iter().map(value).collect()
    }

    /// Lets everything happen that can happen now, and names the messages that came: by their ID, or what the
    /// broker says by its kind.
    pub(crate) async fn heard(&mut self) -> Vec<String> {
        self.hear().await.iter().map(label).collect()
    }

    /// Waits for the next message.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        self.next_frame().await.as_ref().map(value)
    }

    /// Waits for the next frame; none comes when the broker has closed.
    pub(crate) async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            self.read_on().await;
            if let Some(frame) = self.frames.pop_front() {
                return Some(frame);
            }
            if !self.wire.wait().await && self.wire.has_ended() {
                self.read_on().await;
                return self.frames.pop_front();
            }
        }
    }

    /// Waits for the close code of the broker.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        while self.next_frame().await.is_some() {}
        self.farewell.as_ref().map(|(code, _)| *code)
    }

    async fn read_on(&mut self) {
        self.unread.extend(self.wire.take());
        match self.via {
            Via::Tcp => self.cut(),
            _ => self.read_socket().await,
        }
    }

    fn cut(&mut self) {
        while let Some(header) = self.unread.get(..self.header) {
            let text = std::str::from_utf8(header).expect("a header is text");
            let length: usize = text.trim_end().parse().expect("a header is a length, padded on the right");
            if self.unread.len() < self.header + length {
                return;
            }
            let rest = self.unread.split_off(self.header + length);
            let body = std::mem::replace(&mut self.unread, rest).split_off(self.header);
            self.frames.push_back(Frame::json(body));
        }
    }

    async fn read_socket(&mut self) {
        let mut memory = Memory { from: &mut self.unread, to: Vec::new() };
        loop {
            match self.socket.read(&mut memory) {
                Ok(Message::Text(text)) => self.frames.push_back(Frame::json(Bytes::from(text))),
                Ok(Message::Binary(bytes)) => self.frames.push_back(Frame::msgpack(bytes)),
                Ok(Message::Ping(_)) => self.pings += 1,
                Ok(Message::Close(close)) => {
                    self.farewell = close.map(|close| (close.code.into(), close.reason.to_string()));
                }
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => break,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => break,
                Err(error) => panic!("the broker speaks WebSocket: {error}"),
            }
        }
        let _ = self.socket.flush(&mut memory);
        let replies = memory.to;
        if !replies.is_empty() {
            self.wire.send(&replies).await;
        }
    }
}

/// Reads a frame as JSON.
pub(crate) fn value(frame: &Frame) -> Value {
    let text = transcode(frame, Codec::Json, NESTING).unwrap();
    serde_json::from_slice(text.bytes()).unwrap_or_else(|_| json!(String::from_utf8_lossy(text.bytes())))
}

/// Names a message: `m1` by its ID, `LOG(m1)` a log entry, else by its kind.
pub(crate) fn label(message: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match (&message["TYPE"], &message["ID"]) {
        (Value::String(kind), _) if kind == "LOG/MESSAGES" && message["MESSAGE"].is_object() => {
            format!("LOG({})", label(&message["MESSAGE"]))
        }
        (_, Value::String(id)) => id.clone(),
        (kind, _) => text(kind),
    }
}

/// Lets tungstenite read from what came and write to what will go.
struct Memory<'m> {
    from: &'m mut Vec<u8>,
    to: Vec<u8>,
}

impl Read for Memory<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.from.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = buffer.len().min(self.from.len());
        buffer[..len].copy_from_slice(&self.from[..len]);
        self.from.drain(..len);
        Ok(len)
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
