//! The universe: answers whoever speaks in the room.

use swergio_client::{Client, Error, Kind, Message, Options, Reply, Trigger};

use crate::{ROOM, patience};

/// Answers until the world has said goodbye.
pub(crate) async fn universe(url: &str) -> Result<(), Error> {
    let universe = Options::new(url).name("universe").reconnect(patience()).connect().await?;
    let trigger = Trigger::kinds([Kind::TEXT]).rooms([ROOM]);
    universe.on_with(trigger, universe.clone(), answer).await?;
    universe.settle().await?;
    println!("universe | sits in {ROOM}");
    universe.closed().await
}

async fn answer(universe: Client, message: Message) -> Result<Option<Reply>, Error> {
    let heard: String = message.data()?;
    println!("universe | {} says: {heard}", message.sender().unwrap_or("somebody"));
    let answer = match heard.as_str() {
        "How old are you?" => "13.8 billion years, give or take.",
        "Are you alone?" => "Not since you asked.",
        "Goodbye, universe." => return universe.close().await.map(|()| None),
        _ => "Hello world, this is the universe.",
    };
    Ok(Some(Reply::new(Kind::TEXT).data(answer)))
}
