//! The broker from outside: each file a behaviour, over streams in memory or, where it must be, a real port.

#![allow(clippy::unwrap_used, reason = "in a test that is how one fails")]

mod bursts;
mod codecs;
mod config;
mod console;
mod conversations;
mod faults;
mod habits;
mod handshake;
mod legacy;
mod logging;
mod members;
mod presence;
mod rooms;
mod shutdown;
mod slow;
mod stage;
mod time;
mod watch;
mod welcome_ack;
