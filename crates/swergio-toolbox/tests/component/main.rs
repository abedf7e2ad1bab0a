//! What a served component does in rooms of a real broker, on ports of the loopback: no sleeping.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]

mod chains;
mod life;
mod passes;
mod rooms;
