//! Output: lines for programs on standard output, notes for people on standard error.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Columns of a line that goes to no terminal, where it may be as long as is still of use.
const WIDE: usize = 1000;

/// Prints text as it is.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a line. Colours are left out where nobody sees them, or nobody wants them (`NO_COLOR`).
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(anstream::stdout().lock(), "{text}")?)
}

/// Prints bytes as a line.
pub(crate) fn raw_line(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.write_all(b"\n")?)
}

/// Tells the person at the terminal.
pub(crate) fn note(text: Arguments<'_>) {
    // Whoever does not listen does not want to know.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Counts the columns that a line may have.
pub(crate) fn width() -> usize {
    let terminal = if io::stdout().is_terminal() { terminal_size::terminal_size() } else { None };
    terminal.map_or(WIDE, |(width, _)| width.0.into())
}

/// Tells whether something failed only because nobody reads our output any more, as behind `| head`.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
