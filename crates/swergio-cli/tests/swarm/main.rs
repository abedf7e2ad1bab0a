//! Swarms of real processes: as a library, and as people run them.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]
#![cfg(target_os = "linux")]

mod checkpoint;
mod commands;
mod kills;
mod lab;
mod order;
mod orphans;
mod printing;
mod rooms;
