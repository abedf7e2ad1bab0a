//! A population whose members are components: asked, given, and restored when they come back.

use std::time::Duration;

use swergio_client::{Client, Kind, Message, Messages, Trigger};
use swergio_toolbox::evolution::{Genomes, Herd, HerdLimits, Husbandry};

use crate::hall::{Hall, room};

/// A member with a genome; it takes none of a single gene.
async fn member(hall: &Hall, name: &str, genome: Vec<f64>) -> Client {
    let client = hall.enter(name).await;
    let heard = client.subscribe(Trigger::kinds([Kind::GENOME]).direct_only()).await.unwrap();
    client.settle().await.unwrap();
    tokio::spawn(obey(client.clone(), heard, genome));
    client
}

async fn obey(client: Client, mut heard: Messages, mut genome: Vec<f64>) {
    while let Some(message) = heard.next().await {
        let answer = match Husbandry::read(&message) {
            Some(Husbandry::Asks) => Husbandry::answer(&message, Ok(Some(&genome))),
            Some(Husbandry::Gives(given)) if given.len() > 1 => {
                genome = given;
                Husbandry::answer(&message, Ok(None))
            }
            Some(Husbandry::Gives(_)) => Husbandry::answer(&message, Err("too short".into())),
            None => None,
        };
        if let Some(answer) = answer {
            client.send(answer).await.unwrap();
        }
    }
}

async fn herd(hall: &Hall) -> Herd {
    let client = hall.enter("evolution").await;
    let limits = HerdLimits { patience: Duration::from_millis(100), ..HerdLimits::default() };
    let herd = Herd::open(&client, room("evolution"), limits).await.unwrap();
    client.settle().await.unwrap();
    herd
}

/// R150, R151: what was given is what comes back, and who cannot take it says so and stays as it was.
#[tokio::test(start_paused = true)]
async fn r150_r151_genomes_are_fetched_and_given() {
    let hall = Hall::default();
    let _ada = member(&hall, "ada", vec![1.0, 2.0]).await;
    let _bob = member(&hall, "bob", vec![3.0, 4.0]).await;
    let mut herd = herd(&hall).await;
    let fetched = herd.fetch(["ada", "bob", "gone"]).await.unwrap();
    let both: Genomes = [("ada".into(), vec![1.0, 2.0]), ("bob".into(), vec![3.0, 4.0])].into();
    assert_eq!(fetched, both);
    let gifts = [("ada".to_owned(), vec![9.0]), ("bob".to_owned(), vec![5.0, 6.0])].into();
    assert_eq!(herd.give(&gifts).await.unwrap(), ["bob"]);
    let fetched = herd.fetch(["ada", "bob"]).await.unwrap();
    assert_eq!((&fetched["ada"], &fetched["bob"]), (&vec![1.0, 2.0], &vec![5.0, 6.0]));
    let tally = herd.tally();
    assert_eq!((tally.fetched, tally.given, tally.missing, tally.refused), (4, 1, 1, 1));
}

/// R152: who falls and comes back is given what it was; who is new hears nothing.
#[tokio::test(start_paused = true)]
async fn r152_who_comes_back_is_what_it_was() {
    let hall = Hall::default();
    let _ada = member(&hall, "ada", vec![1.0, 2.0]).await;
    let mut herd = herd(&hall).await;
    herd.fetch(["ada"]).await.unwrap();
    let again = hall.enter("ada").await;
    let eve = hall.enter("eve").await;
    let mut heard = Vec::new();
    for client in [&again, &eve] {
        let answers = client.subscribe(Trigger::kinds([Kind::GENOME]).direct_only()).await.unwrap();
        client.settle().await.unwrap();
        client.send(Husbandry::of_newcomer(room("evolution"))).await.unwrap();
        heard.push(answers);
    }
    let patience = Duration::from_millis(50);
    assert!(tokio::time::timeout(patience, herd.attend()).await.is_err(), "it attends until it is dropped");
    let said: Message = heard[0].next().await.unwrap();
    assert_eq!(Husbandry::read(&said), Some(Husbandry::Gives(vec![1.0, 2.0])));
    assert!(Husbandry::answer(&said, Ok(None)).is_none(), "nobody waits for an answer to an answer");
    assert!(tokio::time::timeout(patience, heard[1].next()).await.is_err());
    assert_eq!(herd.tally().restored, 1);
}
