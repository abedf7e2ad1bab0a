//! Commands that are shown before they run, and fail loudly.

use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

const GLANCE: Duration = Duration::from_millis(50);

/// Shows a command and runs it to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", spell(command));
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    ensure!(status.success(), "{}: {status}", spell(command));
    Ok(())
}

/// Shows a command and runs it, handing each line that it prints to `hear` after passing it on.
pub(crate) fn run_heard(command: &mut Command, mut hear: impl FnMut(&str)) -> Result<()> {
    println!("$ {}", spell(command));
    let (reader, writer) = std::io::pipe()?;
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    // The command holds writing ends of the pipe, which would keep us reading for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        hear(&line);
    }
    let status = child.wait()?;
    ensure!(status.success(), "{}: {status}", spell(command));
    Ok(())
}

/// Shows a command and runs it, and ends it when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    println!("$ {}", spell(command));
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| cannot_start(command))?;
    let status = wait(&mut child, limit).with_context(|| spell(command))?;
    ensure!(status.success(), "{}: {status}", spell(command));
    Ok(())
}

/// Runs a command quietly and returns what it wrote to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {}\n{complaint}", spell(command), output.status);
    String::from_utf8(output.stdout).context("its output is not UTF-8")
}

/// Tells whether a command can be started and succeeds; it says nothing.
pub(crate) fn works(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            bail!("took longer than {} s and was ended", limit.as_secs());
        }
        std::thread::sleep(GLANCE);
    }
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {:?}", command.get_program())
}

fn spell(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
