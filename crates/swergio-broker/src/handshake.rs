//! Handshake: which opening requests become a WebSocket (RFC 6455, section 4.2.1), and who is sent away.

use std::net::Ipv4Addr;

use axum::http::header::{
    CONNECTION, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Version, request::Parts};
use swergio_proto::Codec;
use tungstenite::handshake::derive_accept_key;

/// What a good opening request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    pub(crate) codec: Codec,
    /// The subprotocol to name in the answer; none was offered where it is none.
    pub(crate) subprotocol: Option<&'static str>,
    pub(crate) accept: String,
}

/// Why an opening request was sent away: an HTTP status, and a sentence that says what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) String);

/// Tells whether a request asks for a WebSocket at all.
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Checks an opening request; `origins` are those that may connect besides the one that it was sent to.
pub(crate) fn check(parts: &Parts, origins: &[String]) -> Result<Handshake, Refused> {
    let headers = &parts.headers;
    if parts.method != Method::GET || parts.version != Version::HTTP_11 {
        return Err(bad("a WebSocket begins with GET and HTTP/1.1"));
    }
    if !has_token(headers, &CONNECTION, "upgrade") || !is_asked_for(headers) {
        return Err(bad("send `Connection: Upgrade` and `Upgrade: websocket` to open a WebSocket"));
    }
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some("13") {
        return Err(Refused(StatusCode::UPGRADE_REQUIRED, "Sec-WebSocket-Version must be 13".to_owned()));
    }
    let host = single(headers, &HOST).filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| bad("send exactly one Host"))?;
    check_origin(headers, host, origins)?;
    let key = single(headers, &SEC_WEBSOCKET_KEY).filter(|key| is_key(key));
    let key = key.ok_or_else(|| bad("Sec-WebSocket-Key must be 16 bytes in base64"))?;
    let (codec, subprotocol) = choose_codec(headers)?;
    Ok(Handshake { codec, subprotocol, accept: derive_accept_key(key.as_bytes()) })
}

/// The first subprotocol offered that we know wins; none offered means JSON.
fn choose_codec(headers: &HeaderMap) -> Result<(Codec, Option<&'static str>), Refused> {
    let mut offered = tokens(headers, &SEC_WEBSOCKET_PROTOCOL).peekable();
    if offered.peek().is_none() {
        return Ok((Codec::Json, None));
    }
    match offered.find_map(Codec::from_subprotocol) {
        Some(codec) => Ok((codec, Some(codec.subprotocol()))),
        None => Err(bad(&format!(
            "no subprotocol of those offered is known here; we speak {} and {}",
            Codec::Json.subprotocol(),
            Codec::MsgPack.subprotocol()
        ))),
    }
}

/// A browser names the page's origin: it must be ours, or listed. Other programs name none.
fn check_origin(headers: &HeaderMap, host: &str, origins: &[String]) -> Result<(), Refused> {
    let mut named = headers.get_all(ORIGIN).iter();
    let origin = match (named.next(), named.next()) {
        (None, _) => return Ok(()),
        (Some(origin), None) => origin.to_str().unwrap_or_default(),
        (Some(_), Some(_)) => "",
    };
    let own = origin.split_once("://").is_some_and(|(scheme, authority)| {
        authority.eq_ignore_ascii_case(host) && (scheme.eq_ignore_ascii_case("https") || is_near(host))
    });
    if own || origins.iter().any(|listed| listed.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return Ok(());
    }
    Err(Refused(
        StatusCode::FORBIDDEN,
        format!("the origin {origin:?} may not connect; list it with --origin"),
    ))
}

/// Tells whether a host is an address or a name that nobody elsewhere can give: not one that a page from elsewhere may
/// have had point here (DNS rebinding). Over https the certificate tells.
fn is_near(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.to_ascii_lowercase();
    let local = name.ends_with(".localhost") || name.ends_with(".local");
    local || !name.contains('.') || name.parse::<Ipv4Addr>().is_ok()
}

/// Tells whether `key` is 16 bytes in base64: 22 characters of the alphabet, then two of padding.
fn is_key(key: &str) -> bool {
    key.len() == 24
        && key.strip_suffix("==").is_some_and(|digits| {
            digits.bytes().all(|digit| digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/'))
        })
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value.trim())
}

fn tokens<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    tokens(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

fn bad(reason: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    const GOOD: &[(&str, &str)] = &[
        ("host", "127.0.0.1:8080"),
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn knock(headers: &[(&str, &str)], origins: &[String]) -> Result<Handshake, StatusCode> {
        let request =
            headers.iter().fold(Request::get("/ws"), |request, (key, value)| request.header(*key, *value));
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts, origins).map_err(|refused| refused.0)
    }

    fn with<'a>(extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        [GOOD, extra].concat()
    }

    fn without<'a>(name: &str) -> Vec<(&'a str, &'a str)> {
        GOOD.iter().copied().filter(|(key, _)| *key != name).collect()
    }

    /// R20: the accept key of the RFC's own example.
    #[test]
    fn a_good_request_is_answered_with_the_key_of_the_rfc() {
        let handshake = knock(GOOD, &[]).unwrap();
        assert_eq!(handshake.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!((handshake.codec, handshake.subprotocol), (Codec::Json, None));
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused() {
        for name in ["host", "connection", "upgrade", "sec-websocket-key"] {
            assert_eq!(knock(&without(name), &[]), Err(StatusCode::BAD_REQUEST), "{name}");
        }
        assert_eq!(knock(&without("sec-websocket-version"), &[]), Err(StatusCode::UPGRADE_REQUIRED));
        for key in ["", "short", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25j!Q=="] {
            let request = [without("sec-websocket-key"), vec![("sec-websocket-key", key)]].concat();
            assert_eq!(knock(&request, &[]), Err(StatusCode::BAD_REQUEST), "{key}");
        }
        assert_eq!(knock(&with(&[("host", "other")]), &[]), Err(StatusCode::BAD_REQUEST));
    }

    /// R21: the first subprotocol offered that we know wins.
    #[test]
    fn the_first_subprotocol_that_we_know_wins() {
        let offer = |offer: &'static str| knock(&with(&[("sec-websocket-protocol", offer)]), &[]);
        assert_eq!(offer("mqtt, swergio.v1.msgpack, swergio.v1.json").unwrap().codec, Codec::MsgPack);
        assert_eq!(offer("swergio.v1.json").unwrap().subprotocol, Some("swergio.v1.json"));
        assert_eq!(offer("mqtt"), Err(StatusCode::BAD_REQUEST));
    }

    /// R22: a foreign origin is refused, on loopback too.
    #[test]
    fn a_foreign_origin_is_refused_unless_listed() {
        let from = |origin: &'static str, listed: &[String]| knock(&with(&[("origin", origin)]), listed);
        assert!(from("http://127.0.0.1:8080", &[]).is_ok());
        for foreign in ["https://evil.example", "null", "http://127.0.0.1:9090", "http://127.0.0.1"] {
            assert_eq!(from(foreign, &[]), Err(StatusCode::FORBIDDEN), "{foreign}");
        }
        assert!(from("https://lab.example", &["https://lab.example/".to_owned()]).is_ok());
    }

    /// R22: a page from elsewhere whose name was made to point here names itself as Host.
    #[test]
    fn a_name_that_anybody_may_give_is_refused_without_tls() {
        let at = |scheme: &str, host: &str, listed: &[String]| {
            let origin = format!("{scheme}://{host}");
            let headers = [without("host"), vec![("host", host), ("origin", &origin)]].concat();
            knock(&headers, listed)
        };
        for own in [
            "127.0.0.1:8080",
            "[::1]:8080",
            "localhost:8080",
            "LOCALHOST",
            "lab:80",
            "a.localhost:1",
            "lab.local",
            "10.0.0.7",
        ] {
            assert!(at("http", own, &[]).is_ok(), "{own}");
        }
        for foreign in ["evil.example:8080", "evil.example", "127.0.0.1.evil.example", "evil.example."] {
            assert_eq!(at("http", foreign, &[]), Err(StatusCode::FORBIDDEN), "{foreign}");
        }
        assert!(at("https", "lab.example", &[]).is_ok());
        assert!(at("http", "lab.example:8080", &["http://lab.example:8080".to_owned()]).is_ok());
    }
}
