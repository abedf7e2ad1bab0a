//! Broker: which one to talk to, under which name, and what to do when it will not.

use anyhow::{Error, Result, anyhow};
use swergio_client::{Client, ErrorKind, Options, Rejection};

/// Chooses the broker and how to come to it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Broker")]
pub(crate) struct Broker {
    /// Where the broker listens: ws://host:port or host:port.
    #[arg(long, short, env = "SWERGIO_URL", default_value = "ws://127.0.0.1:8080")]
    url: String,
    /// The secret to show, where the broker wants one.
    #[arg(long, env = "SWERGIO_TOKEN", value_name = "SECRET", hide_env_values = true)]
    token: Option<String>,
    /// The name to go by [default: a new one, such as tap-calm-otter-4f2a].
    #[arg(long, short)]
    name: Option<String>,
}

impl Broker {
    /// Connects, and makes sure that the broker has taken the name and let us into the rooms.
    ///
    /// A component that was given no name is called after what it does.
    pub(crate) async fn connect(&self, role: &str, rooms: &[String], options: Options) -> Result<Client> {
        let name = self.name.clone().unwrap_or_else(|| format!("{role}-{}", options.name));
        let options = Options { url: self.url.clone(), token: self.token.clone(), ..options };
        let client = options.name(name).rooms(rooms).connect().await.map_err(|error| self.advise(error))?;
        client.settle().await.map_err(explain)?;
        Ok(client)
    }

    /// Says what to do about a connection that did not come about.
    fn advise(&self, error: swergio_client::Error) -> Error {
        let hint = match (error.kind(), error.farewell().and_then(|farewell| farewell.code)) {
            (ErrorKind::Unreachable, _) => {
                "Start a broker with `swergio serve`, or say where it is with --url or SWERGIO_URL."
            }
            (ErrorKind::Refused, Some(401)) if self.token.is_some() => {
                "It does not know this token; see --token and SWERGIO_TOKEN."
            }
            (ErrorKind::Refused, Some(401)) => "It wants a token; give one with --token or SWERGIO_TOKEN.",
            (ErrorKind::Refused, _) => "Is it a Swergio broker? Say where one is with --url or SWERGIO_URL.",
            (ErrorKind::Invalid, _) if self.url.starts_with("wss:") && cfg!(not(feature = "tls")) => {
                "Install swergio with it: cargo install swergio-cli --features tls"
            }
            _ => return error.into(),
        };
        anyhow!("{}: {error}\n{hint}", self.url)
    }
}

/// Says what went wrong and, where the broker would not take something, what to do about it.
pub(crate) fn explain(error: swergio_client::Error) -> Error {
    error.rejection().map(refused).unwrap_or_else(|| error.into())
}

/// Says what the broker would not take, and what to do about it.
pub(crate) fn refused(rejection: &Rejection) -> Error {
    let hint = match rejection.code.as_str() {
        "FORBIDDEN" => "\nThe token's grant does not cover it: see the broker's token file.",
        "ROOM_LIMIT" => "\nSee --limit of `swergio serve`.",
        _ => "",
    };
    anyhow!("the broker refused: {rejection}{hint}")
}

/// Returns what is there already, and waits for nothing.
pub(crate) async fn at_once<T>(next: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        next = next => Some(next),
        () = std::future::ready(()) => None,
    }
}
