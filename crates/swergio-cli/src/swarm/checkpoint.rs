//! Checkpoint: all weights of a swarm saved, or restored, by one command.

use std::time::Duration;

use anyhow::Result;
use swergio_client::{Envelope, Kind, Message, Messages, Options, RoomName, Trigger};
use swergio_proto::COMMAND;
use tokio::time::timeout;

use super::{Which, verdict};
use crate::broker::explain;
use crate::line::plain;
use crate::output::note;
use crate::{Verdict, clock, output};

/// Save the weights of all components.
///
/// Each component that keeps weights writes them to a file of its own and answers; a component that keeps none is silent.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Save {
    #[command(flatten)]
    checkpoint: Checkpoint,
}

/// Restore the weights of all components.
///
/// Each component that keeps weights reads what it saved under the name and answers; one that cannot says why and stays as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(super) struct Load {
    #[command(flatten)]
    checkpoint: Checkpoint,
}

const HELP: &str = "\
Examples:
  swergio swarm save                        under the name `latest`
  swergio swarm save best --answers 3       back as soon as three have answered
  swergio swarm load best --component model

Exit status: 0 all that answered could; 1 one could not, too few answered, or no swarm runs here.";

#[derive(Debug, clap::Args)]
struct Checkpoint {
    /// The checkpoint's name.
    #[arg(default_value = "latest")]
    name: String,
    /// Only this component.
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// Wait for so many answers, and no longer [default: for as many as come in time; one is wanted].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    answers: Option<u32>,
    /// Wait so many seconds for the next answer.
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = clock::seconds)]
    wait: Duration,
    #[command(flatten)]
    which: Which,
}

impl Save {
    pub(super) async fn run(&self) -> Result<Verdict> {
        self.checkpoint.command(Kind::SAVEMODELWEIGHTS).await
    }
}

impl Load {
    pub(super) async fn run(&self) -> Result<Verdict> {
        self.checkpoint.command(Kind::LOADMODELWEIGHTS).await
    }
}

impl Checkpoint {
    async fn command(&self, kind: Kind<'static>) -> Result<Verdict> {
        let report = match self.which.remote() {
            Ok(remote) => remote.report().await,
            Err(error) => Err(error),
        };
        let url = match report {
            Ok(report) => report.url,
            Err(error) => return verdict(Err(error)),
        };
        let mut options = Options::new(url);
        options.token = std::env::var("SWERGIO_TOKEN").ok();
        let client = options.connect().await?;
        client.settle().await.map_err(explain)?;
        let answers = client.subscribe(Trigger::kinds([Kind::MODELWEIGHTS])).await?;
        let mut command = Envelope::new(kind).with_to_room(RoomName::parse(COMMAND)?);
        command = command.with_field("WEIGHTS", &self.name)?;
        if let Some(component) = &self.component {
            command = command.with_field("COMPONENT", component)?;
        }
        let id = client.send(command).await?;
        client.settle().await.map_err(explain)?;
        let verdict = self.gather(answers, id.as_str()).await?;
        client.close().await?;
        Ok(verdict)
    }

    /// Shows the answers that come in time.
    async fn gather(&self, mut answers: Messages, id: &str) -> Result<Verdict> {
        let (mut count, mut failed) = (0, false);
        while self.answers.is_none_or(|wanted| count < wanted) {
            let Ok(Some(answer)) = timeout(self.wait, answers.next()).await else { break };
            if answer.field::<String>("REF")?.as_deref() == Some(id) {
                count += 1;
                failed |= show(&answer)?;
            }
        }
        let wanted = self.answers.unwrap_or(1);
        if count < wanted {
            note(format_args!("swarm: {count} answered in time, of {wanted} that were waited for"));
        }
        Ok(if failed || count < wanted { Verdict::No } else { Verdict::Yes })
    }
}

/// Shows an answer; tells whether the component could not do it.
fn show(answer: &Message) -> Result<bool> {
    let text = |key: &str| answer.field::<String>(key).map(Option::unwrap_or_default);
    let (component, error) = (plain(&text("COMPONENT")?), text("ERROR")?);
    match error.is_empty() {
        true => output::line(&format!("{component}: {}", plain(&text("FILE")?)))?,
        false => output::line(&format!("{component}: could not: {}", plain(&error)))?,
    }
    Ok(!error.is_empty())
}
