//! Liveness: when a connection must have said something, and what follows if it has not.

use swergio_proto::{Fault, Limits};
use tokio::time::{Duration, Instant};

/// How often to look at a peer that cannot be pinged: a timer needs some time.
const SELDOM: Duration = Duration::from_secs(24 * 3600);

/// Watches one connection: first for its REGISTER, then for answers to pings, at last for its end.
///
/// Times are arguments. It looks at a flag that arrivals and progress in writing set, so that a message costs no
/// look at the clock.
#[derive(Debug)]
pub(crate) struct Liveness {
    phase: Phase,
    due: Instant,
    alive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Fresh,
    Quiet,
    Pinged,
    /// Registered on a framing without pings: it may be silent for as long as it likes.
    Unasked,
    Leaving,
}

/// Says what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing.
    Nothing,
    /// A ping.
    Ping,
    /// The end, with its reason told to the peer.
    Close(Fault),
    /// The end at once: the peer has not taken its leave in time.
    Drop,
}

impl Liveness {
    pub(crate) fn new(now: Instant, limits: &Limits) -> Self {
        Self { phase: Phase::Fresh, due: now + limits.register, alive: false }
    }

    /// Returns when to [`check`](Self::check) next.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Takes note of a sign of life: bytes that came, or that were taken.
    pub(crate) fn alive(&mut self) {
        self.alive = true;
    }

    /// Takes note that the peer has registered; from now on it is pinged, if its framing has pings.
    pub(crate) fn registered(&mut self, now: Instant, pings: bool, limits: &Limits) {
        if self.phase == Phase::Fresh {
            (self.phase, self.due) =
                if pings { (Phase::Quiet, now + limits.ping) } else { (Phase::Unasked, now + SELDOM) };
        }
    }

    /// Takes note that the connection is ending; the peer has `linger` to take what waits for it.
    pub(crate) fn leaving(&mut self, now: Instant, linger: Duration) {
        self.phase = Phase::Leaving;
        self.due = now + linger;
    }

    /// Looks whether something is due.
    pub(crate) fn check(&mut self, now: Instant, limits: &Limits) -> Due {
        if now < self.due {
            return Due::Nothing;
        }
        match self.phase {
            Phase::Fresh => Due::Close(Fault::Unregistered),
            Phase::Quiet => {
                self.phase = Phase::Pinged;
                self.alive = false;
                self.due = now + limits.pong;
                Due::Ping
            }
            Phase::Pinged if self.alive => {
                self.phase = Phase::Quiet;
                self.due = now + limits.ping.saturating_sub(limits.pong);
                Due::Nothing
            }
            Phase::Pinged => Due::Close(Fault::Idle),
            Phase::Unasked => {
                self.due = now + SELDOM;
                Due::Nothing
            }
            Phase::Leaving => Due::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// R71: who does not register within 30 s is closed with 4001.
    #[test]
    fn a_stranger_has_thirty_seconds() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut liveness = Liveness::new(start, &limits);
        assert_eq!(liveness.check(at(start, 29), &limits), Due::Nothing);
        assert_eq!(liveness.check(at(start, 30), &limits), Due::Close(Fault::Unregistered));
    }

    /// R72: a ping each 25 s, 10 s to answer, then 4002.
    #[test]
    fn who_answers_stays_and_who_does_not_is_closed() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut liveness = Liveness::new(start, &limits);
        liveness.registered(start, true, &limits);
        assert_eq!(liveness.check(at(start, 25), &limits), Due::Ping);
        liveness.alive();
        assert_eq!(liveness.check(at(start, 35), &limits), Due::Nothing);
        assert_eq!(liveness.check(at(start, 50), &limits), Due::Ping);
        assert_eq!(liveness.check(at(start, 59), &limits), Due::Nothing);
        assert_eq!(liveness.check(at(start, 60), &limits), Due::Close(Fault::Idle));
    }

    #[test]
    fn upstreams_framing_is_never_pinged() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut liveness = Liveness::new(start, &limits);
        liveness.registered(start, false, &limits);
        for day in 1..100 {
            assert_eq!(liveness.check(at(start, day * 24 * 3600), &limits), Due::Nothing);
        }
    }

    #[test]
    fn who_is_leaving_is_waited_for_only_so_long() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut liveness = Liveness::new(start, &limits);
        liveness.leaving(start, Duration::from_secs(5));
        assert_eq!(liveness.check(at(start, 4), &limits), Due::Nothing);
        assert_eq!(liveness.check(at(start, 5), &limits), Due::Drop);
    }
}
