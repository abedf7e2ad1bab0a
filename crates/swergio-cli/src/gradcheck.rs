//! Gradcheck: the gradient of a running component, in whatever language, against differences of its outputs.

mod input;
mod scout;
mod verdict;

use std::time::Duration;

use anyhow::{Result, anyhow};
use clap::ValueEnum;
use swergio_client::{ModelStatus, Options};
use swergio_toolbox::{Chain, ChainLimits, Gradcheck as Check, Values};

use crate::Verdict;
use crate::broker::Broker;
use crate::clock;
use crate::output::{self, note};
use input::Input;

/// Check the gradients of a running component, or of several between two rooms.
///
/// Sends inputs through the component and gradients back, along random directions, and compares what its gradient claims with how its output
/// really changes. It takes some twenty passes, whatever the number of inputs; when the gradient is wrong a few hundred more, to find where
/// and what the mistake is. What may differ follows from the precision of the numbers, see --tolerance.
///
/// Components further along hear the outputs as passes of their own; whoever trains ignores a ROOT_ID that is not its own.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio gradcheck model --shape 4,3                     random inputs of 4 × 3
  swergio gradcheck input --output output --input x.json  three components in a row, at one input
  swergio gradcheck model --shape wind=8,1 --shape target=8,1 --hold wind
  swergio gradcheck model --like x.json --status train    a component of the Python package

With --status probe, the default, nobody learns from the check. Components written against the Python package know TRAIN and VALIDATE \
only, and most keep what a gradient needs for TRAIN alone: then no gradient comes, and --status train helps. A component that learns \
learns from the one gradient that is sent.

Exit status: 0 when the gradient is right; 1 when it is wrong, or nothing could be compared; 2 when it could not be checked.")]
pub(crate) struct Gradcheck {
    /// The room that the component takes its inputs from.
    room: String,
    /// The room that outputs come into [default: where the component in ROOM sends them, seen in _logging].
    #[arg(long, short, value_name = "ROOM")]
    output: Option<String>,
    #[command(flatten)]
    input: Input,
    /// Whether components learn from the passes.
    #[arg(long, value_enum, default_value_t = Status::Probe)]
    status: Status,
    /// Points to check at: the input, and others a few per cent away.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=64))]
    points: u16,
    /// Begins the random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A relative error that is allowed besides what rounding explains.
    #[arg(long, default_value_t = 0.0, value_name = "SHARE")]
    tolerance: f64,
    /// Hold a port as it is, because it is declared as not differentiable. May be repeated.
    #[arg(long, value_name = "PORT")]
    hold: Vec<String>,
    /// How long a pass may take, each way.
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = clock::seconds)]
    patience: Duration,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    broker: Broker,
}

/// Says what the passes carry as MODEL_STATUS.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    /// Gradients come back, nobody learns.
    Probe,
    /// Components learn.
    Train,
}

impl Gradcheck {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let input = self.input.read(self.seed)?;
        let client = self.broker.connect("gradcheck", &[], Options::default()).await?;
        let output = match &self.output {
            Some(output) => output.clone(),
            None => scout::output_of(&client, &self.room, &input, self.patience).await?,
        };
        if !self.json {
            note(format_args!("gradcheck: {} → {output}, {}", self.room, forms(&input)));
        }
        let limits = ChainLimits { deadline: self.patience, ..ChainLimits::default() };
        let chain =
            Chain::new(&client).of::<Values, Values>().input(&self.room).output(&output).limits(limits);
        let status = match self.status {
            Status::Probe => ModelStatus::PROBE,
            Status::Train => ModelStatus::TRAIN,
        };
        let mut chain = chain.status(status).open().await?;
        let check = Check {
            seed: self.seed,
            points: self.points.into(),
            tolerance: self.tolerance,
            hold: self.hold.clone(),
            learns: matches!(self.status, Status::Train),
            ..Check::default()
        };
        let report = check.run(&mut chain, input).await.map_err(|error| anyhow!("{error}"))?;
        match self.json {
            true => output::raw_line(&verdict::json(&self.room, &output, &report)?)?,
            false => output::print(&format!("{report}\n"))?,
        }
        client.close().await?;
        Ok(if report.passed() { Verdict::Yes } else { Verdict::No })
    }
}

/// Says what is sent.
fn forms(input: &Values) -> String {
    let form = |(name, tensor): (&str, &swergio_client::Tensor)| {
        format!("{name}{}{}{:?}", if name.is_empty() { "" } else { " " }, tensor.dtype(), tensor.shape())
    };
    input.iter().map(form).collect::<Vec<_>>().join(", ")
}
