//! Gone: what became of those that are not kept any more, for as many as there is room for.

use std::collections::{BTreeMap, HashMap};

use swergio_client::MessageId;

use super::Eviction;
use crate::Pass;

/// Says what became of a forward.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// Its gradient came.
    Used,
    /// Nothing was kept for it, and no gradient is to come; the pass is the one whose input it came of.
    Passed(Pass),
    /// It had to go; the pass is the one whose input has no gradient.
    Evicted(Eviction, Pass),
}

/// Remembers the last of those that went, oldest out first.
#[derive(Debug)]
pub(super) struct Gone {
    bound: usize,
    fates: HashMap<MessageId, (u64, Fate)>,
    order: BTreeMap<u64, MessageId>,
    next: u64,
}

impl Gone {
    pub(super) fn new(bound: usize) -> Self {
        Self { bound, fates: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }

    pub(super) fn remember(&mut self, id: MessageId, fate: Fate) {
        self.forget(&id);
        self.order.insert(self.next, id.clone());
        self.fates.insert(id, (self.next, fate));
        self.next += 1;
        while self.order.len() > self.bound {
            let oldest = self.order.pop_first().and_then(|(_, id)| self.fates.remove(&id));
            debug_assert!(oldest.is_some(), "what has a place in the order has a fate");
        }
    }

    pub(super) fn forget(&mut self, id: &MessageId) {
        if let Some((place, _)) = self.fates.remove(id) {
            self.order.remove(&place);
        }
    }

    pub(super) fn recall(&self, id: &MessageId) -> Option<Fate> {
        self.fates.get(id).map(|(_, fate)| fate.clone())
    }
}
