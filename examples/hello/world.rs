//! The world: asks the universe what it always wanted to know.

use swergio_client::{Envelope, Error, Kind, Options, RoomName};

use crate::{ROOM, patience};

const QUESTIONS: [&str; 3] = ["Hello universe, this is the world.", "How old are you?", "Are you alone?"];

/// Asks each question, waits for its answer, and says goodbye.
pub(crate) async fn world(url: &str) -> Result<(), Error> {
    let world = Options::new(url).name("world").rooms([ROOM]).reconnect(patience()).connect().await?;
    for question in QUESTIONS {
        let answer = world.request(said(question)?).await?;
        println!("world    | {} says: {}", answer.sender().unwrap_or("somebody"), answer.data::<String>()?);
    }
    world.send(said("Goodbye, universe.")?).await?;
    world.close().await
}

fn said(text: &str) -> Result<Envelope, Error> {
    Ok(Envelope::new(Kind::TEXT).with_to_room(RoomName::parse(ROOM)?).with_data(text)?)
}
