//! Handshake: which opening requests become a WebSocket on a real port, and how the others are sent away.

use serde_json::json;
use swergio_broker::{Broker, Config, Guard, routes};
use swergio_proto::{Codec, Frame};

use crate::stage::{Member, Port, Via, Wire, opening, within};

/// Sends a request that is not a good one, and returns its answer; the broker must close by itself.
async fn refused(port: &Port, request: &str) -> String {
    let answer = port.ask(request).await;
    assert!(!answer.starts_with("HTTP/1.1 101"), "{request:.200}: {answer}");
    answer
}

/// Writes the opening request with one thing changed; `Connection: close` would itself be a change.
async fn with(port: &Port, from: &str, to: &str) -> String {
    let good = opening(port.address, "/ws", "");
    assert!(good.contains(from), "{from}");
    // A second request, which is not HTTP at all, makes the broker close after it has answered the first.
    refused(port, &(good.replace(from, to) + "\r\n\r\nbye\r\n\r\n")).await
}

/// R20: the answer names the RFC's key and no more than was asked for; both paths take a WebSocket.
#[tokio::test]
async fn a_good_request_is_upgraded() {
    let port = Port::open(Config::default()).await;
    for path in ["/ws", "/"] {
        let mut wire = port.wire().await;
        wire.send(opening(port.address, path, "").as_bytes()).await;
        let (head, _) = wire.response_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let head = head.to_lowercase();
        assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        assert!(
            !head.contains("sec-websocket-protocol") && !head.contains("sec-websocket-extensions"),
            "{head}"
        );
    }
}

/// R20: what lacks something, has it twice or spells it wrong is answered 400, another version 426.
#[tokio::test]
async fn what_is_missing_or_wrong_is_answered() {
    let port = Port::open(Config::default()).await;
    let host = format!("Host: {}\r\n", port.address);
    for (from, to) in [
        (host.as_str(), ""),
        (host.as_str(), "Host:\r\n"),
        (host.as_str(), "Host: a\r\nHost: b\r\n"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!Q=="),
        ("Upgrade: websocket", "Upgrade: h2c"),
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("GET ", "POST "),
        ("GET ", "HEAD "),
    ] {
        let answer = with(&port, from, to).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{from:?} to {to:?}: {answer}");
    }
    for version in ["", "12", "8", "thirteen"] {
        let answer = with(&port, "Version: 13", &format!("Version: {version}")).await;
        assert!(answer.starts_with("HTTP/1.1 426 "), "{version:?}: {answer}");
        assert!(answer.to_lowercase().contains("sec-websocket-version: 13"), "{answer}");
    }
    let old = refused(&port, &opening(port.address, "/ws", "").replace("HTTP/1.1", "HTTP/1.0")).await;
    assert!(old.starts_with("HTTP/1.0 400 ") || old.starts_with("HTTP/1.1 400 "), "{old}");
}

/// R21: the first subprotocol offered that we know wins and is named; only unknown ones are refused with ours.
#[tokio::test]
async fn the_subprotocol_is_chosen() {
    let port = Port::open(Config::default()).await;
    for (offered, chosen) in [
        ("swergio.v1.json", "swergio.v1.json"),
        ("mqtt, swergio.v1.msgpack, swergio.v1.json", "swergio.v1.msgpack"),
        ("mqtt\r\nSec-WebSocket-Protocol: swergio.v1.msgpack", "swergio.v1.msgpack"),
    ] {
        let mut wire = port.wire().await;
        let offer = format!("Sec-WebSocket-Protocol: {offered}\r\n");
        wire.send(opening(port.address, "/ws?name=ada", &offer).as_bytes()).await;
        let (head, rest) = wire.response_head().await;
        assert!(head.contains(&format!("sec-websocket-protocol: {chosen}\r\n")), "{head}");
        let via = if chosen.ends_with("json") { Via::Json } else { Via::MsgPack };
        let mut ada = Member::begun(wire, via, rest);
        assert_eq!(ada.next_frame().await.unwrap().codec(), Codec::from_subprotocol(chosen).unwrap());
    }
    let offer = opening(port.address, "/ws", "Sec-WebSocket-Protocol: mqtt, wamp\r\n");
    let answer = refused(&port, &(offer + "bye\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("swergio.v1.json") && answer.contains("swergio.v1.msgpack"), "{answer}");
}

/// R22: a page of another origin is refused on loopback too, unless it is listed.
#[tokio::test]
async fn a_foreign_origin_is_refused() {
    let listed = vec!["https://lab.example".to_owned()];
    let port = Port::open(Config { origins: listed, ..Config::default() }).await;
    let own = format!("http://{}", port.address);
    for good in [own.as_str(), "https://lab.example"] {
        let mut wire = port.wire().await;
        wire.send(opening(port.address, "/ws", &format!("Origin: {good}\r\n")).as_bytes()).await;
        assert!(wire.response_head().await.0.starts_with("HTTP/1.1 101 "), "{good}");
    }
    for foreign in
        ["https://evil.example", "null", "http://127.0.0.1", "https://lab.example.evil.example", ""]
    {
        let answer =
            with(&port, "Upgrade: websocket\r\n", &format!("Upgrade: websocket\r\nOrigin: {foreign}\r\n"))
                .await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{foreign:?}: {answer}");
    }
}

/// R23: a name and rooms in the address register and join; a bad one is told as any other would be.
#[tokio::test]
async fn an_address_may_register_and_join() {
    let port = Port::open(Config::default()).await;
    let mut ada = port.web_socket("/ws?name=ada%20l&rooms=lab,hall").await;
    let welcome = ada.next().await.unwrap();
    assert_eq!((&welcome["TYPE"], &welcome["NAME"]), (&json!("COMMAND/WELCOME"), &json!("ada l")));
    let mut bob = port.web_socket("/?name=bob").await;
    assert_eq!(bob.next().await.unwrap()["NAME"], "bob");
    for room in ["lab", "hall"] {
        bob.tell_room(room, room).await;
        assert_eq!(ada.next().await.unwrap()["ID"], room);
    }
    let mut eve = port.web_socket("/ws?name=_eve&rooms=lab").await;
    assert_eq!(eve.next().await.unwrap()["CODE"], "BAD_NAME");
    assert_eq!(eve.next().await.unwrap()["CODE"], "UNREGISTERED");
    eve.enter("eve", &[]).await;
    assert_eq!(eve.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
}

/// R70: more than 16 KiB or 64 header fields are refused before they are read.
#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let port = Port::open(Config::default()).await;
    let long = format!("X-Long: {}\r\n", "x".repeat(300_000));
    let answer = refused(&port, &opening(port.address, "/ws", &long)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    // The good request has five fields of its own.
    let fields = |count: usize| (0..count).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let answer = refused(&port, &opening(port.address, "/ws", &fields(60))).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let mut wire = port.wire().await;
    wire.send(opening(port.address, "/ws", &fields(59)).as_bytes()).await;
    assert!(wire.response_head().await.0.starts_with("HTTP/1.1 101 "));
}

/// R20, R70: a request may come byte by byte, as long as it comes in time.
#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let port = Port::open(Config::default()).await;
    let mut wire = port.wire().await;
    for byte in opening(port.address, "/ws?name=ada", "").bytes() {
        wire.send(&[byte]).await;
    }
    let (head, rest) = wire.response_head().await;
    assert!(head.starts_with("HTTP/1.1 101 "));
    assert_eq!(Member::begun(wire, Via::Json, rest).next().await.unwrap()["NAME"], "ada");
}

/// R20: a message that comes right behind the request is taken, whole or cut in two.
#[tokio::test]
async fn an_early_message_is_taken() {
    let port = Port::open(Config::default()).await;
    let register = Frame::json(r#"{"TYPE":"COMMAND/REGISTER","NAME":"early"}"#);
    for cut in [0, 1, 7, 20] {
        let mut wire = port.wire().await;
        let mut speller = Member::new(Wire::over(tokio::io::empty()), Via::Json, 10);
        let message = speller.spell(&register);
        let (one, other) = message.split_at(message.len() - cut);
        wire.send(&[opening(port.address, "/ws", "").as_bytes(), one].concat()).await;
        let (_, rest) = wire.response_head().await;
        wire.send(other).await;
        assert_eq!(Member::begun(wire, Via::Json, rest).next().await.unwrap()["NAME"], "early");
    }
}

/// R30, R31: what is neither HTTP nor a length is closed without a word; what only begins like HTTP gets a 400.
#[tokio::test]
async fn garbage_is_closed() {
    let port = Port::open(Config::default()).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        &[0xff; 16],
        &[0; 16],
        b"{\"TYPE\":\"X\"}",
        b"          ",
    ] {
        let mut wire = port.wire().await;
        wire.send(garbage).await;
        assert!(wire.until_end().await.is_empty(), "{garbage:?}");
    }
    let answer = port.ask("hello, is anybody there?\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(port.broker.connections(), 0);
}

/// The port answers health, readiness and figures, and says what it is to who looks at it with a browser.
#[tokio::test]
async fn the_port_answers_http_too() {
    let port = Port::open(Config::default()).await;
    for (path, status, text) in [
        ("/healthz", "200", "ok"),
        ("/readyz", "200", "ready"),
        ("/metrics", "200", "swergio_connections_total"),
        ("/", "200", "<title>Swergio</title>"),
        ("/nothing", "404", ""),
    ] {
        let answer = port.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(text),
            "{path}: {answer}"
        );
    }
}

/// R62: with tokens a handshake without a good one is answered 401; a good one brings its grant.
#[tokio::test]
async fn with_tokens_a_handshake_needs_one() {
    let tokens = json!({"token": [{"secret": "a long random string", "names": ["ada"]}]});
    let guard = Guard::Tokens(serde_json::from_value(tokens).unwrap());
    let port = Port::guarded(Config::default(), guard).await;
    for bad in [
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: Basic a long random string\r\n",
        "Authorization: Bearer a long random strin\r\n",
    ] {
        let answer = with(&port, "Upgrade: websocket\r\n", &format!("Upgrade: websocket\r\n{bad}")).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{bad:?}: {answer}");
        assert!(answer.to_lowercase().contains("www-authenticate: bearer"), "{answer}");
    }
    let mut wire = port.wire().await;
    let good = "Authorization: Bearer a long random string\r\n";
    wire.send(opening(port.address, "/ws?name=bob", good).as_bytes()).await;
    let (_, rest) = wire.response_head().await;
    let mut ada = Member::begun(wire, Via::Json, rest);
    assert_eq!(ada.next().await.unwrap()["CODE"], "FORBIDDEN");
    ada.enter("ada", &[]).await;
    assert_eq!(ada.next().await.unwrap()["NAME"], "ada");
    ada.say(json!({"TYPE": "X", "TO": "ada", "SENT_BY": "bob"})).await;
    assert_eq!(ada.next().await.unwrap()["CODE"], "IMPOSTOR");
}

/// R60: a broker that is full answers 503, and takes the next one when somebody has gone.
#[tokio::test]
async fn a_full_broker_says_so() {
    let limits = swergio_proto::Limits { connections: 1, ..Default::default() };
    let broker = Broker::new(within(limits)).unwrap();
    // Behind an application's own accept loop, which has no door of ours before it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().nest("/swergio", routes(&broker));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let port = Port { broker, address };
    let mut ada = port.web_socket("/swergio/ws?name=ada").await;
    assert_eq!(ada.next().await.unwrap()["TYPE"], "COMMAND/WELCOME");
    let request =
        opening(address, "/swergio/ws", "").replace("Connection: Upgrade", "Connection: Upgrade, close");
    let answer = port.ask(&request).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    ada.say(json!({"TYPE": "COMMAND/DISCONNECT"})).await;
    assert_eq!(ada.close_code().await, Some(1000));
    drop(ada);
    while port.broker.connections() > 0 {
        tokio::task::yield_now().await;
    }
    let mut bob = port.web_socket("/swergio/ws?name=bob").await;
    assert_eq!(bob.next().await.unwrap()["NAME"], "bob");
}
