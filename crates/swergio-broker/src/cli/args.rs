//! Args: the flags of the broker program.

use std::num::NonZeroU16;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::LogFormat;

/// Serve a broker: rooms over WebSocket for machine-learning processes.
///
/// Flags win over environment variables, these over the configuration file, that over the defaults. The first
/// line on standard output is `listening on IP:PORT`, once connections are taken. Logs go to standard error.
#[derive(Clone, Debug, Default, clap::Parser)]
#[command(
    name = "swergio-broker",
    version,
    after_help = "Examples:\n  swergio-broker --listen 127.0.0.1:8080\n  \
        swergio-broker --listen 0.0.0.0:8080 --tokens tokens.toml --log-format json\n  \
        swergio-broker --limit message_bytes=16777216 --limit ping=10 --print-config\n\n\
        A Python component connects with Client(name, '127.0.0.1', 8080); a WebSocket goes to \
        ws://127.0.0.1:8080/ws."
)]
pub struct Args {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, short, env = "SWERGIO_LISTEN", value_name = "ADDR")]
    pub listen: Option<String>,
    /// Characters of the length header of the TCP framing, 1 to 20; clients must agree [default: 10].
    #[arg(long, env = "SWERGIO_HEADER_LENGTH", value_name = "N")]
    pub header_length: Option<u8>,
    /// Send a copy of every DATA/FORWARD and DATA/GRADIENT to the room _logging [default: 1].
    #[arg(long, env = "SWERGIO_LOG_ROOM", value_name = "0|1", hide_possible_values = true, value_parser = BoolishValueParser::new())]
    pub log_room: Option<bool>,
    /// Restore the published Python server's ways: control messages are echoed, messages spelt as Python does.
    #[arg(long, env = "SWERGIO_UPSTREAM_COMPAT", value_name = "0|1", hide_possible_values = true, num_args = 0..=1,
          default_missing_value = "1", value_parser = BoolishValueParser::new())]
    pub upstream_compat: Option<bool>,
    /// Token file: who may connect, and what each may do. TCP framing, which has no tokens, is then refused.
    #[arg(long, env = "SWERGIO_TOKENS", value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Admit everybody although the address can be reached from other machines.
    #[arg(long, env = "SWERGIO_OPEN", value_name = "0|1", hide_possible_values = true, num_args = 0..=1,
          default_missing_value = "1", value_parser = BoolishValueParser::new())]
    pub open: Option<bool>,
    /// Origin that browsers may connect from, besides the broker's own; may be repeated.
    #[arg(long = "origin", env = "SWERGIO_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    pub origins: Option<Vec<String>>,
    /// Show the console, a page for people, at the broker's address [default: 1].
    #[arg(long, env = "SWERGIO_CONSOLE", value_name = "0|1", hide_possible_values = true, value_parser = BoolishValueParser::new())]
    pub console: Option<bool>,
    /// Name that components are told in COMMAND/WELCOME [default: swergio].
    #[arg(long, env = "SWERGIO_NODE", value_name = "NAME")]
    pub node: Option<String>,
    /// Threads that serve connections, each its own [default: one a core].
    #[arg(long, env = "SWERGIO_WORKERS", value_name = "N")]
    pub workers: Option<NonZeroU16>,
    /// Set one bound; may be repeated. --print-config lists all; times are in seconds.
    #[arg(long = "limit", env = "SWERGIO_LIMITS", value_name = "NAME=VALUE", value_delimiter = ',')]
    pub limits: Vec<String>,
    /// What to log: error, warn, info, debug, or a filter such as swergio_broker=debug [default: info].
    #[arg(long, env = "SWERGIO_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// How to log [default: human].
    #[arg(long, env = "SWERGIO_LOG_FORMAT", value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Configuration file, TOML; --print-config shows its form. Unknown keys are refused.
    #[arg(long, short, env = "SWERGIO_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the configuration that results from flags, environment and file, and stop.
    #[arg(long)]
    pub print_config: bool,
    /// Serve /echo, which sends every WebSocket message back, for conformance suites.
    #[arg(long, hide = true)]
    pub echo_route: bool,
}
