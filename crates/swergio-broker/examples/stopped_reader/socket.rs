//! Socket: just enough of a WebSocket client to measure with, so that it costs little itself.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Bytes of a narrow socket's receive buffer.
const NARROW: u32 = 4096;
/// First bytes of frames.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

pub(crate) struct Socket {
    stream: TcpStream,
    came: Vec<u8>,
    /// Bytes of `came` that are taken.
    taken: usize,
}

struct Received {
    first: u8,
    payload: std::ops::Range<usize>,
}

impl Socket {
    /// Opens a WebSocket.
    pub(crate) async fn open(address: SocketAddr, target: &str) -> Result<Self> {
        Self::over(TcpStream::connect(address).await?, target).await
    }

    /// Opens a WebSocket into which little fits that is not read.
    pub(crate) async fn open_narrow(address: SocketAddr, target: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(NARROW)?;
        Self::over(socket.connect(address).await?, target).await
    }

    async fn over(mut stream: TcpStream, target: &str) -> Result<Self> {
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            stream.peer_addr()?
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        Ok(Self { stream, came: Vec::new(), taken: 0 })
    }

    /// Sends a text message.
    pub(crate) async fn say(&mut self, text: &[u8]) -> Result<()> {
        self.send(TEXT, text).await
    }

    /// Waits for a message; none comes when the broker closes.
    pub(crate) async fn message(&mut self) -> Result<Option<&[u8]>> {
        loop {
            let Some(frame) = self.frame().await? else { return Ok(None) };
            match frame.first {
                TEXT => return Ok(Some(&self.came[frame.payload])),
                PING => self.send(PONG, b"").await?,
                CLOSE => return Ok(None),
                _ => {}
            }
        }
    }

    /// Reads on to the end, and returns the close code that stands there.
    pub(crate) async fn close_code(&mut self) -> Result<Option<u16>> {
        loop {
            match self.frame().await? {
                None => return Ok(None),
                Some(frame) if frame.first == CLOSE => {
                    let code =
                        self.came[frame.payload].first_chunk().context("a close frame holds a code")?;
                    return Ok(Some(u16::from_be_bytes(*code)));
                }
                Some(_) => {}
            }
        }
    }

    async fn frame(&mut self) -> Result<Option<Received>> {
        loop {
            if let Some(frame) = self.cut() {
                return Ok(Some(frame));
            }
            self.came.drain(..std::mem::take(&mut self.taken));
            self.came.reserve(64 << 10);
            if self.stream.read_buf(&mut self.came).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Cuts the next whole frame off what came; the broker's are not masked.
    fn cut(&mut self) -> Option<Received> {
        let came = &self.came[self.taken..];
        let (header, length) = match *came.get(1)? {
            126 => (4, u64::from(u16::from_be_bytes(came.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(came.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        let end = header + length as usize;
        let first = came[0];
        if came.len() < end {
            return None;
        }
        let payload = self.taken + header..self.taken + end;
        self.taken += end;
        Some(Received { first, payload })
    }

    /// Sends a frame; its mask is nought, which masks nothing and is a mask all the same.
    async fn send(&mut self, first: u8, payload: &[u8]) -> Result<()> {
        let mut frame = vec![first];
        match payload.len() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).context("a message here is short")?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend_from_slice(payload);
        Ok(self.stream.write_all(&frame).await?)
    }
}
