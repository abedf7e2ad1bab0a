//! Tape: what went forward, kept until its gradient comes; bounded, and sure of whose gradient it is.

mod gone;
mod limits;

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use swergio_client::MessageId;

use crate::Pass;

use gone::{Fate, Gone};
pub use limits::{Eviction, TapeLimits, TapeTally};

/// Keeps what was saved of each forward under the ID of its output, until the gradient for that output comes.
///
/// A machine without a clock: each step is told the time. What is taken is gone, so nothing is used twice; what has to
/// go by one of the [`TapeLimits`] goes oldest first and is counted; and of what was used or had to go lately the ID is
/// remembered, so that a gradient that comes too late, or twice, is told from one that nobody asked for.
///
/// ```
/// use std::time::{Duration, Instant};
/// use swergio_toolbox::{MessageId, Pass, Return, Tape, TapeLimits};
///
/// let (now, out) = (Instant::now(), MessageId::new("out"));
/// let mut tape = Tape::new(TapeLimits::default());
/// tape.keep(now, out.clone(), Pass::train(MessageId::new("in")), 3.0, 8);
/// let Return::Found(pass, saved) = tape.take(now, &out) else { panic!("it was kept") };
/// assert_eq!((pass.id.as_str(), saved), ("in", 3.0));
/// assert_eq!(tape.take(now, &out), Return::Repeated);
/// assert_eq!(tape.take(now, &MessageId::new("nobody's")), Return::Unknown);
/// # let _ = Duration::ZERO;
/// ```
#[derive(Debug)]
pub struct Tape<S> {
    limits: TapeLimits,
    /// By the order of keeping, which is that of age.
    kept: BTreeMap<u64, Kept<S>>,
    places: HashMap<MessageId, u64>,
    next: u64,
    /// Exactly what is kept, however much components say that it is; the tally tells it as far as it can.
    bytes: u128,
    gone: Gone,
    tally: TapeTally,
}

#[derive(Debug)]
struct Kept<S> {
    id: MessageId,
    pass: Pass,
    saved: S,
    bytes: usize,
    since: Instant,
}

/// Says what there was for a gradient.
#[derive(Debug, PartialEq)]
pub enum Return<S> {
    /// The pass that it goes on with, and what was saved. It is gone from the tape.
    Found(Pass, S),
    /// It had to go before the gradient came. The pass is the one whose input will have no gradient.
    Late(Eviction, Pass),
    /// Nothing was kept for this output on purpose: it was [passed on](Tape::pass_on).
    NotKept(Pass),
    /// There was a gradient for this output already.
    Repeated,
    /// The tape has no memory of such an output: it is somebody else's, was never kept, or is long gone.
    Unknown,
}

/// Tells of something that had to go before its gradient came.
#[derive(Debug, PartialEq)]
pub struct Evicted<S> {
    /// The ID of the output.
    pub id: MessageId,
    /// What was saved.
    pub saved: S,
    /// Why it had to go.
    pub why: Eviction,
}

impl<S> Tape<S> {
    /// Begins with nothing kept.
    pub fn new(limits: TapeLimits) -> Self {
        let gone = Gone::new(limits.remembered);
        Self {
            limits,
            kept: BTreeMap::new(),
            places: HashMap::new(),
            next: 0,
            bytes: 0,
            gone,
            tally: TapeTally::default(),
        }
    }

    /// Keeps what the gradient for the output `id` will need, `bytes` of it, and returns what had to go for that.
    ///
    /// What was kept under the same ID before is replaced: a fresh ID for each output is the caller's to give. One that
    /// is larger than [`TapeLimits::bytes`] is kept alone.
    pub fn keep(
        &mut self,
        now: Instant,
        id: MessageId,
        pass: Pass,
        saved: S,
        bytes: usize,
    ) -> Vec<Evicted<S>> {
        self.remove(&id);
        self.gone.forget(&id);
        self.tally.kept += 1;
        self.count_bytes(self.bytes + bytes as u128);
        self.places.insert(id.clone(), self.next);
        self.kept.insert(self.next, Kept { id, pass, saved, bytes, since: now });
        self.next += 1;
        let mut evicted = self.sweep(now);
        while self.kept.len() > self.limits.count.max(1) {
            evicted.extend(self.evict_oldest(Eviction::Count));
        }
        while self.bytes > self.limits.bytes as u128 && self.kept.len() > 1 {
            evicted.extend(self.evict_oldest(Eviction::Bytes));
        }
        evicted
    }

    /// Takes what was kept for the output `id`, whose gradient has come.
    ///
    /// An ID that lost or gained the hyphens of a UUID on its way is recognised.
    pub fn take(&mut self, now: Instant, id: &MessageId) -> Return<S> {
        let id = &self.known(id);
        match self.remove(id) {
            Some(kept) if self.is_old(now, kept.since) => {
                self.tally.count(Eviction::Age);
                self.tally.late += 1;
                self.gone.remember(kept.id, Fate::Evicted(Eviction::Age, kept.pass.clone()));
                Return::Late(Eviction::Age, kept.pass)
            }
            Some(kept) => {
                self.tally.returned += 1;
                self.gone.remember(kept.id, Fate::Used);
                Return::Found(kept.pass, kept.saved)
            }
            None => self.recall(id),
        }
    }

    /// Remembers the output `id`, for which nothing is kept because no gradient is to come, so that a fault finds its way
    /// back: for as long as it is among the last [`TapeLimits::remembered`].
    pub fn pass_on(&mut self, id: MessageId, pass: Pass) {
        self.remove(&id);
        self.gone.remember(id, Fate::Passed(pass));
    }

    /// Forgets the output `id`: no gradient will come, as a fault says. Returns whose input it came of, the first time.
    ///
    /// What was passed on or evicted finds its way back too. A gradient that comes all the same is late.
    pub fn forget(&mut self, id: &MessageId) -> Option<Pass> {
        let id = &self.known(id);
        let pass = match self.remove(id) {
            Some(kept) => {
                self.tally.count(Eviction::Fault);
                kept.pass
            }
            None => match self.gone.recall(id)? {
                Fate::Used | Fate::Evicted(Eviction::Fault, _) => return None,
                Fate::Evicted(_, pass) | Fate::Passed(pass) => pass,
            },
        };
        self.gone.remember(id.clone(), Fate::Evicted(Eviction::Fault, pass.clone()));
        Some(pass)
    }

    /// Lets go of what is older than [`TapeLimits::age`].
    pub fn sweep(&mut self, now: Instant) -> Vec<Evicted<S>> {
        let mut evicted = Vec::new();
        while self.kept.first_key_value().is_some_and(|(_, oldest)| self.is_old(now, oldest.since)) {
            evicted.extend(self.evict_oldest(Eviction::Age));
        }
        evicted
    }

    /// Returns when [`sweep`](Self::sweep) has something to do, unless something is taken before. None while empty.
    pub fn next_sweep(&self) -> Option<Instant> {
        let (_, oldest) = self.kept.first_key_value()?;
        oldest.since.checked_add(self.limits.age)
    }

    /// Counts what is kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Tells whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Returns what has been counted so far.
    pub fn tally(&self) -> &TapeTally {
        &self.tally
    }

    /// Returns the ID as it was kept or remembered: one that is a UUID may have been given hyphens since.
    fn known(&self, id: &MessageId) -> MessageId {
        let here = |id: &MessageId| self.places.contains_key(id) || self.gone.recall(id).is_some();
        plain(id).filter(|plain| !here(id) && here(plain)).unwrap_or_else(|| id.clone())
    }

    /// Tells why there is nothing for a gradient.
    fn recall(&mut self, id: &MessageId) -> Return<S> {
        match self.gone.recall(id) {
            Some(Fate::Evicted(why, pass)) => {
                self.tally.late += 1;
                Return::Late(why, pass)
            }
            Some(Fate::Passed(pass)) => {
                self.tally.unwanted += 1;
                Return::NotKept(pass)
            }
            Some(Fate::Used) => {
                self.tally.repeated += 1;
                Return::Repeated
            }
            None => {
                self.tally.unknown += 1;
                Return::Unknown
            }
        }
    }

    /// Tells whether something has been kept for as long as may be.
    fn is_old(&self, now: Instant, since: Instant) -> bool {
        now.saturating_duration_since(since) >= self.limits.age
    }

    fn evict_oldest(&mut self, why: Eviction) -> Option<Evicted<S>> {
        let id = self.kept.first_key_value()?.1.id.clone();
        let kept = self.remove(&id)?;
        self.tally.count(why);
        self.gone.remember(kept.id, Fate::Evicted(why, kept.pass));
        Some(Evicted { id, saved: kept.saved, why })
    }

    fn count_bytes(&mut self, bytes: u128) {
        self.bytes = bytes;
        self.tally.bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }

    fn remove(&mut self, id: &MessageId) -> Option<Kept<S>> {
        let kept = self.kept.remove(&self.places.remove(id)?)?;
        self.tally.kept -= 1;
        self.count_bytes(self.bytes - kept.bytes as u128);
        Some(kept)
    }
}

/// Takes the hyphens out of an ID that is a UUID with them, as Julia and Python's `str(uuid)` write it.
fn plain(id: &MessageId) -> Option<MessageId> {
    let text = id.as_str();
    let hyphens = |text: &str| text.match_indices('-').map(|(at, _)| at).eq([8, 13, 18, 23]);
    (text.len() == 36 && hyphens(text)).then(|| MessageId::new(&text.replace('-', "")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    /// What a tape ought to be: a list, walked from one end to the other.
    struct Model {
        limits: TapeLimits,
        kept: Vec<(u8, usize, Instant)>,
        gone: Vec<(u8, Gone)>,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Gone {
        Used,
        Passed,
        Evicted(Eviction),
    }

    #[derive(Debug, PartialEq)]
    enum Answer {
        Found,
        NotKept,
        Late(Eviction),
        Repeated,
        Unknown,
    }

    impl Model {
        fn go(&mut self, id: u8, how: Gone) {
            self.gone.retain(|(gone, _)| *gone != id);
            self.gone.push((id, how));
            while self.gone.len() > self.limits.remembered {
                self.gone.remove(0);
            }
        }

        fn evict(&mut self, why: Eviction) {
            let (id, ..) = self.kept.remove(0);
            self.go(id, Gone::Evicted(why));
        }

        fn sweep(&mut self, now: Instant) {
            while self.kept.first().is_some_and(|(.., since)| now - *since >= self.limits.age) {
                self.evict(Eviction::Age);
            }
        }

        fn keep(&mut self, now: Instant, id: u8, bytes: usize) {
            self.kept.retain(|(kept, ..)| *kept != id);
            self.gone.retain(|(gone, _)| *gone != id);
            self.kept.push((id, bytes, now));
            self.sweep(now);
            while self.kept.len() > self.limits.count.max(1) {
                self.evict(Eviction::Count);
            }
            while self.bytes() > self.limits.bytes && self.kept.len() > 1 {
                self.evict(Eviction::Bytes);
            }
        }

        fn take(&mut self, now: Instant, id: u8) -> Answer {
            if let Some(at) = self.kept.iter().position(|(kept, ..)| *kept == id) {
                let (.., since) = self.kept.remove(at);
                let old = now - since >= self.limits.age;
                self.go(id, if old { Gone::Evicted(Eviction::Age) } else { Gone::Used });
                return if old { Answer::Late(Eviction::Age) } else { Answer::Found };
            }
            match self.gone.iter().find(|(gone, _)| *gone == id) {
                Some((_, Gone::Evicted(why))) => Answer::Late(*why),
                Some((_, Gone::Passed)) => Answer::NotKept,
                Some((_, Gone::Used)) => Answer::Repeated,
                None => Answer::Unknown,
            }
        }

        fn pass_on(&mut self, id: u8) {
            self.kept.retain(|(kept, ..)| *kept != id);
            self.go(id, Gone::Passed);
        }

        fn forget(&mut self, id: u8) -> bool {
            let kept = self.kept.iter().position(|(kept, ..)| *kept == id);
            let gone = self.gone.iter().find(|(gone, _)| *gone == id).map(|(_, how)| *how);
            let finds = match (kept, gone) {
                (Some(at), _) => {
                    self.kept.remove(at);
                    true
                }
                (None, None | Some(Gone::Used | Gone::Evicted(Eviction::Fault))) => false,
                (None, Some(Gone::Passed | Gone::Evicted(_))) => true,
            };
            if finds {
                self.go(id, Gone::Evicted(Eviction::Fault));
            }
            finds
        }

        fn bytes(&self) -> usize {
            self.kept.iter().map(|(_, bytes, _)| bytes).sum()
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Keep(u8, usize),
        Take(u8),
        Forget(u8),
        PassOn(u8),
        Wait(u64),
        Sweep,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..12_u8, 0..40_usize).prop_map(|(id, bytes)| Step::Keep(id, bytes)),
            4 => (0..12_u8).prop_map(Step::Take),
            1 => (0..12_u8).prop_map(Step::Forget),
            1 => (0..12_u8).prop_map(Step::PassOn),
            2 => (0..6_u64).prop_map(Step::Wait),
            1 => Just(Step::Sweep),
        ]
    }

    fn limits() -> impl Strategy<Value = TapeLimits> {
        (0..6_usize, 0..120_usize, 1..12_u64, 0..8_usize).prop_map(|(count, bytes, age, remembered)| {
            TapeLimits { count, bytes, age: Duration::from_secs(age), remembered }
        })
    }

    fn name(id: u8) -> MessageId {
        MessageId::from_u128(id.into())
    }

    /// Writes the ID as a peer might that puts hyphens into UUIDs.
    fn hyphenated(id: u8) -> MessageId {
        let text = name(id).as_str().to_owned();
        let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
        MessageId::new(&parts.join("-"))
    }

    #[test]
    fn whatever_a_component_says_that_it_keeps_the_tape_counts_on() {
        let limits = TapeLimits { bytes: usize::MAX, ..TapeLimits::default() };
        let (now, mut tape) = (Instant::now(), Tape::new(limits));
        tape.keep(now, name(1), Pass::train(name(1)), 1, usize::MAX);
        assert_eq!(tape.tally().bytes, usize::MAX);
        let gone = tape.keep(now, name(2), Pass::train(name(2)), 2, 10);
        assert_eq!((gone.len(), gone[0].saved, tape.tally().bytes), (1, 1, 10));
        assert!(matches!(tape.take(now, &name(2)), Return::Found(_, 2)));
        assert_eq!((tape.tally().kept, tape.tally().bytes), (0, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

        /// R82: whatever happens in whatever order, the tape answers as the list does, and counts what it did.
        #[test]
        fn a_tape_does_what_a_list_would(limits in limits(), steps in prop::collection::vec(step(), 1..80)) {
            let mut now = Instant::now();
            let mut model = Model { limits: limits.clone(), kept: Vec::new(), gone: Vec::new() };
            let mut tape = Tape::new(limits);
            let mut kept_in_all = 0_u64;
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Keep(id, bytes) => {
                        kept_in_all += 1;
                        let replaced = model.kept.iter().any(|(kept, ..)| *kept == id);
                        kept_in_all -= u64::from(replaced);
                        tape.keep(now, name(id), Pass::train(name(id)), id, bytes);
                        model.keep(now, id, bytes);
                    }
                    Step::Take(id) => {
                        let asked = if number % 2 == 0 { name(id) } else { hyphenated(id) };
                        let answer = match tape.take(now, &asked) {
                            Return::Found(pass, saved) => {
                                prop_assert_eq!((saved, pass.id), (id, name(id)));
                                Answer::Found
                            }
                            Return::Late(why, pass) => {
                                prop_assert_eq!(pass.id, name(id));
                                Answer::Late(why)
                            }
                            Return::NotKept(pass) => {
                                prop_assert_eq!(pass.id, name(id));
                                Answer::NotKept
                            }
                            Return::Repeated => Answer::Repeated,
                            Return::Unknown => Answer::Unknown,
                        };
                        prop_assert_eq!(answer, model.take(now, id));
                    }
                    Step::Forget(id) => {
                        let asked = if number % 2 == 0 { name(id) } else { hyphenated(id) };
                        let told = tape.forget(&asked).map(|pass| pass.id);
                        prop_assert_eq!(told, model.forget(id).then(|| name(id)));
                    }
                    Step::PassOn(id) => {
                        kept_in_all -= u64::from(model.kept.iter().any(|(kept, ..)| *kept == id));
                        tape.pass_on(name(id), Pass::train(name(id)));
                        model.pass_on(id);
                    }
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Sweep => {
                        tape.sweep(now);
                        model.sweep(now);
                    }
                }
                let tally = *tape.tally();
                prop_assert_eq!((tape.len(), tally.kept, tally.bytes), (model.kept.len(), model.kept.len(), model.bytes()));
                let first = model.kept.first().map(|(.., since)| *since + model.limits.age);
                prop_assert_eq!(tape.next_sweep(), first);
                let gone = tally.returned + tally.evicted_by_age + tally.evicted_by_count + tally.evicted_by_bytes + tally.forgotten;
                prop_assert_eq!(kept_in_all, gone + tally.kept as u64, "nothing leaks");
            }
        }
    }
}
