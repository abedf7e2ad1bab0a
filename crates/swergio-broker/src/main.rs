//! The broker as a program: see `swergio-broker --help`.

use std::process::ExitCode;

use clap::Parser;
use swergio_broker::cli::{Args, run};

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "swergio-broker: {error:#}");
            ExitCode::from(2)
        }
    }
}
