//! Flows: how many messages and bytes of which kind went from whom to where.

use indexmap::IndexMap;
use serde::Serialize;
use swergio_proto::{Address, Kind};

/// Bytes of a kind up to which it is told of by itself: names have their bounds, kinds have none.
const LONGEST_KIND: usize = 256;

/// Counts messages by sender, address and kind. A bound keeps it small; what comes beyond is counted together.
#[derive(Debug)]
pub(crate) struct Flows {
    counts: IndexMap<Way, Count>,
    others: Count,
    most: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Way {
    from: String,
    into_room: bool,
    to: String,
    kind: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    messages: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}

/// Is one flow as it is told.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) struct Flow {
    from: String,
    #[serde(rename = "TO_ROOM", skip_serializing_if = "Option::is_none")]
    to_room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    kind: String,
    pub(super) messages: u64,
    bytes: u64,
}

impl Flows {
    pub(super) fn new(most: usize) -> Self {
        Self { counts: IndexMap::new(), others: Count::default(), most }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.others == Count::default()
    }

    /// Adds messages of `bytes` bytes together.
    pub(super) fn count(&mut self, from: &str, to: Address<'_>, kind: &Kind<'_>, messages: u64, bytes: u64) {
        let count = Count { messages, bytes };
        if kind.as_str().len() > LONGEST_KIND {
            return self.others.add(count);
        }
        // A member's batch goes few ways, mostly the last one again: looked for without allocating.
        let known = self.counts.iter_mut().rev().find(|(way, _)| {
            way.to == to.name()
                && way.kind == kind.as_str()
                && way.into_room == to.is_room()
                && way.from == from
        });
        if let Some((_, known)) = known {
            return known.add(count);
        }
        let way = Way {
            from: from.to_owned(),
            into_room: to.is_room(),
            to: to.name().to_owned(),
            kind: kind.as_str().to_owned(),
        };
        self.add(way, count);
    }

    pub(super) fn absorb(&mut self, other: &mut Self) {
        self.others.add(std::mem::take(&mut other.others));
        for (way, count) in other.counts.drain(..) {
            self.add(way, count);
        }
    }

    fn add(&mut self, way: Way, count: Count) {
        if self.counts.len() >= self.most && !self.counts.contains_key(&way) {
            self.others.add(count);
        } else {
            self.counts.entry(way).or_default().add(count);
        }
    }

    /// Returns the flows and, of those beyond the bound, how many messages there were; begins anew.
    pub(super) fn take(&mut self) -> (Vec<Flow>, u64) {
        let others = std::mem::take(&mut self.others).messages;
        let flows = self.counts.drain(..).map(|(way, count)| {
            let (to_room, to) = if way.into_room { (Some(way.to), None) } else { (None, Some(way.to)) };
            Flow { from: way.from, to_room, to, kind: way.kind, messages: count.messages, bytes: count.bytes }
        });
        (flows.collect(), others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swergio_proto::RoomName;

    #[test]
    fn messages_are_counted_by_way_and_beyond_the_bound_together() {
        let (lab, hall) = (RoomName::parse("lab").unwrap(), RoomName::parse("hall").unwrap());
        let mut flows = Flows::new(2);
        for (room, kind) in
            [(&lab, Kind::FORWARD), (&lab, Kind::FORWARD), (&lab, Kind::GRADIENT), (&hall, Kind::TEXT)]
        {
            flows.count("ada", Address::room(room), &kind, 1, 10);
        }
        let (told, others) = flows.take();
        assert_eq!(
            told.iter().map(|flow| (flow.messages, flow.bytes)).collect::<Vec<_>>(),
            [(2, 20), (1, 10)]
        );
        assert_eq!((others, flows.is_empty()), (1, true));
    }

    /// Or thousands of kinds of a megabyte each would be told to every viewer.
    #[test]
    fn kinds_without_end_are_counted_and_not_told() {
        let (lab, mut flows) = (RoomName::parse("lab").unwrap(), Flows::new(10));
        flows.count("eve", Address::room(&lab), &Kind::new("x".repeat(LONGEST_KIND + 1)), 2, 2000);
        assert_eq!(flows.take(), (Vec::new(), 2));
    }

    #[test]
    fn what_two_members_counted_adds_up() {
        let lab = RoomName::parse("lab").unwrap();
        let (mut all, mut bobs) = (Flows::new(10), Flows::new(10));
        all.count("ada", Address::room(&lab), &Kind::FORWARD, 1, 5);
        bobs.count("bob", Address::room(&lab), &Kind::FORWARD, 3, 6);
        bobs.count("ada", Address::room(&lab), &Kind::FORWARD, 1, 5);
        all.absorb(&mut bobs);
        let told: Vec<_> = all.take().0.into_iter().map(|flow| (flow.from, flow.messages)).collect();
        assert_eq!(told, [("ada".to_owned(), 2), ("bob".to_owned(), 3)]);
        assert!(bobs.is_empty());
    }
}
