//! What an environment, its agents and whoever gathers their answers hear of each other, played in a hall in memory.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]

mod actor;
mod council;
mod environment;
mod gather;
#[path = "../caller/hall.rs"]
#[allow(dead_code, reason = "the hall has more than these plays need")]
mod hall;
mod herd;
mod oracle;
