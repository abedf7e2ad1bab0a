//! Habit: a message that is like the ones before it goes where they went, without being read anew.

use swergio_proto::{Head, Layout, Route};

use super::Member;
use crate::link::Heard;

/// Remembers how a member's messages look when one is like the other, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Habit {
    layout: Layout,
    /// The turn of the run with which such messages go.
    turn: u64,
    unsigned: bool,
    logged: bool,
}

impl Habit {
    /// Forgets it: what the member has done now may change what becomes of its messages.
    pub(super) fn clear(&mut self) {
        self.layout.clear();
    }
}

impl Member {
    /// Gathers a message that is like the ones before. Returns whether it did; else the message has to be read.
    ///
    /// Rules and grant of a session do not change, and neither does its name without an act, so that what was allowed
    /// a message ago still is.
    #[inline]
    pub(super) fn gather_by_habit(&mut self, heard: &Heard<'_>) -> bool {
        if !self.habit.layout.fits(heard.view())
            || self.habit.turn != self.run.turns()
            || self.broker.hub.watch.is_open()
            || (self.habit.logged && self.hears_logs())
        {
            return false;
        }
        self.habit.layout.praise();
        self.append(heard, self.habit.unsigned).is_ok()
    }

    /// Takes note of a message that was read and gathered on its way to one address.
    pub(super) fn learn(&mut self, heard: &Heard<'_>, head: &Head<'_>, route: &Route<'_>) {
        // In upstream's way each message is spelt anew, for which it has to be read.
        if self.broker.rules.upstream {
            return;
        }
        let habit = &mut self.habit;
        if habit.layout.note(heard.view(), head) {
            (habit.turn, habit.unsigned, habit.logged) = (self.run.turns(), route.unsigned, route.logged);
        }
    }
}
