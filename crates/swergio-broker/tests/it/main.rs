//! The broker from outside: each file a behaviour, over streams in memory or, where it must be, a real port.

mod conversations;
mod stage;
