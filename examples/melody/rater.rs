//! Rater: the process of the network that rates melodies, and learns from what people say of them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use swergio_client::{Client, Kind, Trigger};
use swergio_toolbox::bridge::candle::CandleModule;
use swergio_toolbox::checkpoint::Kept;
use swergio_toolbox::{Component, Port, Serving};
use tokio::time::timeout;

use crate::genome::{BITS, Genome};
use crate::network::{RATINGS, network, opinions};
use crate::rooms::{ANSWER, At, EVOLUTION, LESSON, asked_to_end};
use crate::words::Word;

/// Gradients from one time that the weights are saved to the next.
const SAVED: u64 = 100;
/// How long a prediction is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says where the rater begins.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Mind {
    /// Decides the weights that it begins with.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Folder for its weights; what is there already is gone on with. Otherwise they are not kept.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

/// Serves the rater until it is asked to end.
pub(crate) async fn rater(at: &At, mind: &Mind) -> Result<()> {
    let client = at.connect("rater").await?;
    let network = network(mind.seed)?;
    let folder = match &mind.out {
        Some(out) => out.join("checkpoints"),
        None => std::env::temp_dir().join(format!("melody-rater-{}", std::process::id())),
    };
    let kept = Kept::new(network, "rater", folder)?.every(if mind.out.is_some() { SAVED } else { 0 });
    if mind.out.is_some() && kept.resume()? {
        println!("rater | goes on after {} batches", kept.steps());
    }
    kept.answer(&client).await?;
    let serving = serve(&client, kept).await?;
    println!("rater | rates in {EVOLUTION}, learns in {LESSON}");
    tokio::select! {
        ended = rate(&client, &serving) => ended,
        asked = asked_to_end() => asked,
    }
}

/// Takes its seat where it learns.
pub(crate) async fn serve(
    client: &Client,
    network: Kept<CandleModule>,
) -> Result<Serving<Kept<CandleModule>>> {
    let component = Component::of("rater", network).input(LESSON).output(ANSWER);
    let component = component
        .takes(Port::f32("bits").shape(("melodies", BITS)))
        .gives(Port::f32("scores").shape(("melodies", RATINGS)));
    Ok(component.serve(client).await?)
}

/// Says what melodies are worth to whoever asks, until the client has ended.
pub(crate) async fn rate(client: &Client, serving: &Serving<Kept<CandleModule>>) -> Result<()> {
    let trigger = Trigger::kinds([Kind::DATA_CUSTOM]).rooms([EVOLUTION]).direct(false);
    let mut heard = client.subscribe(trigger).await?;
    client.settle().await?;
    while let Some(message) = heard.next().await {
        let Some(Word::Ask(genomes)) = Word::read(&message) else { continue };
        let thought =
            serving.with(move |rater| opinions(rater, &genomes).map(|opinions| (genomes, opinions))).await;
        let Some(thought) = thought else { break };
        let (genomes, opinions) = thought.map_err(|error| anyhow!(error))?;
        let mut worth = Word::worth(&genomes, &opinions, message.id.as_ref())?;
        worth.root_id.clone_from(&message.root_id);
        client.send(worth).await?;
    }
    Ok(client.closed().await?)
}

/// Asks a running rater what it thinks of melodies, and prints that.
pub(crate) async fn predict(at: &At, genomes: &[Genome]) -> Result<()> {
    let client = at.connect("predict").await?;
    let mut heard =
        client.subscribe(Trigger::kinds([Kind::DATA_CUSTOM]).rooms([EVOLUTION]).direct(false)).await?;
    client.settle().await?;
    client.send(Word::ask(genomes, None)?).await?;
    let answer = async {
        while let Some(message) = heard.next().await {
            if let Some(Word::Worth(found, _, opinions)) = Word::read(&message)
                && found == genomes
            {
                return Some(opinions);
            }
        }
        None
    };
    let answer = timeout(PATIENCE, answer).await.ok().flatten();
    let opinions = answer.context("no rater answered; is one in the room?")?;
    for (genome, opinion) in genomes.iter().zip(opinions) {
        let likely: Vec<String> = opinion.probabilities.iter().map(|likely| format!("{likely:.3}")).collect();
        println!("{} expected {:.3}, likely {}", genome.hex(), opinion.expected(), likely.join(" "));
    }
    Ok(client.close().await?)
}
