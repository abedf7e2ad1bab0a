//! Watch: whether a training still becomes better.

/// Says when a training that does not become better has gone on for long enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Epochs without becoming better. At least 1. 10.
    pub epochs: u64,
    /// By how much less than the best so far is better. 0.
    pub least: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { epochs: 10, least: 0.0 }
    }
}

/// Tells what an epoch was, compared with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The best so far.
    Better,
    /// Not better, this many times in a row.
    Not(u64),
    /// Not better for as long as the patience lasts.
    Stalled,
}

/// Compares the losses of epochs.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    patience: Option<Patience>,
    best: f64,
    since: u64,
}

impl Watch {
    pub(super) fn new(patience: Option<Patience>) -> Self {
        Self { patience, best: f64::INFINITY, since: 0 }
    }

    /// Takes in the loss of one more epoch.
    pub(super) fn hear(&mut self, loss: f64) -> Verdict {
        if loss < self.best - self.patience.map_or(0.0, |patience| patience.least) {
            (self.best, self.since) = (loss, 0);
            return Verdict::Better;
        }
        self.since += 1;
        match self.patience {
            Some(patience) if self.since >= patience.epochs => Verdict::Stalled,
            _ => Verdict::Not(self.since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_lasts_as_many_epochs_as_it_says() {
        let mut watch = Watch::new(Some(Patience { epochs: 2, least: 0.1 }));
        let heard = [1.0, 0.95, 0.85, 0.84, f64::NAN].map(|loss| watch.hear(loss));
        let told = [Verdict::Better, Verdict::Not(1), Verdict::Better, Verdict::Not(1), Verdict::Stalled];
        assert_eq!(heard, told);
    }

    #[test]
    fn without_patience_it_goes_on_for_ever() {
        let mut watch = Watch::new(None);
        assert_eq!(watch.hear(1.0), Verdict::Better);
        assert_eq!((1..=100).map(|_| watch.hear(1.0)).last(), Some(Verdict::Not(100)));
        assert_eq!(watch.hear(0.999), Verdict::Better);
    }
}
