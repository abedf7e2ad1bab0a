//! Url: where the broker listens, parsed once.

use tokio_tungstenite::tungstenite::http::Uri;

use crate::{Error, ErrorKind};

/// Holds a WebSocket address with everything filled in: scheme, host, port, path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Url {
    pub(crate) uri: Uri,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Url {
    /// Parses `ws://host:port/path`, `wss://…` or plain `host:port`. The path is `/ws` where there is none.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("ws", text));
        let default_port = match scheme {
            "ws" => 80,
            "wss" if cfg!(feature = "tls") => 443,
            "wss" => return Err(invalid(text, "for wss:// build swergio-client with its feature `tls`")),
            _ => return Err(invalid(text, "expected ws://, wss:// or host:port")),
        };
        let path = if rest.contains(['/', '?']) { "" } else { "/ws" };
        let uri: Uri = format!("{scheme}://{rest}{path}")
            .parse()
            .map_err(|cause| Error::caused(ErrorKind::Invalid, format!("bad URL {text:?}"), cause))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| invalid(text, "no host"))?;
        let stated = uri.port().is_some()
            || uri.authority().is_some_and(|authority| authority.as_str().ends_with(host));
        let port =
            uri.port_u16().or(stated.then_some(default_port)).ok_or_else(|| invalid(text, "bad port"))?;
        // A socket address wants an IPv6 host without its brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { uri, host, port })
    }
}

fn invalid(text: &str, why: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("bad URL {text:?}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, String, u16) {
        let url = Url::parse(text).unwrap();
        (url.uri.to_string(), url.host, url.port)
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        for (text, uri, host, port) in [
            ("ws://127.0.0.1:8080", "ws://127.0.0.1:8080/ws", "127.0.0.1", 8080),
            ("localhost:9", "ws://localhost:9/ws", "localhost", 9),
            ("ws://lab.example", "ws://lab.example/ws", "lab.example", 80),
            ("ws://[::1]:8080", "ws://[::1]:8080/ws", "::1", 8080),
            ("ws://h:1/", "ws://h:1/", "h", 1),
            ("ws://h:1/deep/ws?x=1", "ws://h:1/deep/ws?x=1", "h", 1),
        ] {
            assert_eq!(parsed(text), (uri.to_owned(), host.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_in_words() {
        for text in ["", "http://h:1", "ws://", "ws://h:notaport", "ws://a b"] {
            let error = Url::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text}");
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_tls_the_error_names_the_feature() {
        let error = Url::parse("wss://lab.example").unwrap_err();
        assert!(error.to_string().contains("feature `tls`"), "{error}");
    }

    #[cfg(feature = "tls")]
    #[test]
    fn with_tls_the_port_is_443() {
        assert_eq!(parsed("wss://lab.example").2, 443);
    }
}
