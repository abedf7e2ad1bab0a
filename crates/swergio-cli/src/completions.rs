//! Completions: what a shell needs to complete our commands and flags.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::{Cli, output};

/// Print what a shell needs to complete commands and flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio completions bash > ~/.local/share/bash-completion/completions/swergio
  swergio completions zsh > \"${fpath[1]}/_swergio\"
  swergio completions fish > ~/.config/fish/completions/swergio.fish")]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> anyhow::Result<ExitCode> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "swergio", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(ExitCode::SUCCESS)
    }
}
