//! Feed: printed lines to whoever listens, with a fair share for each component.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::swarm::SwarmLimits;

/// Holds one line that a component printed, on standard output or standard error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Line {
    /// The name of the component or replica.
    pub name: Arc<str>,
    /// The line without its end, as it was printed: it need not be UTF-8.
    pub bytes: Arc<[u8]>,
    /// Lines of this component that were left out before this one, because the listener was too slow for them.
    pub missed: u64,
    share: Arc<Share>,
}

/// Counts what of one component waits for one listener.
#[derive(Debug, Default)]
struct Share {
    waiting: AtomicUsize,
    missed: AtomicU64,
}

/// Hands lines to every listener. Clones share it. It never waits.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    listeners: Arc<Mutex<Vec<Listener>>>,
    bytes: usize,
    lines: usize,
}

#[derive(Debug)]
struct Listener {
    queue: mpsc::Sender<Line>,
    shares: BTreeMap<usize, Arc<Share>>,
}

impl Feed {
    pub(crate) fn new(limits: &SwarmLimits) -> Self {
        Self { listeners: Arc::default(), bytes: limits.feed_bytes, lines: limits.feed_lines.max(1) }
    }

    pub(crate) fn listen(&self) -> Lines {
        let (queue, lines) = mpsc::channel(self.lines);
        self.locked().push(Listener { queue, shares: BTreeMap::new() });
        Lines { lines }
    }

    pub(super) fn push(&self, node: usize, name: &Arc<str>, line: &[u8]) {
        let mut listeners = self.locked();
        listeners.retain(|listener| !listener.queue.is_closed());
        if listeners.is_empty() {
            return;
        }
        let bytes: Arc<[u8]> = line.into();
        for listener in listeners.iter_mut() {
            let share = listener.shares.entry(node).or_default();
            let line = Line {
                name: Arc::clone(name),
                bytes: Arc::clone(&bytes),
                missed: 0,
                share: Arc::clone(share),
            };
            line.offer(&listener.queue, self.bytes);
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Counts what the line holds in memory, the empty line too.
    fn weight(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }

    /// Queues the line, if its component's share allows.
    fn offer(mut self, queue: &mpsc::Sender<Self>, most: usize) {
        let (share, weight) = (Arc::clone(&self.share), self.weight());
        let before = share.waiting.fetch_add(weight, Ordering::Relaxed);
        self.missed = share.missed.swap(0, Ordering::Relaxed);
        let missed = self.missed;
        // A line that waits alone always fits.
        if (before > 0 && before + weight > most) || queue.try_send(self).is_err() {
            share.waiting.fetch_sub(weight, Ordering::Relaxed);
            share.missed.fetch_add(missed + 1, Ordering::Relaxed);
        }
    }
}

/// Listens to what the components print, from now on.
///
/// It holds up nobody: a component that prints faster than the listener reads has lines left out, which the next line of it counts;
/// other components' lines are not affected. Log files have everything.
#[derive(Debug)]
pub struct Lines {
    lines: mpsc::Receiver<Line>,
}

impl Lines {
    /// Waits for the next line. Nothing when the swarm is gone. Cancel-safe.
    pub async fn next(&mut self) -> Option<Line> {
        let line = self.lines.recv().await?;
        line.share.waiting.fetch_sub(line.weight(), Ordering::Relaxed);
        Some(line)
    }

    /// Returns a line that is there already.
    pub fn at_once(&mut self) -> Option<Line> {
        let line = self.lines.try_recv().ok()?;
        line.share.waiting.fetch_sub(line.weight(), Ordering::Relaxed);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_costs_its_own_lines_only() {
        let limits = SwarmLimits { feed_bytes: 1000, feed_lines: 100, ..SwarmLimits::default() };
        let feed = Feed::new(&limits);
        let (flood, calm): (Arc<str>, Arc<str>) = ("flood".into(), "calm".into());
        feed.push(0, &flood, b"nobody listens yet");
        let mut lines = feed.listen();
        for _ in 0..10_000 {
            feed.push(0, &flood, b"0123456789");
        }
        feed.push(1, &calm, b"hello");
        let mut heard: Vec<Line> = std::iter::from_fn(|| lines.at_once()).collect();
        let last = heard.pop().unwrap();
        assert_eq!((&*last.name, &*last.bytes, last.missed), ("calm", &b"hello"[..], 0));
        assert!((1..20).contains(&heard.len()), "{}", heard.len());
        feed.push(0, &flood, b"and now?");
        let line = lines.at_once().unwrap();
        assert_eq!((&*line.bytes, line.missed), (&b"and now?"[..], 10_000 - heard.len() as u64));
    }

    #[test]
    fn a_line_larger_than_the_share_goes_alone() {
        let limits = SwarmLimits { feed_bytes: 1, ..SwarmLimits::default() };
        let feed = Feed::new(&limits);
        let mut lines = feed.listen();
        feed.push(0, &"x".into(), b"long");
        feed.push(0, &"x".into(), b"left out");
        assert_eq!(&*lines.at_once().unwrap().bytes, b"long");
        assert!(lines.at_once().is_none());
    }

    #[test]
    fn who_stops_listening_is_forgotten() {
        let feed = Feed::new(&SwarmLimits::default());
        drop(feed.listen());
        feed.push(0, &"x".into(), b"hi");
        assert!(feed.locked().is_empty());
    }
}
