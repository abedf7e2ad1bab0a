//! Shots: a batch of them, on all processors.

use std::thread::{available_parallelism, scope};

use super::mishap::Mishap;
use super::shot::{Aim, Shot, Trebuchet};

/// Shots on one processor below which another is not worth a thread.
const SHARE: usize = 8;

/// Shoots with each aim. Results come in their order; one mishap is no other shot's concern.
pub(crate) fn shoot_all(trebuchet: &Trebuchet, aims: &[Aim]) -> Vec<Result<Shot, Mishap>> {
    spread(aims, |aim| trebuchet.shoot(aim))
}

/// Shoots with each aim, and tells only how far: for passes that want no gradient.
pub(crate) fn distances(trebuchet: &Trebuchet, aims: &[Aim]) -> Vec<Result<f64, Mishap>> {
    spread(aims, |aim| trebuchet.distance(aim))
}

fn spread<T: Send>(aims: &[Aim], shoot: impl Fn(&Aim) -> T + Sync) -> Vec<T> {
    let threads = available_parallelism().map_or(1, usize::from);
    let share = aims.len().div_ceil(threads).max(SHARE);
    let (own, others) = aims.split_at(share.min(aims.len()));
    let shoot_some = |aims: &[Aim]| aims.iter().map(&shoot).collect::<Vec<T>>();
    scope(|scope| {
        let rest: Vec<_> = others.chunks(share).map(|aims| scope.spawn(|| shoot_some(aims))).collect();
        let mut all = shoot_some(own);
        for part in rest {
            all.extend(part.join().expect("a shot does not panic"));
        }
        all
    })
}
