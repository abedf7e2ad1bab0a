//! Ensemble: acts for its members until they do well, and judges them in the end.

use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Context, Result};
use swergio_client::RoomName;
use swergio_toolbox::council::{Council, CouncilPlan};
use swergio_toolbox::ensemble::Combine;
use swergio_toolbox::gather::GatherLimits;
use swergio_toolbox::reward::{EpisodeStatistics, StatisticsLimits};

use crate::agent::Recipe;
use crate::pupil::{Exam, JUDGED, SOLVED};
use crate::rooms::{connect, rooms, stepped};

/// The room in which members say what they would do.
pub(crate) const LOGITS: &str = "logits";
/// How long a step waits for a member.
const DEADLINE: Duration = Duration::from_millis(100);
/// Steps of all poles from one line of progress to the next.
const BETWEEN: u64 = 10_000;

/// Hears the members, decides and pays, until the last 100 episodes had a mean return of [`SOLVED`] or the recipe's steps are over;
/// then judges the ensemble by 100 episodes of its most likely actions, from which nobody learns.
pub(crate) async fn preside(url: &str, recipe: &Recipe, seed: u64) -> Result<()> {
    let client = connect(url, "aggregation").await?;
    let gather = GatherLimits { deadline: DEADLINE, ..GatherLimits::default() };
    let plan = CouncilPlan { combine: Combine::Probabilities, gather, seed, ..CouncilPlan::default() };
    let mut council = Council::open(&client, rooms()?, RoomName::parse(LOGITS)?, plan).await?;
    let poles = NonZeroUsize::new(recipe.environments).context("there must be a pole")?;
    let mut statistics = EpisodeStatistics::new(poles, StatisticsLimits::default());
    let (mut exam, mut told) = (None, 0);
    while let Some(round) = council.round().await? {
        let Some(reward) = round.reward else { continue };
        let stepped = stepped(reward);
        if let Some(exam) = &mut exam {
            if let Some(score) = Exam::note(exam, &stepped) {
                let answers = council.answers();
                println!("ensemble | judged by 100 episodes and more: {score:5.1}");
                println!("ensemble | {} answers counted, {} came late", answers.taken, answers.late);
                return Ok(client.close().await?);
            }
            continue;
        }
        statistics.step(&stepped.rewards, &stepped.terminated, &stepped.truncated)?;
        let score = statistics.mean_return().unwrap_or_default();
        if statistics.steps() >= told + BETWEEN {
            told = statistics.steps();
            let members = council.members().len();
            println!(
                "ensemble | {told:7} steps | {members} members | mean return of 100 episodes {score:5.1}"
            );
        }
        if score >= SOLVED || statistics.steps() >= recipe.steps {
            council.evaluate(true);
            exam = Some(Exam::new(JUDGED, poles.get()));
        }
    }
    anyhow::bail!("the broker went before the ensemble was judged")
}
