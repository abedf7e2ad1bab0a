//! Seats: which member sits in which room, as `_presence` tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use swergio_client::{Body, Fault, Message};

use crate::line::plain;

/// Holds one COMMAND/PRESENCE.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Move {
    pub(crate) name: String,
    session: u64,
    /// Nothing when the connection itself came or went.
    room: Option<String>,
    joined: bool,
}

impl Move {
    pub(crate) fn read(message: &Message) -> Option<Self> {
        let text = |key: &str| message.field::<String>(key).ok().flatten();
        Some(Self {
            name: text("NAME")?,
            session: message.field("SESSION").ok().flatten()?,
            room: text("ROOM"),
            joined: text("STATE")? == "joined",
        })
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = plain(&self.name);
        match (&self.room, self.joined) {
            (Some(room), true) => write!(f, "+ {name} joined {}", plain(room)),
            (Some(room), false) => write!(f, "- {name} left {}", plain(room)),
            (None, true) => write!(f, "+ {name} connected"),
            (None, false) => write!(f, "- {name} disconnected"),
        }
    }
}

/// Keeps who sits where: in a room, or on the broker and in no room at all.
#[derive(Debug)]
pub(crate) struct Seats {
    /// Whose seats are not shown: our own.
    own: String,
    members: BTreeMap<u64, String>,
    /// A room and the connection that sits in it.
    taken: BTreeSet<(String, u64)>,
}

/// Counts the connections of each name.
type Counts<'a> = BTreeMap<&'a str, usize>;

#[derive(Serialize)]
struct Picture<'a> {
    rooms: BTreeMap<&'a str, Counts<'a>>,
    nowhere: Counts<'a>,
}

impl Seats {
    pub(crate) fn without(own: &str) -> Self {
        Self { own: own.to_owned(), members: BTreeMap::new(), taken: BTreeSet::new() }
    }

    pub(crate) fn take(&mut self, told: &Message) {
        if let Some(moved) = Move::read(told).filter(|moved| moved.name != self.own) {
            self.record(moved);
        }
    }

    fn record(&mut self, moved: Move) {
        match (moved.room, moved.joined) {
            (Some(room), true) => {
                self.members.insert(moved.session, moved.name);
                self.taken.insert((room, moved.session));
            }
            (Some(room), false) => drop(self.taken.remove(&(room, moved.session))),
            (None, true) => drop(self.members.insert(moved.session, moved.name)),
            (None, false) => drop(self.members.remove(&moved.session)),
        }
    }

    fn picture(&self) -> Picture<'_> {
        let mut rooms: BTreeMap<&str, Counts<'_>> = BTreeMap::new();
        let mut nowhere = Counts::new();
        for (room, session) in &self.taken {
            if let Some(name) = self.members.get(session) {
                *rooms.entry(room).or_default().entry(name).or_default() += 1;
            }
        }
        let seated: BTreeSet<u64> = self.taken.iter().map(|(_, session)| *session).collect();
        for (_, name) in self.members.iter().filter(|(session, _)| !seated.contains(session)) {
            *nowhere.entry(name).or_default() += 1;
        }
        Picture { rooms, nowhere }
    }

    /// Spells `{"rooms": {ROOM: {NAME: COUNT}}, "nowhere": {NAME: COUNT}}`.
    pub(crate) fn json(&self) -> Result<Vec<u8>, Fault> {
        Ok(Body::of(&self.picture())?.to_json())
    }

    /// Writes a line for each room, and one for those who sit in none.
    pub(crate) fn table(&self) -> String {
        let picture = self.picture();
        let mut rows: Vec<(String, String)> =
            picture.rooms.iter().map(|(room, counts)| (plain(room), list(counts))).collect();
        if !picture.nowhere.is_empty() {
            rows.push(("(no room)".to_owned(), list(&picture.nowhere)));
        }
        if rows.is_empty() {
            return "nobody is there\n".to_owned();
        }
        rows.insert(0, ("ROOM".to_owned(), "MEMBERS".to_owned()));
        let width = rows.iter().map(|(room, _)| room.chars().count()).max().unwrap_or_default();
        rows.iter().map(|(room, members)| format!("{room:<width$}  {members}\n")).collect()
    }
}

fn list(counts: &Counts<'_>) -> String {
    let one = |(name, count): (&&str, &usize)| match count {
        1 => plain(name),
        _ => format!("{} ×{count}", plain(name)),
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(name: &str, session: u64, room: Option<&str>, joined: bool) -> Move {
        Move { name: name.into(), session, room: room.map(str::to_owned), joined }
    }

    fn seats(moves: &[Move]) -> Seats {
        let mut seats = Seats::without("me");
        moves.iter().for_each(|moved| seats.record(moved.clone()));
        seats
    }

    #[test]
    fn shared_names_are_counted_and_telling_twice_counts_once() {
        let seats = seats(&[
            moved("bob", 1, None, true),
            moved("bob", 1, Some("lab"), true),
            moved("bob", 1, Some("lab"), true),
            moved("bob", 2, Some("lab"), true),
            moved("ada", 3, Some("lab"), true),
            moved("ada", 3, Some("galactic_chat"), true),
            moved("cyd", 4, None, true),
        ]);
        assert_eq!(
            seats.table(),
            "ROOM           MEMBERS\ngalactic_chat  ada\nlab            ada, bob ×2\n(no room)      cyd\n"
        );
        let json = String::from_utf8(seats.json().unwrap()).unwrap();
        assert_eq!(
            json,
            r#"{"rooms": {"galactic_chat": {"ada": 1}, "lab": {"ada": 1, "bob": 2}}, "nowhere": {"cyd": 1}}"#
        );
    }

    #[test]
    fn who_leaves_is_gone() {
        let seats = seats(&[
            moved("ada", 1, None, true),
            moved("ada", 1, Some("lab"), true),
            moved("ada", 1, Some("lab"), false),
            moved("ada", 1, None, false),
        ]);
        assert_eq!(seats.table(), "nobody is there\n");
    }

    #[test]
    fn a_move_reads_as_a_sentence() {
        let sentences = [
            moved("ada", 1, Some("lab"), true),
            moved("ada", 1, Some("lab"), false),
            moved("a\nb", 1, None, true),
            moved("ada", 1, None, false),
        ]
        .map(|moved| moved.to_string());
        assert_eq!(
            sentences,
            ["+ ada joined lab", "- ada left lab", "+ a\\nb connected", "- ada disconnected"]
        );
    }
}
