//! Person: the process of the *simulated* person, who answers at once and always.

use std::collections::HashSet;

use anyhow::Result;
use serde::Serialize;
use swergio_client::{Client, Envelope, Kind, Message, RoomName, Trigger};
use swergio_toolbox::feedback::Question;

use crate::genome::Genome;
use crate::rooms::{At, USER, asked_to_end};
use crate::taste::{SimulatedTaste, WHIM};

/// Questions that are remembered as answered.
const REMEMBERED: usize = 10_000;

/// Says what the simulated person is like.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Temper {
    /// Begins its whims.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Standard deviation of the whim that it adds to each rating before it rounds; 0 is none.
    #[arg(long, default_value_t = WHIM)]
    pub(crate) whim: f64,
}

#[derive(Debug, Serialize)]
struct Answer {
    item: String,
    value: u8,
}

#[derive(Debug, Serialize)]
struct Feedback {
    answers: Vec<Answer>,
    by: String,
    seconds: f64,
}

/// Serves the simulated person until it is asked to end.
pub(crate) async fn person(at: &At, temper: &Temper) -> Result<()> {
    let client = at.connect("simulated-person").await?;
    println!("simulated-person | answers in {USER}");
    tokio::select! {
        ended = answer(&client, SimulatedTaste::new(temper.seed, temper.whim)) => ended,
        asked = asked_to_end() => asked,
    }
}

/// Answers every question until the client has ended.
pub(crate) async fn answer(client: &Client, mut taste: SimulatedTaste) -> Result<()> {
    let mut heard = client.subscribe(Trigger::kinds([Kind::QUERY]).rooms([USER]).direct(false)).await?;
    client.settle().await?;
    let mut answered = HashSet::new();
    while let Some(message) = heard.next().await {
        // A question comes again, for those who come later.
        let known = answered.contains(&message.id);
        let Some(feedback) = Some(&message).filter(|_| !known).and_then(|asked| feedback(asked, &mut taste))
        else {
            continue;
        };
        if answered.len() >= REMEMBERED {
            answered.clear();
        }
        answered.insert(message.id.clone());
        let mut said =
            Envelope::new(Kind::FEEDBACK).with_to_room(RoomName::parse(USER)?).with_data(&feedback)?;
        (said.id, said.root_id) = (message.id.clone(), message.root_id.clone());
        client.send(said).await?;
    }
    Ok(client.closed().await?)
}

/// Rates each melody of a question; those of which it does not know the genome it leaves to others.
fn feedback(message: &Message, taste: &mut SimulatedTaste) -> Option<Feedback> {
    let question: Question = message.data().ok()?;
    let mut rate = |item: String| {
        let value = taste.rate(&item.parse::<Genome>().ok()?);
        Some(Answer { item, value })
    };
    let answers = question.items.into_iter().filter_map(|item| rate(item.id)).collect();
    Some(Feedback { answers, by: "simulated person".to_owned(), seconds: 0.0 })
}
