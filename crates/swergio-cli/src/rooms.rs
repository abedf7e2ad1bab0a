//! Rooms: who sits where.

mod seats;

use anyhow::Result;
use swergio_client::{Bounds, Client, ErrorKind, Event, Events, Kind, Message, Messages, Options, Trigger};
use swergio_proto::PRESENCE;

use crate::Verdict;
use crate::broker::{Broker, at_once, explain, refused};
use crate::clock::{self, Stop};
use crate::output::{self, note};
use crate::sighting::Sighting;
use seats::{Move, Seats};

/// Moves that wait to be counted: a broker with as many seats is told of in one breath.
const INBOX: usize = 1 << 20;

/// Show who sits where.
///
/// Names that several connections share are counted: `world ×2`. The broker tells of its members in the room _presence;
/// a token must be granted to join it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  swergio rooms                             a table
  swergio rooms --watch                     then who comes and goes, a line each
  swergio rooms --json | jq '.rooms | keys'

With --json one object: {\"rooms\": {ROOM: {NAME: COUNT}}, \"nowhere\": {NAME: COUNT}}. With --watch each move \
follows as {\"TYPE\": \"COMMAND/PRESENCE\", \"NAME\", \"SESSION\", \"ROOM\", \"STATE\"}, without ROOM when it is \
the connection itself. After the link was lost, or moves were missed, all is told anew.

Exit status: 0; 2 when the broker could not be asked.")]
pub(crate) struct Rooms {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Go on, and tell who comes and goes, until Ctrl-C.
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    broker: Broker,
}

impl Rooms {
    pub(crate) async fn run(&self) -> Result<Verdict> {
        let bounds = Bounds { inbox: INBOX, ..Bounds::default() };
        let options = Options { bounds, ..Options::default() };
        let client = self.broker.connect("rooms", &[], options).await?;
        if !self.watch {
            let (seats, _) = count(&client).await?;
            self.show(&seats)?;
            client.close().await?;
            return Ok(Verdict::Yes);
        }
        let stop = Stop::after(None)?;
        tokio::select! {
            () = stop.wait() => Ok(Verdict::Yes),
            ended = self.watch(&client) => ended,
        }
    }

    /// Tells who is there and who comes and goes, and begins anew when something was missed.
    async fn watch(&self, client: &Client) -> Result<Verdict> {
        loop {
            let mut events = client.events();
            match count(client).await {
                Ok((seats, moves)) => {
                    self.show(&seats)?;
                    self.follow(client, &mut events, moves).await?;
                }
                Err(error) if is_passing(&error) => note(format_args!("rooms: {error}; asking again")),
                Err(error) => return Err(error),
            }
        }
    }

    /// Tells of every move, until one may have been missed.
    async fn follow(&self, client: &Client, events: &mut Events, mut moves: Messages) -> Result<()> {
        loop {
            tokio::select! {
                biased;
                Some(event) = events.next() => if breaks(&event)? { return Ok(()) },
                told = moves.next() => match told {
                    Some(told) => self.tell(&told, client.name().as_str())?,
                    None => return client.closed().await.map_err(Into::into),
                },
            }
        }
    }

    fn show(&self, seats: &Seats) -> Result<()> {
        match self.json {
            true => output::raw_line(&seats.json()?),
            false => output::print(&seats.table()),
        }
    }

    fn tell(&self, told: &Message, own_name: &str) -> Result<()> {
        match Move::read(told) {
            Some(moved) if moved.name == own_name => Ok(()),
            Some(_) if self.json => output::raw_line(&Sighting::of(told).json()?),
            Some(moved) => output::line(&format!("{} {moved}", clock::now())),
            None => Ok(()),
        }
    }
}

/// Asks who is there, and goes on listening.
///
/// On joining `_presence` one is told. The broker acts in order, so its receipt for whatever is sent next says that
/// all is told.
async fn count(client: &Client) -> Result<(Seats, Messages)> {
    client.leave(PRESENCE).await?;
    client.settle().await.map_err(explain)?;
    let mut moves = client.subscribe(Trigger::kinds([Kind::PRESENCE]).rooms([PRESENCE])).await?;
    let mut seats = Seats::without(client.name().as_str());
    let mut settled = std::pin::pin!(client.settle());
    loop {
        tokio::select! {
            biased;
            Some(told) = moves.next() => seats.take(&told),
            receipt = &mut settled => break receipt.map_err(explain)?,
        }
    }
    // What came before the receipt is here by now.
    while let Some(told) = at_once(moves.next()).await.flatten() {
        seats.take(&told);
    }
    Ok((seats, moves))
}

/// Tells whether something may have been missed.
fn breaks(event: &Event) -> Result<bool> {
    match event {
        Event::Disconnected { reason, .. } => note(format_args!("rooms: cut off: {reason}")),
        Event::Rejected(rejection) => return Err(refused(rejection)),
        _ => {}
    }
    Ok(matches!(event, Event::Welcomed(_) | Event::FellBehind { .. } | Event::CaughtUp { .. }))
}

/// Tells whether it makes sense to ask again: the link broke, and it comes back by itself.
fn is_passing(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<swergio_client::Error>().map(swergio_client::Error::kind);
    matches!(kind, Some(ErrorKind::Lost | ErrorKind::Timeout))
}
