//! Ids: fresh identifiers of messages, and names for components that have none.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use swergio_proto::MessageId;

/// Makes an ID that no other component makes: 32 lower-case hex digits, a UUID of version 4 as upstream writes it.
///
/// The upper half is drawn from the system once a process, the lower half is new each time.
pub fn fresh() -> MessageId {
    static PROCESS: OnceLock<u64> = OnceLock::new();
    let process = *PROCESS.get_or_init(|| RandomState::new().hash_one("swergio"));
    let number = (u128::from(process) << 64) | u128::from(fastrand::u64(..));
    MessageId::from_u128(as_version_4(number))
}

fn as_version_4(number: u128) -> u128 {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    (number & !VERSION & !VARIANT) | (4 << 76) | (0b10 << 62)
}

/// Makes up a name that can be said and remembered, such as `calm-otter-4f2a`.
pub(crate) fn readable_name() -> String {
    const HOW: [&str; 16] = [
        "brave", "calm", "clever", "curious", "eager", "gentle", "happy", "keen", "lively", "lucky", "merry",
        "nimble", "quick", "quiet", "sunny", "witty",
    ];
    const WHO: [&str; 16] = [
        "badger", "crane", "dolphin", "falcon", "finch", "heron", "ibex", "lynx", "marten", "newt", "otter",
        "raven", "robin", "seal", "swift", "wren",
    ];
    let pick = |words: [&'static str; 16]| words[fastrand::usize(..words.len())];
    format!("{}-{}-{:04x}", pick(HOW), pick(WHO), fastrand::u16(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_4_and_all_different() {
        let ids: std::collections::HashSet<String> = (0..1000).map(|_| fresh().as_str().to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            assert_eq!(id.len(), 32);
            assert!(id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{id}");
            assert_eq!(&id[12..13], "4", "{id}");
            assert!(matches!(&id[16..17], "8" | "9" | "a" | "b"), "{id}");
        }
    }

    #[test]
    fn a_made_up_name_is_a_name() {
        swergio_proto::MemberName::parse(&readable_name()).unwrap();
    }
}
