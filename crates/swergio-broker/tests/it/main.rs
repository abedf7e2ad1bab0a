//! The broker from outside: each file a behaviour, over streams in memory or, where it must be, a real port.

mod codecs;
mod conversations;
mod faults;
mod logging;
mod presence;
mod rooms;
mod stage;
mod welcome_ack;
