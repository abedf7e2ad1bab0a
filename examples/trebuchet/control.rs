//! Control: how to hit one target in one wind, found by the gradient of the running trebuchet, without a network.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use swergio_broker::{Broker, Config, serve};
use swergio_toolbox::swarm::{Launch, Plan, Ready, Swarm};
use swergio_toolbox::trainer::{Loss, Mse};
use swergio_toolbox::{BoxError, Chain, Stop, Tensor, optimize};
use tokio::net::TcpListener;

use super::report::aim_of;
use super::rooms::{At, MODEL, OUTPUT};
use super::simulator::aims;

/// Where a search begins, one after the other until one hits: angle in degrees, counterweight in lb. From a steep throw a
/// lower angle is always farther; the others are for targets that only a heavy counterweight reaches.
const BEGINNINGS: [[f64; 2]; 3] = [[60.0, 200.0], [35.0, 400.0], [20.0, 200.0]];
/// The aims among which it is searched.
const BOUNDS: [[f64; 2]; 2] = [[1.0, 30.0], [89.0, 1_000.0]];
/// Off by less is a hit, m.
const HIT: f64 = 1e-3;

/// Asks for one target in one wind.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Wish {
    /// Wind along the throw, m/s.
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.0)]
    wind: f64,
    /// Where to hit, m along the throw from the pivot.
    #[arg(long, allow_negative_numbers = true)]
    target: f64,
    /// Where the broker of a trebuchet that runs already listens. Otherwise one is started for this search.
    #[arg(long)]
    url: Option<String>,
}

/// Searches, and returns what it found as JSON, and whether that hits.
pub(crate) async fn control(wish: &Wish) -> Result<(Value, bool)> {
    let started = match &wish.url {
        Some(_) => None,
        None => Some(start().await?),
    };
    let url = wish.url.as_deref().or(started.as_ref().map(Swarm::url)).expect("one or the other");
    let client = At::to(url).connect("control").await?;
    let chain = Chain::new(&client).input(MODEL).output(OUTPUT).open().await?;
    let found = search(&chain, wish).await.map_err(anyhow::Error::from_boxed);
    client.close().await?;
    if let Some(swarm) = started {
        swarm.stop().await?;
    }
    found.context("the trebuchet did not answer; is a simulator running at --url?")
}

/// Starts a broker in this process, and the trebuchet in one of its own.
async fn start() -> Result<Swarm> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("ws://{}", listener.local_addr()?);
    tokio::spawn(serve(Broker::new(Config::default())?, listener));
    let simulator = Launch::new("simulator", std::env::current_exe()?)
        .args(["simulator"])
        .ready(Ready::Joined(vec![MODEL.into(), OUTPUT.into()]))
        .grace(Duration::from_secs(2));
    let swarm = Swarm::of(Plan::new().url(url).with(simulator))?;
    swarm.start().await?;
    swarm.ready().await?;
    Ok(swarm)
}

async fn search(chain: &Chain, wish: &Wish) -> Result<(Value, bool), BoxError> {
    let row = |[angle, weight]: [f64; 2]| Tensor::from_f64([1, 3], &[wish.wind, angle, weight]);
    let wanted = Tensor::from_f64([1], &[wish.target])?;
    let (mut best, mut passes) = (None, 0);
    for beginning in BEGINNINGS {
        let found = optimize(&mut chain.probe(), row(beginning)?)
            .between(row(BOUNDS[0])?, row(BOUNDS[1])?)
            .stop(Stop { target: Some(1e-3 * HIT * HIT), ..Stop::default() })
            .minimise(|distance: Tensor| {
                let judged = Mse.judge(&distance, &wanted)?;
                if judged.loss.is_finite() {
                    Ok((judged.loss, judged.gradient))
                } else {
                    Err("no such shot".into())
                }
            })
            .await;
        // A beginning from which nothing comes down is none; if there is no other, it is told.
        let found = match found {
            Ok(found) => found,
            Err(error) if best.is_none() && beginning == BEGINNINGS[2] => return Err(error),
            Err(_) => continue,
        };
        passes += found.evaluations;
        if best.as_ref().is_none_or(|(_, least)| found.loss < *least) {
            best = Some((found.input, found.loss));
        }
        if best.as_ref().is_some_and(|(_, least)| *least <= HIT * HIT) {
            break;
        }
    }
    let (input, loss) = best.ok_or("no beginning led anywhere")?;
    let distance = chain.validate().forward(&input).await?.into_value().to_f64_vec()[0];
    let hits = loss.sqrt() <= HIT;
    let aim = aims(&input)?[0];
    Ok((
        json!({
            "outcome": if hits { "hit" } else { "out_of_reach" },
            "target": wish.target,
            "aim": aim_of(&aim),
            "distance": distance,
            "off": distance - wish.target,
            "passes": passes,
        }),
        hits,
    ))
}
