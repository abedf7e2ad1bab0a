#![doc = include_str!("../README.md")]

mod backoff;
mod bounds;
mod client;
mod control;
mod driver;
mod error;
mod event;
mod handler;
mod id;
mod link;
mod message;
mod options;
mod pending;
mod reply;
mod respond;
mod routes;
mod trigger;

pub use backoff::Reconnect;
pub use bounds::Bounds;
pub use client::Client;
pub use error::{Error, ErrorKind, Rejection};
pub use event::{Event, Events, Welcome};
pub use id::fresh as fresh_id;
pub use link::{Farewell, Link};
pub use message::Message;
pub use options::Options;
pub use reply::{HandlerError, IntoReplies, Reply};
pub use respond::Respond;
pub use routes::Messages;
pub use trigger::Trigger;

pub use swergio_proto::{
    Body, Codec, Dtype, Envelope, Fault, Frame, Head, Kind, MemberName, MessageId, ModelStatus, RoomName,
    Tensor,
};
