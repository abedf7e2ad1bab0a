//! Config: what a broker may be told, plain fields with defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use swergio_proto::{Codec, Limits, Rules};

/// Bounds of a TCP header's width: a length of one digit at least, of `usize` at most.
const HEADER_WIDTHS: std::ops::RangeInclusive<u8> = 1..=20;

/// Bound of every time: beyond some century the clock cannot tell when it is over.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Says how a broker behaves. Reads no environment and no file: that is for programs.
///
/// ```
/// use swergio_broker::{Broker, Config};
///
/// let broker = Broker::new(Config { log_room: false, ..Config::default() })?;
/// # Ok::<(), swergio_broker::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The broker's name, told to every component that registers.
    pub node: String,
    /// Characters of the length header of upstream's TCP framing, 1 to 20. Both sides must agree on it.
    pub header_length: u8,
    /// Whether every DATA/FORWARD and DATA/GRADIENT is also sent to the room `_logging`.
    pub log_room: bool,
    /// Whether the published Python server's ways are restored: control messages echoed to `_command`, messages
    /// spelt as Python spells them, every name taken, [bounds widened](Limits::widened_for_upstream).
    pub upstream_compat: bool,
    /// Whether a browser that opens the broker's address is shown the console; without the feature `console` there is none.
    pub console: bool,
    /// Origins that browsers may connect from, besides the broker's own: `https://lab.example`.
    pub origins: Vec<String>,
    /// Where the figures are kept.
    pub metrics: Metrics,
    /// Every bound.
    pub limits: Limits,
}

/// Chooses where a broker's figures are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// In a Prometheus recorder of the broker's own, shown at `/metrics`.
    #[default]
    Own,
    /// In the recorder that the process has installed for the `metrics` facade; `/metrics` is then not served.
    Facade,
}

/// Says what is wrong with a [`Config`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct ConfigError {
    field: &'static str,
    reason: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: "swergio".to_owned(),
            header_length: 10,
            log_room: true,
            upstream_compat: false,
            console: true,
            origins: Vec::new(),
            metrics: Metrics::Own,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Returns the rules that this configuration gives to every session.
    pub(crate) fn rules(&self) -> Rules {
        let limits = self.limits.clone();
        let limits = if self.upstream_compat { limits.widened_for_upstream() } else { limits };
        Rules { limits, upstream: self.upstream_compat }
    }

    /// Checks what a type cannot say.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let bad = |field, reason: String| Err(ConfigError { field, reason });
        if !HEADER_WIDTHS.contains(&self.header_length) {
            return bad("header_length", format!("is {}, must be 1 to 20", self.header_length));
        }
        if self.limits.handshake_bytes < 8192 {
            return bad("limits.handshake_bytes", "must be 8192 at least".to_owned());
        }
        if !(2..=1000).contains(&self.limits.nesting) {
            return bad("limits.nesting", format!("is {}, must be 2 to 1000", self.limits.nesting));
        }
        if u32::try_from(self.limits.message_bytes_in(Codec::MsgPack)).is_err() {
            return bad(
                "limits.message_bytes",
                "must be under 4 GiB with envelope_bytes, which is as far as codecs count".to_owned(),
            );
        }
        let limits = &self.limits;
        for (field, time) in [
            ("limits.handshake", limits.handshake),
            ("limits.register", limits.register),
            ("limits.ping", limits.ping),
            ("limits.pong", limits.pong),
            ("limits.linger", limits.linger),
            ("limits.drain", limits.drain),
        ] {
            if time > LONGEST {
                return bad(field, format!("is {} s, must be a year at most", time.as_secs()));
            }
        }
        if let Some(origin) = self.origins.iter().find(|origin| !origin.contains("://")) {
            return bad("origins", format!("{origin:?} lacks its scheme, as in https://{origin}"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R5, R18: upstream's components may have longer names and nest deeper, unless a bound was chosen.
    #[test]
    fn upstreams_ways_widen_the_bounds_that_were_not_chosen() {
        let bounds = |limits: Limits, upstream_compat| {
            let Limits { name_bytes, room_bytes, nesting, .. } =
                Config { upstream_compat, limits, ..Config::default() }.rules().limits;
            (name_bytes, room_bytes, nesting)
        };
        assert_eq!(bounds(Limits::default(), false), (128, 256, 64));
        assert_eq!(bounds(Limits::default(), true), (65_536, 65_536, 989));
        let chosen = Limits { nesting: 10, name_bytes: 20, ..Limits::default() };
        assert_eq!(bounds(chosen, true), (20, 65_536, 10));
    }

    #[test]
    fn what_a_type_cannot_say_is_checked() {
        assert!(Config::default().check().is_ok());
        let error = Config { header_length: 0, ..Config::default() }.check().unwrap_err();
        assert_eq!(error.to_string(), "header_length: is 0, must be 1 to 20");
        let limits = Limits { envelope_bytes: u32::MAX as usize, ..Limits::default() };
        assert!(Config { limits, ..Config::default() }.check().is_err(), "no codec counts so far");
        assert!(Config { origins: vec!["lab.example".into()], ..Config::default() }.check().is_err());
        let limits = Limits { ping: Duration::MAX, ..Limits::default() };
        let error = Config { limits, ..Config::default() }.check().unwrap_err();
        assert!(error.to_string().starts_with("limits.ping: "), "{error}");
    }
}
