//! What a client does, played against a broker that is a script: no sleeping, and no port but in `websocket`.

#![allow(clippy::unwrap_used, reason = "a play that goes wrong fails")]

mod asking;
mod backward;
mod closing;
mod conversations;
mod handlers;
mod payloads;
mod returning;
mod sending;
mod stage;
mod websocket;
