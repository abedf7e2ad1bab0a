//! Account: what a component says of its own work on the messages that came of it (R94).

use std::time::Duration;

use swergio_client::{Body, Envelope, Kind};

/// How long what came waited for the component, in seconds.
const QUEUE: &str = "QUEUE_TIME";
/// How long the component was at it, in seconds.
const COMPUTE: &str = "COMPUTE_TIME";
/// Which weights it was computed with, or has been learned into.
const WEIGHTS: &str = "WEIGHTS_VERSION";

/// Spells the version of the weights, where there is one.
pub(super) fn weights(version: Option<u64>) -> Option<(String, Body)> {
    Some((WEIGHTS.to_owned(), Body::of(&version?).ok()?))
}

/// Notes on outputs and gradients how long the message that led to them waited, and how long it was worked on.
pub(super) fn times(said: &mut [Envelope], queue: Duration, compute: Duration) {
    for envelope in said.iter_mut().filter(|said| [Kind::FORWARD, Kind::GRADIENT].contains(&said.kind)) {
        let times = [(QUEUE, queue), (COMPUTE, compute)];
        let spelt =
            times.map(|(name, time)| Body::of(&time.as_secs_f64()).map(|body| (name.to_owned(), body)));
        // A number can always be spelt.
        envelope.fields.extend(spelt.into_iter().flatten());
    }
}
