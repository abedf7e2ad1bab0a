//! Board: where every process stands, for whoever waits until that changes.

use std::sync::Arc;

use super::machine::Machine;
use super::{Ending, State, SwarmError};

/// Shows where every process stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    pub(crate) rows: Vec<Row>,
    pub(crate) over: bool,
}

/// Shows where one process stands.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: Arc<str>,
    pub(crate) component: Arc<str>,
    pub(crate) state: State,
    pub(crate) wanted: bool,
    pub(crate) lead: bool,
    /// How it ended for good.
    pub(crate) ending: Option<Ending>,
}

impl Row {
    fn is_called(&self, name: &str) -> bool {
        &*self.name == name || &*self.component == name
    }
}

impl Board {
    /// Tells whether all that is wanted is up or done; an error when some never will be.
    pub(crate) fn ready(&self) -> Option<Result<(), SwarmError>> {
        let failed = |row: &&Row| row.wanted && row.state == State::Failed;
        if let Some(row) = self.rows.iter().find(failed) {
            return Some(Err(row.failure()));
        }
        let mut wanted = self.rows.iter().filter(|row| row.wanted);
        if wanted.all(|row| matches!(row.state, State::Up | State::Done)) {
            return Some(Ok(()));
        }
        let stuck = || self.rows.iter().find(|row| row.wanted && row.state == State::Waiting);
        stuck().filter(|_| self.over).map(|row| Err(row.failure()))
    }

    /// Tells whether none of these runs or will.
    pub(crate) fn is_still(&self, nodes: &[usize]) -> bool {
        let still = |state: State| matches!(state, State::Stopped | State::Done | State::Failed);
        nodes.iter().all(|node| self.rows.get(*node).is_none_or(|row| still(row.state)))
    }

    /// Tells how a component ended for good: the first that failed of its replicas, or well when all have.
    pub(crate) fn ended(&self, name: &str) -> Option<Result<Ending, SwarmError>> {
        let mut rows = self.rows.iter().filter(|row| row.is_called(name)).peekable();
        if rows.peek().is_none() {
            return Some(Err(SwarmError::Unknown(name.to_owned())));
        }
        let mut last = None;
        for row in rows {
            match (&row.ending, row.state) {
                (Some(ending), State::Failed) => return Some(Ok(ending.clone())),
                (Some(ending), State::Done) => last = Some(ending.clone()),
                (_, State::Stopped) if !row.wanted => {
                    return Some(Err(SwarmError::Failed {
                        name: name.to_owned(),
                        why: "was stopped".to_owned(),
                    }));
                }
                _ => return None,
            }
        }
        last.map(Ok)
    }

    /// Tells how it all came out: an error with the first that failed, the leader's ending before all others.
    pub(crate) fn outcome(&self) -> Option<Result<(), SwarmError>> {
        if !self.over {
            return None;
        }
        let failed = |row: &&Row| row.state == State::Failed || (row.wanted && row.state == State::Waiting);
        let mut leaders = self.rows.iter().filter(|row| row.lead).peekable();
        let led = leaders.peek().is_some() && self.rows.iter().any(|row| row.lead && row.ending.is_some());
        let found = if led { leaders.find(failed) } else { self.rows.iter().find(failed) };
        Some(found.map_or(Ok(()), |row| Err(row.failure())))
    }
}

impl Row {
    fn failure(&self) -> SwarmError {
        let why = match &self.ending {
            Some(ending) => ending.to_string(),
            None => "waits for what has failed or was stopped".to_owned(),
        };
        SwarmError::Failed { name: self.name.to_string(), why }
    }
}

/// Shows a machine.
pub(crate) fn board(machine: &Machine, names: impl Iterator<Item = (Arc<str>, Arc<str>)>) -> Board {
    let row = |(node, (name, component)): (usize, (Arc<str>, Arc<str>))| {
        let node = machine.node(node);
        let ending = match &node.phase {
            super::machine::Phase::Ended(ending) => Some(ending.clone()),
            _ => None,
        };
        Row { name, component, state: node.state(), wanted: node.wanted, lead: node.rule.lead, ending }
    };
    Board { rows: names.enumerate().map(row).collect(), over: machine.is_over() }
}
