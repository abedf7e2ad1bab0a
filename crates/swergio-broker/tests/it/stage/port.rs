//! Port: a broker on a real port of the loopback, for what a stream in memory cannot show.

use std::net::SocketAddr;

use swergio_broker::{Broker, Config, Guard, serve};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::member::{Member, Via};
use super::wire::Wire;

/// A key of the RFC's own example.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Serves a broker.
pub(crate) struct Port {
    pub(crate) broker: Broker,
    pub(crate) address: SocketAddr,
}

impl Port {
    pub(crate) async fn open(config: Config) -> Self {
        Self::guarded(config, Guard::Open).await
    }

    pub(crate) async fn guarded(config: Config, guard: Guard) -> Self {
        let broker = Broker::guarded(config, guard).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(broker.clone(), listener));
        Self { broker, address }
    }

    /// Connects and says nothing yet.
    pub(crate) async fn wire(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// Sends a request and returns all that came until the broker closed.
    pub(crate) async fn ask(&self, request: &str) -> String {
        let mut wire = self.wire().await;
        wire.send(request.as_bytes()).await;
        String::from_utf8(wire.until_end().await).unwrap()
    }

    /// Opens a WebSocket by its real handshake at `target`.
    pub(crate) async fn web_socket(&self, target: &str) -> Member {
        Wire::connect(self.address).await.upgrade(self.address, target, Via::Json).await
    }
}

/// Writes a good opening request, with `extra` lines before its end.
pub(crate) fn opening(address: SocketAddr, target: &str, extra: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{extra}\r\n"
    )
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    /// Connects with a small receive buffer, and reads nothing.
    pub(crate) async fn connect_stalled(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::stalled(socket.connect(address).await.unwrap())
    }

    /// Waits for the blank line after a response's head, and returns the head; what follows stays.
    pub(crate) async fn response_head(&mut self) -> (String, Vec<u8>) {
        let mut came = Vec::new();
        loop {
            came.extend(self.take());
            if let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = came.split_off(end + 4);
                return (String::from_utf8(came).unwrap(), rest);
            }
            assert!(self.wait().await, "closed after {:?}", String::from_utf8_lossy(&came));
        }
    }

    pub(crate) async fn upgrade(mut self, address: SocketAddr, target: &str, via: Via) -> Member {
        self.send(opening(address, target, "").as_bytes()).await;
        let (head, rest) = self.response_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        Member::begun(self, via, rest)
    }
}
