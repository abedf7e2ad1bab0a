//! Rooms: where the three processes meet, and how each of them gets there.

use std::time::Duration;

use anyhow::Result;
use swergio_client::{Client, Options, Reconnect};
use swergio_toolbox::{Differentiable, Serving, ServingLimits, TapeLimits};
use tokio::signal::unix::{SignalKind, signal};

/// Where the trainer says which target to hit in which wind.
pub(crate) const INPUT: &str = "input";
/// Where the control network says how to shoot.
pub(crate) const MODEL: &str = "model";
/// Where the trebuchet says how far it shot.
pub(crate) const OUTPUT: &str = "output";

/// Says where a process finds the others.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct At {
    /// Where the broker listens.
    #[arg(long, env = "SWERGIO_URL", default_value = "ws://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The name by which the others know it; otherwise that of its part.
    #[arg(long, env = "SWERGIO_NAME")]
    name: Option<String>,
    /// Seconds for which a forward is kept without its gradient.
    #[arg(long, default_value_t = 600.0)]
    tape_age: f64,
}

impl At {
    /// Finds others at a URL.
    pub(crate) fn to(url: &str) -> Self {
        Self { url: url.to_owned(), name: None, tape_age: 600.0 }
    }

    /// Connects, and comes back whenever the link breaks: processes of a swarm come and go.
    pub(crate) async fn connect(&self, part: &str) -> Result<Client> {
        let patience = Reconnect {
            base: Duration::from_millis(50),
            cap: Duration::from_secs(1),
            attempts: Some(100),
            initially: true,
        };
        let name = self.name.as_deref().unwrap_or(part);
        Ok(Options::new(&self.url).name(name).reconnect(patience).connect().await?)
    }

    /// Returns what a component of this example keeps at most.
    pub(crate) fn limits(&self) -> ServingLimits {
        let age = Duration::try_from_secs_f64(self.tape_age).unwrap_or(TapeLimits::default().age);
        ServingLimits { tape: TapeLimits { age, ..TapeLimits::default() }, ..ServingLimits::default() }
    }
}

/// Lets a component compute until this process is asked to end, then tells what it did.
pub(crate) async fn attend<D: Differentiable>(serving: Serving<D>) -> Result<()> {
    println!("{} | takes from {}, gives to {}", serving.name(), serving.input(), serving.output());
    let mut asked = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = asked.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = serving.closed() => {}
    }
    let tally = serving.tally();
    serving.stop().await;
    println!(
        "{} | forwards {}, gradients {}, refused {}, on the tape {} of {} bytes",
        serving.name(),
        tally.forwards,
        tally.gradients,
        tally.refused + tally.refused_gradients,
        tally.tape.kept,
        tally.tape.bytes,
    );
    Ok(())
}
