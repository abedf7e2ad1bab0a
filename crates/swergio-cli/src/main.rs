//! Swergio's command line: see `swergio --help`.

mod answer;
mod bench;
mod broker;
mod clock;
mod completions;
mod digest;
mod gradcheck;
mod line;
mod numbers;
mod output;
mod rooms;
mod say;
mod serve;
mod sighting;
mod swarm;
mod tap;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

const HELP: &str = "\
Examples:
  swergio serve                             a broker on 127.0.0.1:8080
  swergio tap                               what goes forward and backward, in every room
  swergio tap lab --kind DATA/ --json       one room's data, a JSON object a line
  swergio trace                             one pass forward and back through all components
  swergio say lab 'hello, world'            say something there
  swergio rooms --watch                     who sits where, and who comes and goes
  swergio answer user                       answer what components ask people there
  swergio swarm up                          start all processes of a swarm.yaml, and watch them
  swergio gradcheck model --shape 4,3       whether a running component's gradient is right
  swergio bench all                         what a broker can do on this machine

Exit status: 0 all went well; 1 the answer is no (nobody received it, no answer came, too few messages \
were seen); 2 it could not be done: a flag is wrong, or the broker is away or refuses.";

/// Rooms for machine-learning processes: serve a broker, watch its traffic, take part by hand.
#[derive(Debug, Parser)]
#[command(name = "swergio", version, after_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Tap(tap::Tap),
    Trace(trace::Trace),
    Say(say::Say),
    Rooms(rooms::Rooms),
    Answer(answer::Answer),
    Swarm(swarm::Swarm),
    Bench(bench::Bench),
    Gradcheck(gradcheck::Gradcheck),
    Completions(completions::Completions),
}

/// Tells how a command that could be carried out came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As was hoped for.
    Yes,
    /// Nobody received it, nobody answered, too little was seen.
    No,
}

fn main() -> ExitCode {
    // A swarm starts this program once more for each of its processes.
    swergio_toolbox::swarm::guard();
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(format_args!("swergio: {error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run(),
        Command::Bench(bench) => bench.run(),
        Command::Gradcheck(gradcheck) => block_on(gradcheck.run()),
        Command::Completions(completions) => completions.run(),
        Command::Tap(tap) => block_on(tap.run()),
        Command::Trace(trace) => block_on(trace.run()),
        Command::Say(say) => block_on(say.run()),
        Command::Rooms(rooms) => block_on(rooms.run()),
        Command::Answer(answer) => block_on(answer.run()),
        Command::Swarm(swarm) => swarm.run(),
    }
}

/// Runs a component. Its link has threads of its own, so that printing may wait for a slow reader.
fn block_on(work: impl Future<Output = anyhow::Result<Verdict>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(match runtime.block_on(work)? {
        Verdict::Yes => ExitCode::SUCCESS,
        Verdict::No => ExitCode::from(1),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
