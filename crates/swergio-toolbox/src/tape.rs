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
        self.tally.bytes += bytes;
        self.places.insert(id.clone(), self.next);
        self.kept.insert(self.next, Kept { id, pass, saved, bytes, since: now });
        self.next += 1;
        let mut evicted = self.sweep(now);
        while self.kept.len() > self.limits.count.max(1) {
            evicted.extend(self.evict_oldest(Eviction::Count));
        }
        while self.tally.bytes > self.limits.bytes && self.kept.len() > 1 {
            evicted.extend(self.evict_oldest(Eviction::Bytes));
        }
        evicted
    }

    /// Takes what was kept for the output `id`, whose gradient has come.
    ///
    /// An ID that lost or gained the hyphens of a UUID on its way is recognised.
    pub fn take(&mut self, now: Instant, id: &MessageId) -> Return<S> {
        let found = match (self.remove(id), plain(id)) {
            (None, Some(plain)) => self.remove(&plain),
            (found, _) => found,
        };
        match found {
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

    /// Forgets what was kept for the output `id`: no gradient will come, as a fault says. A gradient that comes all the
    /// same is late.
    pub fn forget(&mut self, id: &MessageId) -> Option<(Pass, S)> {
        let found = match (self.remove(id), plain(id)) {
            (None, Some(plain)) => self.remove(&plain),
            (found, _) => found,
        };
        found.map(|kept| {
            self.tally.count(Eviction::Fault);
            self.gone.remember(kept.id, Fate::Evicted(Eviction::Fault, kept.pass.clone()));
            (kept.pass, kept.saved)
        })
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

    /// Tells why there is nothing for a gradient.
    fn recall(&mut self, id: &MessageId) -> Return<S> {
        let fate = match (self.gone.recall(id), plain(id)) {
            (None, Some(plain)) => self.gone.recall(&plain),
            (fate, _) => fate,
        };
        match fate {
            Some(Fate::Evicted(why, pass)) => {
                self.tally.late += 1;
                Return::Late(why, pass)
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

    fn remove(&mut self, id: &MessageId) -> Option<Kept<S>> {
        let kept = self.kept.remove(&self.places.remove(id)?)?;
        self.tally.kept -= 1;
        self.tally.bytes -= kept.bytes;
        Some(kept)
    }
}

/// Takes the hyphens out of an ID that is a UUID with them, as Julia and Python's `str(uuid)` write it.
fn plain(id: &MessageId) -> Option<MessageId> {
    let text = id.as_str();
    let hyphens = |text: &str| text.match_indices('-').map(|(at, _)| at).eq([8, 13, 18, 23]);
    (text.len() == 36 && hyphens(text)).then(|| MessageId::new(&text.replace('-', "")))
}
