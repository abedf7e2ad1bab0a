//! Files: how many a process may hold open. Each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that a process needs besides its connections.
const OTHERS: u64 = 64;

/// Raises the limit on open files, for us and for the broker that we start, so that `connections` fit.
///
/// # Errors
/// A sentence that says what to do where the system does not allow as many.
pub(super) fn make_room(connections: usize) -> Result<(), String> {
    let wanted = connections as u64 + OTHERS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // No limit is `None`.
    if current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if maximum.is_none_or(|maximum| maximum >= wanted)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok()
    {
        return Ok(());
    }
    Err(advice(connections, wanted, maximum.or(current).unwrap_or(0)))
}

fn advice(connections: usize, wanted: u64, limit: u64) -> String {
    let fit = limit.saturating_sub(OTHERS);
    format!(
        "{connections} connections need {wanted} open files, and this process may have {limit}.\n\
         Ask for {fit} connections at most, or raise the limit first: `ulimit -n {wanted}` as root, \
         LimitNOFILE={wanted} in a systemd unit, or nofile in /etc/security/limits.conf."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_files_can_always_be_had() {
        assert_eq!(make_room(1), Ok(()));
    }

    #[test]
    fn what_cannot_be_had_is_told_with_what_to_do() {
        let told = advice(50_000, 50_064, 20_000);
        for part in ["50000 connections", "19936 connections at most", "ulimit -n 50064"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
