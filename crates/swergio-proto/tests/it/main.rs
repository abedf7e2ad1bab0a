//! The protocol crate as its users see it.

#![allow(clippy::unwrap_used, reason = "a test that unwraps nothing is a test that fails")]

mod corpus;
mod envelope;
mod json;
mod layout;
mod msgpack;
mod router;
mod session;
mod tensor;
mod world;

/// Plays each property over the same cases on every run; new ones are for the fuzzer to find.
fn cases() -> proptest::test_runner::Config {
    let rng_seed = proptest::test_runner::RngSeed::Fixed(2);
    proptest::test_runner::Config { rng_seed, failure_persistence: None, ..Default::default() }
}
