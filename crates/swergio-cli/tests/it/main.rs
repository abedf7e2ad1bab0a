//! The program as people run it, against a real broker on a free port.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]

mod answer;
mod bench;
mod gradcheck;
mod rooms;
mod say;
mod serve;
mod stage;
mod tap;
mod trace;
