//! Serve: the broker program, as a command.

use std::process::ExitCode;

use swergio_broker::cli::{Args, run};

/// Serve a broker: rooms over WebSocket for machine-learning processes.
///
/// Flags win over environment variables, these over the configuration file, that over the defaults. The first
/// line on standard output is `listening on IP:PORT`, once connections are taken. Logs go to standard error.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio serve --listen 127.0.0.1:9000
  swergio serve --listen 0.0.0.0:8080 --tokens tokens.toml --log-format json
  swergio serve --limit message_bytes=16777216 --limit ping=10 --print-config

A Python component connects with Client(name, '127.0.0.1', 8080); a WebSocket goes to \
ws://127.0.0.1:8080/ws.

Exit status: 0 after SIGTERM or Ctrl-C, which shut down in order; 1 after a second one, which ends it at \
once; 2 when it could not start.")]
pub(crate) struct Serve {
    #[command(flatten)]
    args: Args,
}

impl Serve {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        run(&self.args)
    }
}
