//! WebSocket: what a real broker sees of a real client, on a loopback port.

use futures_util::{SinkExt, StreamExt};
use swergio_client::{Client, Codec, Envelope, ErrorKind, Kind, Options, Reconnect, Tensor};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, http::StatusCode};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Accepts one connection, if it shows the token.
#[allow(clippy::result_large_err, reason = "the shape of tungstenite's callback")]
async fn accept(listener: TcpListener, token: &'static str) -> Option<WebSocketStream<TcpStream>> {
    let (socket, _) = listener.accept().await.unwrap();
    let admit = |request: &Request, mut response: Response| {
        let headers = request.headers();
        assert_eq!(request.uri().path(), "/ws");
        if headers.get("authorization").is_none_or(|given| given != token) {
            let mut refusal = ErrorResponse::new(Some("who are you?".to_owned()));
            *refusal.status_mut() = StatusCode::UNAUTHORIZED;
            return Err(refusal);
        }
        let protocol = headers["sec-websocket-protocol"].clone();
        response.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(response)
    };
    accept_hdr_async(socket, admit).await.ok()
}

async fn listen() -> (TcpListener, Options) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, Options::new(url).name("w").token("secret").reconnect(Reconnect::never()))
}

async fn connected(codec: Codec) -> (Client, WebSocketStream<TcpStream>) {
    let (listener, options) = listen().await;
    let accepting = tokio::spawn(accept(listener, "Bearer secret"));
    let client = options.codec(codec).connect().await.unwrap();
    let mut broker = accepting.await.unwrap().unwrap();
    for _ in ["REGISTER", "JOINROOM"] {
        broker.next().await.unwrap().unwrap();
    }
    (client, broker)
}

#[tokio::test]
async fn json_goes_in_text_and_messagepack_in_binary_messages_both_ways() {
    for codec in [Codec::Json, Codec::MsgPack] {
        let (client, mut broker) = connected(codec).await;
        let mut messages = client.messages();
        // Larger than every buffer on the way.
        let tensor = Tensor::from_f32([1 << 20], &vec![0.5; 1 << 20]).unwrap();
        let sent = Envelope::new(Kind::FORWARD).with_tensor(tensor.clone());
        let (id, heard) = tokio::join!(client.send(sent), broker.next());
        let heard = heard.unwrap().unwrap();
        assert_eq!(heard.is_text(), codec == Codec::Json);
        broker.send(heard).await.unwrap();
        let echo = messages.next().await.unwrap();
        assert_eq!((echo.id.clone(), echo.tensor().unwrap().to_f32_vec()), (id.ok(), tensor.to_f32_vec()));
        let (closed, goodbye) = tokio::join!(client.close(), broker.next());
        closed.unwrap();
        assert!(
            String::from_utf8_lossy(&goodbye.unwrap().unwrap().into_data()).contains("COMMAND/DISCONNECT")
        );
        assert!(matches!(broker.next().await, Some(Ok(Message::Close(_)))));
    }
}

#[tokio::test]
async fn a_close_code_of_the_broker_reaches_the_component() {
    let (client, mut broker) = connected(Codec::MsgPack).await;
    let close = CloseFrame { code: 4502.into(), reason: "not in here".into() };
    broker.close(Some(close)).await.unwrap();
    let error = client.closed().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(error.to_string(), "the broker refused this component: not in here (4502)");
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_the_brokers_words_and_never_tried_again() {
    let (listener, options) = listen().await;
    let accepting = tokio::spawn(accept(listener, "Bearer other"));
    let error = options.reconnect(Reconnect::patiently()).connect().await.unwrap_err();
    assert_eq!((error.kind(), error.farewell().unwrap().code), (ErrorKind::Refused, Some(401)));
    assert_eq!(
        error.to_string(),
        "the broker refused this component: it answered Unauthorized: who are you? (401)"
    );
    assert!(accepting.await.unwrap().is_none());
}

#[tokio::test]
async fn where_nobody_listens_the_error_says_where() {
    let (listener, options) = listen().await;
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = options.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let text = error.to_string();
    assert!(text.starts_with("no link to the broker: cannot reach 127.0.0.1 on port "), "{text}");
    assert!(text.contains(&format!("{port}: Connection refused")), "{text}");
}

#[tokio::test]
async fn a_token_is_never_shown() {
    let (_, options) = listen().await;
    assert!(!format!("{options:?}").contains("secret"));
    assert_eq!(options.token("a\nb").connect().await.unwrap_err().kind(), ErrorKind::Invalid);
}
