//! WebSocket: the link to a real broker.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{Sink, SinkExt, Stream, StreamExt};
use swergio_proto::{Codec, Frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as WsMessage, Utf8Bytes};

use super::pulse::{Pulse, Pulsing};
use super::reach::reach;
use super::{Farewell, Url};
use crate::{Bounds, Error, ErrorKind};

/// Bytes that are collected before they are written; larger frames are written through.
const WRITE_BUFFER: usize = 64 << 10;
/// Bytes that one read asks for.
const READ_BUFFER: usize = 64 << 10;

/// Carries the bytes of a WebSocket: plain or, with the feature, through TLS.
#[cfg(feature = "tls")]
pub(crate) type Socket = tokio_tungstenite::MaybeTlsStream<Pulsing<TcpStream>>;
/// Carries the bytes of a WebSocket: plain.
#[cfg(not(feature = "tls"))]
pub(crate) type Socket = Pulsing<TcpStream>;

/// Knows how to reach one broker, as often as needed.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    url: Url,
    request: Request,
    bounds: Bounds,
}

impl Dialer {
    /// Prepares the opening request: subprotocol and token.
    pub(crate) fn new(url: Url, codec: Codec, token: Option<&str>, bounds: &Bounds) -> Result<Self, Error> {
        let mut request = url
            .uri
            .clone()
            .into_client_request()
            .map_err(|cause| Error::caused(ErrorKind::Invalid, "bad URL", cause))?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", HeaderValue::from_static(codec.subprotocol()));
        if let Some(token) = token {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                Error::new(ErrorKind::Invalid, "the token has characters that no HTTP header may have")
            })?;
            bearer.set_sensitive(true);
            headers.insert("authorization", bearer);
        }
        Ok(Self { url, request, bounds: bounds.clone() })
    }

    /// Opens a connection and shakes hands, within [`Bounds::handshake`].
    pub(crate) async fn dial(self) -> Result<WebSocket<Socket>, Farewell> {
        let Url { host, port, .. } = &self.url;
        match timeout(self.bounds.handshake, self.reach()).await {
            Ok(Ok(outcome)) => outcome.map_err(|error| farewell(&error)),
            Ok(Err(error)) => Err(Farewell::broken(format!("cannot reach {host} on port {port}: {error}"))),
            Err(_) => {
                Err(Farewell::broken(format!("the handshake with {host} on port {port} took too long")))
            }
        }
    }

    async fn reach(&self) -> io::Result<Result<WebSocket<Socket>, WsError>> {
        let socket = reach(&self.url.host, self.url.port).await?;
        Ok(self.shake_hands(socket).await)
    }

    async fn shake_hands(&self, socket: TcpStream) -> Result<WebSocket<Socket>, WsError> {
        let pulse = Pulse::new();
        let socket = Pulsing::new(socket, pulse.clone());
        let most = self.bounds.message_bytes_in(Codec::MsgPack);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(most.saturating_add(2 * WRITE_BUFFER))
            .max_message_size(Some(most))
            .max_frame_size(Some(most));
        let stream = upgrade(self.request.clone(), socket, config).await?;
        Ok(WebSocket::new(stream, pulse, self.bounds.clone()))
    }
}

#[cfg(feature = "tls")]
async fn upgrade(
    request: Request,
    socket: Pulsing<TcpStream>,
    config: WebSocketConfig,
) -> Result<WebSocketStream<Socket>, WsError> {
    use rustls::crypto::{CryptoProvider, ring};
    use tokio_tungstenite::client_async_tls_with_config as client_async;
    // Where a program has built in several providers and chosen none, rustls would panic.
    if CryptoProvider::get_default().is_none() {
        let _ = ring::default_provider().install_default();
    }
    client_async(request, socket, Some(config), None).await.map(|(stream, _)| stream)
}

#[cfg(not(feature = "tls"))]
async fn upgrade(
    request: Request,
    socket: Pulsing<TcpStream>,
    config: WebSocketConfig,
) -> Result<WebSocketStream<Socket>, WsError> {
    use tokio_tungstenite::client_async_with_config as client_async;
    client_async(request, socket, Some(config)).await.map(|(stream, _)| stream)
}

/// Turns WebSocket messages into frames; pings a silent peer, and gives up one that does not answer.
#[derive(Debug)]
pub(crate) struct WebSocket<S> {
    stream: WebSocketStream<S>,
    pulse: Pulse,
    bounds: Bounds,
    alarm: Pin<Box<Sleep>>,
    /// When the ping went out that has not been answered yet.
    pinged: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    fn new(stream: WebSocketStream<S>, pulse: Pulse, bounds: Bounds) -> Self {
        let alarm = Box::pin(sleep(bounds.ping));
        Self { stream, pulse, bounds, alarm, pinged: None }
    }

    /// Watches over the peer while it is silent: [`Bounds::ping`], then [`Bounds::pong`].
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<Farewell> {
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let (heard, now) = (self.pulse.last(), Instant::now());
            let since = match self.pinged {
                Some(pinged) if heard < pinged => pinged + self.bounds.pong,
                _ => heard + self.bounds.ping,
            };
            match (since > now, self.pinged) {
                (true, _) => self.alarm.as_mut().reset(since),
                (false, Some(pinged)) if heard < pinged => {
                    return Poll::Ready(Farewell::broken("the broker did not answer a ping"));
                }
                (false, _) => self.ping(now, cx),
            }
        }
    }

    fn ping(&mut self, now: Instant, cx: &mut Context<'_>) {
        self.pinged = Some(now);
        self.alarm.as_mut().reset(now + self.bounds.pong);
        // A ping that cannot be written is a link that is about to be given up anyway.
        if self.stream.start_send_unpin(WsMessage::Ping(Vec::new().into())).is_ok() {
            let _ = self.stream.poll_flush_unpin(cx);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocket<S> {
    type Item = Result<Frame, Farewell>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Poll::Ready(read) = self.stream.poll_next_unpin(cx) else {
                return self.poll_silence(cx).map(|farewell| Some(Err(farewell)));
            };
            return Poll::Ready(match read {
                None => None,
                Some(Err(error)) => Some(Err(farewell(&error))),
                Some(Ok(WsMessage::Text(text))) => Some(Ok(Frame::json(text))),
                Some(Ok(WsMessage::Binary(bytes))) => Some(Ok(Frame::msgpack(bytes))),
                Some(Ok(WsMessage::Close(close))) => Some(Err(match close {
                    Some(close) => Farewell::closed(close.code.into(), close.reason.as_str()),
                    None => Farewell::closed(1005, "closed without a reason"),
                })),
                Some(Ok(WsMessage::Ping(_) | WsMessage::Pong(_) | WsMessage::Frame(_))) => continue,
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Frame> for WebSocket<S> {
    type Error = Farewell;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        self.stream.poll_ready_unpin(cx).map_err(|error| farewell(&error))
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), Farewell> {
        let message = match frame.codec() {
            Codec::MsgPack => WsMessage::Binary(frame.into_bytes()),
            Codec::Json => WsMessage::Text(
                Utf8Bytes::try_from(frame.into_bytes())
                    .map_err(|_| Farewell::broken("a JSON frame that is not UTF-8"))?,
            ),
        };
        self.stream.start_send_unpin(message).map_err(|error| farewell(&error))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        self.stream.poll_flush_unpin(cx).map_err(|error| farewell(&error))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Farewell>> {
        self.stream.poll_close_unpin(cx).map_err(|error| farewell(&error))
    }
}

fn farewell(error: &WsError) -> Farewell {
    match error {
        WsError::Http(response) => {
            let (status, body) = (response.status(), response.body().as_deref().unwrap_or_default());
            Farewell::refused(status.as_u16(), answer(status, &String::from_utf8_lossy(body)))
        }
        WsError::Url(_) | WsError::HttpFormat(_) => {
            Farewell { may_return: false, ..Farewell::broken(error.to_string()) }
        }
        _ => Farewell::broken(error.to_string()),
    }
}

/// Says what was answered instead of a WebSocket: the first line, unless it begins a web page. The number is told
/// beside it.
fn answer(status: StatusCode, body: &str) -> String {
    let reason = status.canonical_reason().unwrap_or("no WebSocket");
    match body.lines().map(str::trim).find(|line| !line.is_empty()).filter(|line| !line.starts_with('<')) {
        Some(line) => format!("it answered {reason}: {line}"),
        None => format!("it answered {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::timeout;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    async fn pair() -> (WebSocket<Pulsing<DuplexStream>>, DuplexStream) {
        let (here, there) = duplex(1 << 16);
        let pulse = Pulse::new();
        let socket = Pulsing::new(here, pulse.clone());
        let stream = WebSocketStream::from_raw_socket(socket, Role::Client, None).await;
        (WebSocket::new(stream, pulse, Bounds::default()), there)
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_silent_is_pinged_then_given_up() {
        let (mut client, _silent) = pair().await;
        let began = Instant::now();
        let farewell = client.next().await.unwrap().unwrap_err();
        assert_eq!(began.elapsed().as_secs(), 35);
        assert!(farewell.may_return && farewell.reason.contains("ping"), "{farewell}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_answers_pings_is_kept() {
        let (mut client, there) = pair().await;
        let mut broker = WebSocketStream::from_raw_socket(there, Role::Server, None).await;
        let answers = tokio::spawn(async move {
            let mut pings = 0;
            while let Some(Ok(WsMessage::Ping(_))) = broker.next().await {
                pings += 1;
            }
            pings
        });
        assert!(timeout(Duration::from_secs(260), client.next()).await.is_err());
        drop(client);
        assert_eq!(answers.await.unwrap(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_takes_long_to_arrive_is_no_silence() {
        let (mut client, mut there) = pair().await;
        let slow = tokio::spawn(async move {
            there.write_all(&[0x81, 10]).await.unwrap();
            for _ in 0..10 {
                sleep(Duration::from_secs(20)).await;
                there.write_all(b"1").await.unwrap();
            }
            there
        });
        assert_eq!(client.next().await.unwrap().unwrap(), Frame::json("1111111111"));
        drop(slow.await);
    }

    #[test]
    fn an_answer_is_told_in_one_line_and_its_number_once() {
        for (status, body, told) in [
            (401, "who are you?\n", "it answered Unauthorized: who are you? (401)"),
            (404, "", "it answered Not Found (404)"),
            (502, "\n<html>\n<p>oh no</p>", "it answered Bad Gateway (502)"),
            (599, "", "it answered no WebSocket (599)"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Farewell::refused(status.as_u16(), answer(status, body)).to_string(), told);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_close_says_with_which_code() {
        let (mut client, mut there) = pair().await;
        there.write_all(&[0x88, 4, 0x0f, 0xa0, b'o', b'k']).await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap_err(), Farewell::closed(4000, "ok"));
    }
}
