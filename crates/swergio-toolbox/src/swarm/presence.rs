//! Presence: which of a swarm's names sit in which rooms, as the broker tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use swergio_client::{Client, Event, Kind, Message, Options, Reconnect, Trigger};
use swergio_proto::{COMMAND, PRESENCE};
use tokio::sync::mpsc;

use super::Ready;

/// Moves that wait to be taken: a broker tells of all its seats in one breath.
const INBOX: usize = 1 << 20;
/// The longest wait before the broker is tried again.
const RETURN: Duration = Duration::from_secs(1);

/// Tells that somebody came or went; or that all is told anew.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Move {
    /// A connection took or gave up a seat; without a room it is the connection itself.
    Seat { name: String, session: u64, room: Option<String>, joined: bool },
    /// What was known is known no longer.
    Anew,
}

/// Keeps the connections of each name, and their rooms.
#[derive(Debug, Default)]
pub(crate) struct Attendance {
    names: BTreeMap<String, BTreeMap<u64, BTreeSet<String>>>,
}

impl Attendance {
    pub(crate) fn take(&mut self, told: Move) {
        let Move::Seat { name, session, room, joined } = told else {
            self.names.clear();
            return;
        };
        let sessions = self.names.entry(name.clone()).or_default();
        match (room, joined) {
            (Some(room), true) => drop(sessions.entry(session).or_default().insert(room)),
            (Some(room), false) => drop(sessions.get_mut(&session).map(|rooms| rooms.remove(&room))),
            (None, true) => drop(sessions.entry(session).or_default()),
            (None, false) => drop(sessions.remove(&session)),
        }
        if sessions.is_empty() {
            self.names.remove(&name);
        }
    }

    /// Lists the connections of a name, so that those of a process that is gone are not taken for the next one's.
    pub(crate) fn sessions(&self, name: &str) -> BTreeSet<u64> {
        self.names.get(name).into_iter().flat_map(|sessions| sessions.keys().copied()).collect()
    }

    /// Tells whether a connection of the name, but not one of the old ones, is where it should be.
    pub(crate) fn is_ready(&self, name: &str, old: &BTreeSet<u64>, ready: &Ready) -> bool {
        let sessions = self.names.get(name).into_iter().flatten();
        let mut new = sessions.filter(|(session, _)| !old.contains(session)).map(|(_, rooms)| rooms);
        match ready {
            Ready::Registered => new.next().is_some(),
            Ready::Joined(wanted) if wanted.is_empty() => {
                new.any(|rooms| rooms.iter().any(|room| room != COMMAND))
            }
            Ready::Joined(wanted) => new.any(|rooms| wanted.iter().all(|room| rooms.contains(room))),
            _ => false,
        }
    }

    /// Lists the rooms of a name, but for the one that everybody sits in.
    pub(crate) fn rooms(&self, name: &str) -> Vec<String> {
        let rooms = self.names.get(name).into_iter().flat_map(BTreeMap::values).flatten();
        let rooms: BTreeSet<&String> = rooms.filter(|room| *room != COMMAND).collect();
        rooms.into_iter().cloned().collect()
    }
}

/// Asks the broker who is there and passes on who comes and goes, for as long as somebody listens. A broker that is not there yet, or
/// goes, is waited for.
pub(crate) async fn watch(url: String, name: String, moves: mpsc::Sender<Move>) {
    let told = moves.clone();
    tokio::select! {
        ended = follow(url, name, moves) => if let Err(error) = ended {
            tracing::warn!(%error, "the broker does not tell who is there");
        },
        () = told.closed() => {}
    }
}

async fn follow(url: String, name: String, moves: mpsc::Sender<Move>) -> Result<(), swergio_client::Error> {
    let mut options = Options::new(url).name(name);
    options.token = std::env::var("SWERGIO_TOKEN").ok();
    options.reconnect = Reconnect { cap: RETURN, ..Reconnect::patiently() };
    options.bounds.inbox = INBOX;
    let client = options.connect().await?;
    let mut events = client.events();
    let mut seats = client.subscribe(Trigger::kinds([Kind::PRESENCE]).rooms([PRESENCE])).await?;
    loop {
        tokio::select! {
            biased;
            event = events.next() => match event {
                Some(Event::Disconnected { .. }) => pass(&moves, Move::Anew).await,
                Some(Event::FellBehind { .. }) => {
                    pass(&moves, Move::Anew).await;
                    again(&client).await?;
                }
                Some(_) => {}
                None => return Ok(()),
            },
            seat = seats.next() => match seat.as_ref().map(read) {
                Some(Some(told)) => pass(&moves, told).await,
                Some(None) => {}
                None => return client.closed().await,
            },
        }
    }
}

/// Asks to be told anew: something was missed.
async fn again(client: &Client) -> Result<(), swergio_client::Error> {
    client.leave(PRESENCE).await?;
    client.join(PRESENCE).await
}

async fn pass(moves: &mpsc::Sender<Move>, told: Move) {
    // Closed: nobody listens any more, and the whole watch ends.
    let _ = moves.send(told).await;
}

fn read(message: &Message) -> Option<Move> {
    let text = |key: &str| message.field::<String>(key).ok().flatten();
    Some(Move::Seat {
        name: text("NAME")?,
        session: message.field("SESSION").ok().flatten()?,
        room: text("ROOM"),
        joined: text("STATE")? == "joined",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Attendance {
        let mut attendance = Attendance::default();
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            attendance.take(Move::Seat {
                name: words[1].to_owned(),
                session: words[2].parse().unwrap(),
                room: words.get(3).map(|room| (*room).to_owned()),
                joined: words[0] == "+",
            });
        }
        attendance
    }

    fn joined(rooms: &[&str]) -> Ready {
        Ready::Joined(rooms.iter().map(|room| (*room).to_owned()).collect())
    }

    #[test]
    fn a_component_is_ready_when_one_connection_sits_in_all_its_rooms() {
        let none = BTreeSet::new();
        let attendance = told(&["+ aim 1", "+ aim 1 _command", "+ aim 1 model", "+ aim 2 output"]);
        assert!(attendance.is_ready("aim", &none, &Ready::Registered));
        assert!(attendance.is_ready("aim", &none, &joined(&[])));
        assert!(attendance.is_ready("aim", &none, &joined(&["model"])));
        assert!(!attendance.is_ready("aim", &none, &joined(&["model", "output"])));
        assert!(!attendance.is_ready("eve", &none, &Ready::Registered));
        assert_eq!(attendance.rooms("aim"), ["model", "output"]);
    }

    #[test]
    fn the_room_of_all_is_no_room_of_its_own() {
        assert!(!told(&["+ aim 1 _command"]).is_ready("aim", &BTreeSet::new(), &joined(&[])));
    }

    #[test]
    fn the_old_connection_is_not_taken_for_the_new_process() {
        let mut attendance = told(&["+ aim 1 model"]);
        let old = attendance.sessions("aim");
        assert!(!attendance.is_ready("aim", &old, &joined(&["model"])));
        for line in ["+ aim 2 model", "- aim 1 model", "- aim 1"] {
            let words: Vec<&str> = line.split_whitespace().collect();
            let room = words.get(3).map(|room| (*room).to_owned());
            let session = words[2].parse().unwrap();
            attendance.take(Move::Seat { name: "aim".into(), session, room, joined: words[0] == "+" });
        }
        assert!(attendance.is_ready("aim", &old, &joined(&["model"])));
        assert_eq!(attendance.sessions("aim"), BTreeSet::from([2]));
    }

    #[test]
    fn told_anew_nobody_is_there() {
        let mut attendance = told(&["+ aim 1 model"]);
        attendance.take(Move::Anew);
        assert_eq!(attendance.rooms("aim"), Vec::<String>::new());
    }
}
