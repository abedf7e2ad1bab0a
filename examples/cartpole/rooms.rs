//! Rooms: poles and agent as components, each a process of its own.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use swergio_client::{Client, Options, Reconnect, RoomName};
use swergio_toolbox::ModelStatus;
use swergio_toolbox::environment::{Actor, ActorLimits, LiveLimits, Rooms, Stepped, serve};
use swergio_toolbox::episode::Reward;

use crate::agent::Recipe;
use crate::alone::poles;
use crate::pupil::{Learnt, News, Pupil};

pub(crate) fn rooms() -> Result<Rooms> {
    Ok(Rooms { observation: RoomName::parse("observation")?, action: RoomName::parse("action")? })
}

/// Connects under a name, and waits for a broker that starts later.
pub(crate) async fn connect(url: &str, name: &str) -> Result<Client> {
    let patience = Reconnect { attempts: Some(8), initially: true, ..Reconnect::default() };
    let options = Options::new(url).name(name).reconnect(patience);
    options.connect().await.with_context(|| format!("{name} finds no broker at {url}"))
}

/// Serves poles in their rooms until the broker goes.
pub(crate) async fn environment(client: &Client, count: usize, seed: u64) -> Result<()> {
    serve(client, poles(count, seed)?, rooms()?, ModelStatus::TRAIN, LiveLimits::default()).await?;
    Ok(())
}

/// Learns from the rewards that come through the rooms, until school is over. Returns what came of it, and the steps a second.
pub(crate) async fn agent(
    client: &Client,
    recipe: &Recipe,
    seed: u64,
    mut tell: impl FnMut(News),
) -> Result<(Learnt, f64)> {
    let mut actor = Actor::open(client, rooms()?, ActorLimits::default()).await?;
    let mut pupil = Pupil::new(recipe, seed);
    let began = Instant::now();
    while !pupil.is_done() {
        let turn = actor.turn().await?.context("the broker went before school was over")?;
        let shown = turn.observation.values;
        let poles = turn.observation.episodes.len();
        ensure!(
            poles == recipe.environments,
            "{poles} poles came, the recipe is for {}",
            recipe.environments
        );
        if let Some(reward) = turn.reward
            && let Some(news) = pupil.take(&stepped(reward), &shown)?
        {
            tell(news);
        }
        if !pupil.is_done() {
            actor.act(pupil.act(&shown)?, Some(pupil.version())).await?;
        }
    }
    let learnt = pupil.learnt().clone();
    let rate = (learnt.learning + learnt.examined) as f64 / began.elapsed().as_secs_f64();
    Ok((learnt, rate))
}

pub(crate) fn stepped(reward: Reward) -> Stepped {
    Stepped {
        rewards: reward.rewards,
        terminated: reward.terminated,
        truncated: reward.truncated,
        episodes: reward.episodes,
        steps: reward.steps,
        finals: reward.finals,
    }
}

#[cfg(test)]
mod tests {
    use swergio_broker::{Broker, Config, serve as serve_broker};
    use tokio::net::TcpListener;

    use super::*;
    use crate::alone;

    /// Every number that counts goes through rooms and comes back as it was: life there is life alone, to the last digit.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_learnt_through_rooms_is_what_is_learnt_alone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::spawn(serve_broker(Broker::new(Config::default()).unwrap(), listener));
        let recipe = Recipe::quick();
        let (poles, pupil) = (connect(&url, "poles").await.unwrap(), connect(&url, "agent").await.unwrap());
        let count = recipe.environments;
        let served = tokio::spawn(async move { environment(&poles, count, 3).await });
        let mut told = Vec::new();
        let (learnt, _) = agent(&pupil, &recipe, 3, |news| told.push(news)).await.unwrap();
        let mut alone_told = Vec::new();
        assert_eq!(learnt, alone::learn(&recipe, 3, |news| alone_told.push(news)).unwrap());
        assert_eq!(told, alone_told);
        served.abort();
    }
}
