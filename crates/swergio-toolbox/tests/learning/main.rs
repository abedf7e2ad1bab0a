//! Learning in rooms of a real broker, on ports of the loopback: trainings, processes that go and come back, checkpoints by command.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]

mod checkpoints;
mod gain;
mod rooms;
mod training;
