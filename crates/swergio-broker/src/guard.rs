//! Guard: who are you, and what may you do? Asked once, when a connection is admitted.

use std::fmt;
use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use swergio_proto::{Grant, Pattern};

/// Decides who is admitted and what they may do.
#[derive(Clone, Debug, Default)]
pub enum Guard {
    /// Admits everybody and allows everything. Meant for loopback.
    #[default]
    Open,
    /// Admits who brings a token of the list.
    Tokens(Tokens),
}

/// Says why somebody was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No token was brought.
    #[error("a token is needed: send it as `Authorization: Bearer TOKEN`")]
    NoToken,
    /// The token is not on the list.
    #[error("the token is not known here")]
    WrongToken,
}

impl Guard {
    /// Admits a WebSocket handshake by its headers.
    ///
    /// # Errors
    /// [`Refusal`], which is answered with 401.
    pub fn admit(&self, headers: &HeaderMap) -> Result<Arc<Grant>, Refusal> {
        match self {
            Self::Open => Ok(OPEN.clone()),
            Self::Tokens(tokens) => tokens.find(bearer(headers).ok_or(Refusal::NoToken)?),
        }
    }

    /// Admits a connection on upstream's TCP framing, which cannot bring a token: only while the guard is open.
    ///
    /// # Errors
    /// [`Refusal::NoToken`].
    pub fn admit_tcp(&self) -> Result<Arc<Grant>, Refusal> {
        match self {
            Self::Open => Ok(OPEN.clone()),
            Self::Tokens(_) => Err(Refusal::NoToken),
        }
    }

    /// Tells whether everybody is admitted.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

/// What an open guard allows, shared by all its connections.
static OPEN: LazyLock<Arc<Grant>> = LazyLock::new(|| Arc::new(Grant::open()));

/// What a browser, which can set no header for a WebSocket, puts before its token among the subprotocols that it offers.
const OFFERED: &str = "swergio.bearer.";

fn bearer(headers: &HeaderMap) -> Option<&str> {
    in_header(headers).or_else(|| among_subprotocols(headers))
}

fn among_subprotocols(headers: &HeaderMap) -> Option<&str> {
    let offers = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offers| offers.split(',')).find_map(|offer| offer.trim().strip_prefix(OFFERED))
}

fn in_header(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Holds the tokens that are admitted, as digests, with what each allows.
///
/// A token file is TOML, an entry a token; what is left out allows everything but the rooms of ours:
///
/// ```toml
/// [[token]]
/// secret = "a long random string"
/// names = ["trainer-*"]
/// join = ["lab", "_logging"]
/// send = ["lab"]
/// tell = ["*"]
/// ```
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    token: Vec<Token>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(rename = "secret", deserialize_with = "digest")]
    digest: [u8; 32],
    #[serde(default = "everything")]
    names: Vec<Pattern>,
    #[serde(default = "everything")]
    join: Vec<Pattern>,
    #[serde(default = "everything")]
    send: Vec<Pattern>,
    #[serde(default = "everything")]
    tell: Vec<Pattern>,
}

impl Tokens {
    /// Compares every entry in constant time, so that neither a near miss nor a place in the list shows.
    fn find(&self, secret: &str) -> Result<Arc<Grant>, Refusal> {
        let digest = sha256(secret);
        let mut found = None;
        for token in &self.token {
            let same: Choice = token.digest.ct_eq(&digest);
            if bool::from(same) {
                found = Some(token);
            }
        }
        found.map(Token::grant).ok_or(Refusal::WrongToken)
    }
}

impl Token {
    fn grant(&self) -> Arc<Grant> {
        Arc::new(Grant {
            authenticated: true,
            names: self.names.clone(),
            join: self.join.clone(),
            send: self.send.clone(),
            tell: self.tell.clone(),
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tokens({} entries)", self.token.len())
    }
}

fn everything() -> Vec<Pattern> {
    vec![Pattern::new("*")]
}

fn digest<'de, D: serde::Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    let secret = String::deserialize(from)?;
    if secret.len() < 16 {
        return Err(serde::de::Error::custom("a secret has 16 characters at least"));
    }
    Ok(sha256(&secret))
}

fn sha256(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const FILE: &str = r#"{"token": [{"secret": "correct horse battery", "names": ["ada"]}]}"#;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_str(value).unwrap())])
    }

    /// R62: a token is compared whole, and brings its grant.
    #[test]
    fn who_brings_a_token_gets_its_grant() {
        let guard = Guard::Tokens(serde_json::from_str(FILE).unwrap());
        let grant = guard.admit(&headers("Bearer correct horse battery")).unwrap();
        assert!(grant.authenticated && grant.may_be("ada").is_ok() && grant.may_be("bob").is_err());
        assert_eq!(guard.admit(&headers("Bearer correct horse")), Err(Refusal::WrongToken));
        assert_eq!(guard.admit(&headers("Basic correct horse battery")), Err(Refusal::NoToken));
        assert_eq!(guard.admit(&HeaderMap::new()), Err(Refusal::NoToken));
        assert_eq!(guard.admit_tcp(), Err(Refusal::NoToken));
    }

    /// R62: a browser offers its token as a subprotocol, beside the one that it wants to speak.
    #[test]
    fn a_browser_brings_its_token_among_the_subprotocols() {
        let guard = Guard::Tokens(
            serde_json::from_str(r#"{"token": [{"secret": "correct-horse-battery"}]}"#).unwrap(),
        );
        let offering =
            |offer| HeaderMap::from_iter([(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(offer))]);
        let admit = |offer| guard.admit(&offering(offer)).map(|grant| grant.authenticated);
        assert_eq!(admit("swergio.v1.msgpack, swergio.bearer.correct-horse-battery"), Ok(true));
        assert_eq!(admit("swergio.bearer.correct-horse"), Err(Refusal::WrongToken));
        assert_eq!(admit("swergio.v1.msgpack"), Err(Refusal::NoToken));
    }

    #[test]
    fn a_secret_is_never_printed_and_never_short() {
        let tokens: Tokens = serde_json::from_str(FILE).unwrap();
        assert_eq!(format!("{tokens:?}"), "Tokens(1 entries)");
        assert!(serde_json::from_str::<Tokens>(r#"{"token": [{"secret": "short"}]}"#).is_err());
    }
}
