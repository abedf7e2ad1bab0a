//! The program: flags, environment and file to settings; log output; signals. The only place that knows the
//! process. `swergio-broker` and `swergio serve` both run it.

mod args;
mod settings;

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use args::Args;
pub use settings::{LogFormat, Settings};

use crate::{Broker, Guard, Tokens, Workers, serve_on, serve_with_echo};

/// Runs a broker as the flags, the environment and the configuration file say, until it is told to stop.
///
/// The first SIGTERM or SIGINT shuts it down in order, a second one at once.
///
/// # Errors
/// What keeps the broker from starting, in a sentence that says what to do.
pub fn run(args: &Args) -> Result<ExitCode> {
    let settings = Settings::gather(args)?;
    if args.print_config {
        print(&toml::to_string_pretty(&settings)?);
        return Ok(ExitCode::SUCCESS);
    }
    log_to_stderr(&settings)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve_until_told(&settings, args))
}

async fn serve_until_told(settings: &Settings, args: &Args) -> Result<ExitCode> {
    let guard = guard(settings)?;
    let listener = bind(settings, &guard).await?;
    let broker = Broker::guarded(settings.broker.clone(), guard)?;
    let mut stop = Stop::listen()?;
    let workers = workers(settings)?;
    print(&format!("listening on {}\n", listener.local_addr()?));
    tracing::info!(address = %listener.local_addr()?, node = settings.broker.node, "serving");
    let serving = async {
        if args.echo_route {
            serve_with_echo(&workers, broker.clone(), listener).await
        } else {
            serve_on(&workers, broker.clone(), listener).await
        }
    };
    let stopping = async {
        stop.wait().await;
        tracing::info!(connections = broker.connections(), "shutting down");
        tokio::select! {
            left = broker.shutdown() => tracing::info!(left, "stopped"),
            () = stop.wait() => return Ok::<_, anyhow::Error>(ExitCode::FAILURE),
        }
        Ok(ExitCode::SUCCESS)
    };
    let (served, stopped) = tokio::join!(serving, stopping);
    served?;
    stopped
}

/// Starts the threads that serve connections: as many as were asked for, or one a core.
fn workers(settings: &Settings) -> Result<Workers> {
    let count = match settings.workers {
        Some(count) => count.into(),
        None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    Workers::start(count)
        .with_context(|| format!("cannot start {count} workers; ask for fewer with --workers N"))
}

fn guard(settings: &Settings) -> Result<Guard> {
    let Some(path) = &settings.tokens else { return Ok(Guard::Open) };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the token file {}", path.display()))?;
    let tokens: Tokens =
        toml::from_str(&text).with_context(|| format!("in the token file {}", path.display()))?;
    Ok(Guard::Tokens(tokens))
}

/// Binds the listener: on loopback, or where a guard or an explicit word says that others may come.
async fn bind(settings: &Settings, guard: &Guard) -> Result<TcpListener> {
    let mut addresses = tokio::net::lookup_host(&settings.listen)
        .await
        .with_context(|| format!("{:?} is not an address such as 127.0.0.1:8080", settings.listen))?;
    let address: SocketAddr = addresses.next().context("the address to listen on names no host")?;
    if !is_loopback(address.ip()) && guard.is_open() && !settings.open {
        bail!(
            "{address} can be reached from other machines, and everybody would be admitted.\n\
             Give --tokens FILE to say who may connect, or --open if that is what you want."
        );
    }
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; choose another with --listen ADDR, where port 0 takes a free one"
        )
    })
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

fn log_to_stderr(settings: &Settings) -> Result<()> {
    use tracing_subscriber::{EnvFilter, fmt};
    let filter = EnvFilter::try_new(&settings.log).with_context(|| {
        format!("{:?} is not a log filter such as info or swergio_broker=debug", settings.log)
    })?;
    // Colours are for a terminal; in the log of a swarm they would be letters.
    let is_seen =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|word| word.is_empty());
    let logs = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(is_seen);
    match settings.log_format {
        LogFormat::Human => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

/// Writes to standard output, for whoever waits there; nobody may.
fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
