//! Numbered: message IDs that are numbers to whoever made them, and UUIDs to everybody else.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use swergio_client::MessageId;

const VARIANT: u64 = 0b11 << 62;

/// Makes IDs of version 4, as upstream writes them, whose lower half counts up; knows its own by their upper half.
#[derive(Debug)]
pub(crate) struct Numbered {
    prefix: u64,
    next: u64,
}

impl Numbered {
    /// Draws an upper half that nobody else has.
    pub(crate) fn new() -> Self {
        let drawn = RandomState::new().hash_one("numbered");
        Self { prefix: (drawn & !(0xf << 12)) | (4 << 12), next: 0 }
    }

    /// Returns a number that has not been returned before.
    pub(crate) fn take(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Spells a number as an ID.
    pub(crate) fn id_of(&self, number: u64) -> MessageId {
        MessageId::from_u128((u128::from(self.prefix) << 64) | u128::from(variant_1(number)))
    }

    /// Finds the number that an ID spells, if it is one of ours; with hyphens or without, as some languages add them.
    pub(crate) fn number_of(&self, id: &str) -> Option<u64> {
        let spelt = match id.len() {
            32 => u128::from_str_radix(id, 16).ok()?,
            36 => u128::from_str_radix(&id.replace('-', ""), 16).ok()?,
            _ => return None,
        };
        let (upper, lower) = ((spelt >> 64) as u64, spelt as u64);
        let number = lower & !VARIANT;
        (upper == self.prefix && variant_1(number) == lower && number < self.next).then_some(number)
    }
}

fn variant_1(lower: u64) -> u64 {
    (lower & !VARIANT) | (0b10 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_known_again_and_others_are_not() {
        let (mut ours, mut theirs) = (Numbered::new(), Numbered::new());
        let (id, other) = (ours.take(), theirs.take());
        let (id, other) = (ours.id_of(id), theirs.id_of(other));
        assert_eq!(ours.number_of(id.as_str()), Some(0));
        assert_eq!(ours.number_of(other.as_str()), None);
        assert_eq!(ours.number_of(ours.id_of(1).as_str()), None, "not taken yet");
        assert_eq!((&id.as_str()[12..13], &id.as_str()[16..17]), ("4", "8"));
        let text = id.as_str();
        let hyphened = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-");
        assert_eq!(ours.number_of(&hyphened), Some(0));
        for odd in ["", "-", "é", "zz", &"z".repeat(32), &"-".repeat(36)] {
            assert_eq!(ours.number_of(odd), None);
        }
    }
}
