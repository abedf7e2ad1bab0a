//! Breeder: fetches the members' genomes, breeds them as control orders, and gives them back.

use std::time::Instant;

use anyhow::Result;
use swergio_client::{Body, Kind, RoomName, Trigger};

use swergio_toolbox::evolution::{Genomes, Herd, HerdLimits};

use crate::lineage::Lineage;
use crate::orders::{EVOLUTION, Order, answer, milliseconds};
use crate::rooms::connect;

/// Names the member of this number.
pub(crate) fn member(number: usize) -> String {
    format!("member-{number}")
}

/// Breeds so many members until the broker goes. Who falls and comes back is given what it was.
pub(crate) async fn breed(url: &str, members: usize, seed: u64) -> Result<()> {
    let client = connect(url, "evolution").await?;
    let mut orders = client.subscribe(Trigger::kinds([Kind::COMMAND_CUSTOM]).rooms([EVOLUTION])).await?;
    let mut herd = Herd::open(&client, RoomName::parse(EVOLUTION)?, HerdLimits::default()).await?;
    let names: Vec<String> = (0..members).map(member).collect();
    let mut lineage = Lineage::new(names.clone(), seed);
    let mut kept = Genomes::new();
    loop {
        let order = tokio::select! {
            order = orders.next() => order,
            ended = herd.attend() => return Ok(ended?),
        };
        let Some(message) = order else { return Ok(()) };
        let (began, mut fields) = (Instant::now(), Vec::new());
        match Order::read(&message) {
            Some(Order::Breed { merits, score }) => {
                let now = herd.fetch(&names).await?;
                let taken = herd.give(&lineage.breed(&merits, score, &now)?).await?;
                fields.push(("GENERATIONS", Body::of(&lineage.generations.0)?));
                fields.push(("RETREATS", Body::of(&lineage.generations.1)?));
                fields.push(("GIVEN", Body::of(&taken)?));
            }
            Some(Order::Keep) => {
                // Whoever does not answer in time keeps what it had before.
                kept.extend(herd.fetch(&names).await?);
                fields.push(("KEPT", Body::of(&kept.len())?));
            }
            Some(Order::Restore) => fields.push(("RESTORED", Body::of(&herd.give(&kept).await?.len())?)),
            _ => continue,
        }
        fields.push(("TOOK", Body::of(&milliseconds(began.elapsed()))?));
        answer(&client, &message, &fields).await?;
    }
}
