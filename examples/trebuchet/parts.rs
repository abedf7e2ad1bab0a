//! Parts: the processes that the demo is made of, each a subcommand.

use anyhow::{Context, Result};
use swergio_broker::{Broker, Config, serve};
use swergio_toolbox::Component;
use swergio_toolbox::checkpoint::Kept;
use tokio::net::TcpListener;

use super::examination::{examine, write};
use super::journal::Journal;
use super::ledger::Ledger;
use super::network::network;
use super::rooms::{At, INPUT, MODEL, OUTPUT, attend};
use super::simulator::Simulator;
use super::trainer::{Course, chain, train};

/// Serves a broker.
pub(crate) async fn broker(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    println!("broker | listening on ws://{}", listener.local_addr()?);
    Ok(serve(Broker::new(Config::default())?, listener).await?)
}

/// Turns winds and targets into angles and counterweights, and learns from what comes back.
pub(crate) async fn control_network(at: &At, course: &Course, save_every: u64) -> Result<()> {
    let network = Ledger::open(network(course.seed, course.batches)?, &course.folder())?;
    let kept = Kept::new(network, "control-network", course.folder().join("checkpoints"))?.every(save_every);
    if kept.resume()? {
        println!("control-network | goes on after {} batches", kept.steps());
    }
    let client = at.connect("control-network").await?;
    kept.answer(&client).await?;
    let component = Component::of("control-network", kept).input(INPUT).output(MODEL);
    let component = component.gives(Simulator::takes()).limits(at.limits());
    attend(component.serve(&client).await?).await
}

/// Turns angles and counterweights into distances.
pub(crate) async fn simulator(at: &At) -> Result<()> {
    let client = at.connect("simulator").await?;
    let component = Component::of("simulator", Simulator::default()).input(MODEL).output(OUTPUT);
    let component = component.takes(Simulator::takes()).gives(Simulator::gives()).limits(at.limits());
    attend(component.serve(&client).await?).await
}

/// Examines the network that is there.
pub(crate) async fn examination(at: &At, course: &Course) -> Result<()> {
    let client = at.connect("examiner").await?;
    let attempts = examine(&client, &chain(course, &client).await?, course).await?;
    let losses = Journal::open(&course.folder())?.into_losses();
    println!("{}", write(&attempts, &losses, course)?);
    Ok(client.close().await?)
}

/// Trains, and examines what was learned.
pub(crate) async fn trainer(at: &At, course: &Course) -> Result<()> {
    let client = at.connect("trainer").await?;
    let chain = chain(course, &client).await?;
    let losses = train(course, &client, &chain).await?;
    let attempts = examine(&client, &chain, course).await?;
    println!("trainer | {}", write(&attempts, &losses, course)?);
    Ok(client.close().await?)
}
